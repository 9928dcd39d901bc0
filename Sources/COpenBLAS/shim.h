#include <cblas.h>

// The widest vectors this build may use, in bits: only the C compiler sees which.
#if defined(__AVX512F__)
enum { vector_register_bits = 512 };
#elif defined(__AVX__)
enum { vector_register_bits = 256 };
#else
enum { vector_register_bits = 128 };
#endif
