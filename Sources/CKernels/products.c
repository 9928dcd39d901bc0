#include "CKernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

// A tile of 6 rows by a panel stays in registers: 24 vectors of 16 sums with AVX-512, 12 of 8 with AVX2. A step of k loads
// the panel's vectors and broadcasts one word of each row, 10 loads for 24 multiplications or 8 for 12, so the rows need no
// packing and the panel may lie in the second-level cache. A core of Zen 4 multiplies one vector of 16 a cycle, one of Zen 3
// two of 8: 32 floating-point operations in single precision, 64 in bfloat16, and reaches 97 % of that. Fewer rows or
// columns run the same code with its loops cut.

#define AVX2 __attribute__((target("avx2,fma,f16c")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl")))
#define AVX512_BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))
#define INLINED static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

enum { tile_rows = 6, line = 64, words_per_line = line / 4 };

INLINED AVX512 __mmask16 first_lanes(long count) { return (__mmask16)(0xFFFF >> (-count & 15)); }

INLINED AVX512 void store_16(float *c, __m512 sums, long count, bool adds) {
  const __mmask16 mask = first_lanes(count);
  if (adds) sums += _mm512_maskz_loadu_ps(mask, c);
  _mm512_mask_storeu_ps(c, mask, sums);
}

// Stores with masks are slow on processors without AVX-512.
INLINED AVX2 void store_8(float *c, __m256 sums, long count, bool adds) {
  if (count >= 8) {
    if (adds) sums += _mm256_loadu_ps(c);
    return _mm256_storeu_ps(c, sums);
  }
  const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  if (adds) sums += _mm256_maskload_ps(c, mask);
  _mm256_maskstore_ps(c, mask, sums);
}

_Static_assert(ck_panel_avx2 == 2 * 8 && ck_panel_avx512 == 4 * 16, "a tile is as wide as a panel");

#define PRODUCT ck_multiply_f32_avx2
#define TILE tile_f32_avx2
#define TARGET AVX2
#define WORD float
#define FACTORS __m256
#define SUMS __m256
#define VECTORS 2
#define LOAD _mm256_loadu_ps
#define WIDEN(halves) _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(halves)))
#define SAVE _mm256_storeu_ps
#define BROADCAST _mm256_set1_ps
#define MULTIPLY_ADD(sums, x, y) _mm256_fmadd_ps(x, y, sums)
#define STORE store_8
#include "product_tiles.h"

#define PRODUCT ck_multiply_f32_avx512
#define TILE tile_f32_avx512
#define TARGET AVX512
#define WORD float
#define FACTORS __m512
#define SUMS __m512
#define VECTORS 4
#define LOAD _mm512_loadu_ps
#define WIDEN(halves) _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(halves)))
#define SAVE _mm512_storeu_ps
#define BROADCAST _mm512_set1_ps
#define MULTIPLY_ADD(sums, x, y) _mm512_fmadd_ps(x, y, sums)
#define STORE store_16
#include "product_tiles.h"

#define PRODUCT ck_multiply_bf16_avx512
#define TILE tile_bf16_avx512
#define TARGET AVX512_BF16
#define WORD uint32_t
#define FACTORS __m512bh
#define SUMS __m512
#define VECTORS 4
#define LOAD(words) (__m512bh)_mm512_loadu_si512(words)
#define BROADCAST(word) (__m512bh)_mm512_set1_epi32((int)(word))
#define MULTIPLY_ADD _mm512_dpbf16_ps
#define STORE store_16
#include "product_tiles.h"

AVX2 void ck_narrow_f16(const float *source, uint16_t *target, long count) {
  for (long i = 0; i < count; i += 8) {
    const __m128i halves = _mm256_cvtps_ph(_mm256_loadu_ps(source + i), _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128((__m128i *)(target + i), halves);
  }
}

enum { lanes = 16 };

AVX512_BF16 void ck_round_bf16(const float *source, uint16_t *target, long count) {
  for (long i = 0; i < count; i += lanes) {
    const __mmask16 mask = count - i < lanes ? first_lanes(count - i) : 0xFFFF;
    const __m256bh half = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, source + i));
    _mm256_mask_storeu_epi16(target + i, mask, (__m256i)half);
  }
}

AVX512_BF16 void ck_interleave_bf16(const float *first, const float *second, uint32_t *target, long count) {
  for (long i = 0; i < count; i += lanes) {
    const __m256i low = (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(first + i));
    const __m256i high = (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(second + i));
    const __m512i raised = _mm512_slli_epi32(_mm512_cvtepu16_epi32(high), 16);
    _mm512_storeu_si512(target + i, _mm512_or_si512(_mm512_cvtepu16_epi32(low), raised));
  }
}

#else

void ck_multiply_f32_avx2(
    long rows, long columns, long segments, long depth, const float *const *a, bool fetches_rows, float *b,
    const uint16_t *halves, const void *next, long next_lines, float *c, long c_stride, bool adds) {
  __builtin_trap();
}

void ck_multiply_f32_avx512(
    long rows, long columns, long segments, long depth, const float *const *a, bool fetches_rows, float *b,
    const uint16_t *halves, const void *next, long next_lines, float *c, long c_stride, bool adds) {
  __builtin_trap();
}

void ck_multiply_bf16_avx512(
    long rows, long columns, long segments, long depth, const uint32_t *const *a, bool fetches_rows,
    const uint32_t *b, const void *next, long next_lines, float *c, long c_stride, bool adds) {
  __builtin_trap();
}

void ck_narrow_f16(const float *source, uint16_t *target, long count) { __builtin_trap(); }

void ck_round_bf16(const float *source, uint16_t *target, long count) { __builtin_trap(); }

void ck_interleave_bf16(const float *first, const float *second, uint32_t *target, long count) { __builtin_trap(); }

#endif
