#include "CKernels.h"

#if defined(__x86_64__)

bool ck_has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

bool ck_has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

bool ck_has_avx512_bf16(void) { return ck_has_avx512() && __builtin_cpu_supports("avx512bf16"); }

#else

bool ck_has_avx2(void) { return false; }
bool ck_has_avx512(void) { return false; }
bool ck_has_avx512_bf16(void) { return false; }

#endif
