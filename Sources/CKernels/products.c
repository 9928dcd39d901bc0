#include "CKernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

// A tile of 6 rows by 4 vectors of 16 columns stays in registers: 24 sums. A step of k loads the panel's 4 vectors and
// broadcasts one word of each row, 10 loads for 24 multiplications, so the rows need no packing and the panel may lie in the
// second-level cache. A core of Zen 4 multiplies one vector a cycle: 32 floating-point operations in single precision, 64 in
// bfloat16, and reaches 97 % of that. Fewer rows or columns run the same code with its loops cut.

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl")))
#define AVX512_BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))
#define INLINED static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

enum { tile_rows = 6, tile_vectors = 4, lanes = ck_panel / tile_vectors, words_per_line = 16 };

INLINED AVX512 __mmask16 first_lanes(long count) { return (__mmask16)(0xFFFF >> (-count & 15)); }

// Adds a row's sums to c or writes them there; the mask holds for the last vector.
INLINED AVX512 void store(float *c, const __m512 *sums, const int vectors, __mmask16 mask, bool adds) {
  UNROLLED for (int v = 0; v < vectors; v++) {
    const __mmask16 written = v == vectors - 1 ? mask : 0xFFFF;
    __m512 sum = sums[v];
    if (adds) sum += _mm512_maskz_loadu_ps(written, c + lanes * v);
    _mm512_mask_storeu_ps(c + lanes * v, written, sum);
  }
}

INLINED AVX512 void tile_f32(
    const int rows, const int vectors, __mmask16 mask, long segments, long depth, const float *const *a, long a_stride,
    long next_rows, const float *b, float *c, long c_stride, bool adds) {
  __m512 sums[tile_rows][tile_vectors];
  UNROLLED for (int r = 0; r < rows; r++) {
    UNROLLED for (int v = 0; v < vectors; v++) sums[r][v] = _mm512_setzero_ps();
  }
  for (long s = 0; s < segments; s++, a += a_stride) {
    const float *const *next = a + next_rows;
    const float *row[tile_rows];
    UNROLLED for (int r = 0; r < rows; r++) row[r] = a[r];
    for (long k = 0; k < depth; k++, b += ck_panel) {
      if (k % words_per_line == 0) {
        UNROLLED for (int r = 0; r < rows; r++) _mm_prefetch((const char *)(next[r] + k), _MM_HINT_T0);
      }
      __m512 y[tile_vectors];
      UNROLLED for (int v = 0; v < vectors; v++) y[v] = _mm512_loadu_ps(b + lanes * v);
      UNROLLED for (int r = 0; r < rows; r++) {
        const __m512 x = _mm512_set1_ps(row[r][k]);
        UNROLLED for (int v = 0; v < vectors; v++) sums[r][v] = _mm512_fmadd_ps(x, y[v], sums[r][v]);
      }
    }
  }
  UNROLLED for (int r = 0; r < rows; r++) store(c + r * c_stride, sums[r], vectors, mask, adds);
}

INLINED AVX512_BF16 void tile_bf16(
    const int rows, const int vectors, __mmask16 mask, long segments, long depth, const uint32_t *const *a,
    long a_stride, long next_rows, const uint32_t *b, float *c, long c_stride, bool adds) {
  __m512 sums[tile_rows][tile_vectors];
  UNROLLED for (int r = 0; r < rows; r++) {
    UNROLLED for (int v = 0; v < vectors; v++) sums[r][v] = _mm512_setzero_ps();
  }
  for (long s = 0; s < segments; s++, a += a_stride) {
    const uint32_t *const *next = a + next_rows;
    const uint32_t *row[tile_rows];
    UNROLLED for (int r = 0; r < rows; r++) row[r] = a[r];
    for (long k = 0; k < depth; k++, b += ck_panel) {
      if (k % words_per_line == 0) {
        UNROLLED for (int r = 0; r < rows; r++) _mm_prefetch((const char *)(next[r] + k), _MM_HINT_T0);
      }
      __m512bh y[tile_vectors];
      UNROLLED for (int v = 0; v < vectors; v++) y[v] = (__m512bh)_mm512_loadu_si512(b + lanes * v);
      UNROLLED for (int r = 0; r < rows; r++) {
        const __m512bh x = (__m512bh)_mm512_set1_epi32((int)row[r][k]);
        UNROLLED for (int v = 0; v < vectors; v++) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], x, y[v]);
      }
    }
  }
  UNROLLED for (int r = 0; r < rows; r++) store(c + r * c_stride, sums[r], vectors, mask, adds);
}

// Goes through all rows, the numbers of rows and vectors of each tile being constants in a copy of the code of its own.
#define ALL_ROWS(tile)                                      \
  const __mmask16 mask = first_lanes(columns);              \
  for (long first = 0; first < rows; first += tile_rows) {  \
    const long next_rows = rows - first >= 2 * tile_rows ? tile_rows : 0; \
    switch ((columns + lanes - 1) / lanes) {                \
      case 1: SOME_ROWS(tile, 1) break;                     \
      case 2: SOME_ROWS(tile, 2) break;                     \
      case 3: SOME_ROWS(tile, 3) break;                     \
      default: SOME_ROWS(tile, 4) break;                    \
    }                                                       \
  }
#define SOME_ROWS(tile, vectors)                            \
  switch (rows - first) {                                   \
    case 1: tile(1, vectors, TILE_ARGUMENTS); break;        \
    case 2: tile(2, vectors, TILE_ARGUMENTS); break;        \
    case 3: tile(3, vectors, TILE_ARGUMENTS); break;        \
    case 4: tile(4, vectors, TILE_ARGUMENTS); break;        \
    case 5: tile(5, vectors, TILE_ARGUMENTS); break;        \
    default: tile(6, vectors, TILE_ARGUMENTS); break;       \
  }
#define TILE_ARGUMENTS mask, segments, depth, a + first, rows, next_rows, b, c + first * c_stride, c_stride, adds

AVX512 void ck_multiply_f32(
    long rows, long columns, long segments, long depth, const float *const *a, const float *b, float *c, long c_stride,
    bool adds) {
  ALL_ROWS(tile_f32)
}

AVX512_BF16 void ck_multiply_bf16(
    long rows, long columns, long segments, long depth, const uint32_t *const *a, const uint32_t *b, float *c,
    long c_stride, bool adds) {
  ALL_ROWS(tile_bf16)
}

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

void ck_multiply_f32(
    long rows, long columns, long segments, long depth, const float *const *a, const float *b, float *c, long c_stride,
    bool adds) {
  __builtin_trap();
}

void ck_multiply_bf16(
    long rows, long columns, long segments, long depth, const uint32_t *const *a, const uint32_t *b, float *c,
    long c_stride, bool adds) {
  __builtin_trap();
}

void ck_round_bf16(const float *source, uint16_t *target, long count) { __builtin_trap(); }

void ck_interleave_bf16(const float *first, const float *second, uint32_t *target, long count) { __builtin_trap(); }

#endif
