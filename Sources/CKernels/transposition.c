#include "CKernels.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { group = ck_transposed_rows };

// Rows may begin at any byte.
static void transpose_plain(const uint32_t *const *rows, long from, long to, uint32_t *target, long stride) {
  for (long k = from; k < to; k++) {
    for (int r = 0; r < group; r++) memcpy(target + k * stride + r, rows[r] + k, sizeof *target);
  }
}

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2,fma,f16c")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl")))
#define UNROLLED _Pragma("clang loop unroll(full)")

// Pairs of rows, then of pairs, then quarters of vectors: 64 shuffles for 16 vectors.
AVX512 static long transpose_avx512(const uint32_t *const *rows, long depth, uint32_t *target, long stride) {
  long k = 0;
  for (; k + 16 <= depth; k += 16) {
    __m512 a[16], b[16];
    UNROLLED for (int r = 0; r < 16; r++) a[r] = _mm512_loadu_ps(rows[r] + k);
    UNROLLED for (int r = 0; r < 16; r += 2) {
      b[r] = _mm512_unpacklo_ps(a[r], a[r + 1]);
      b[r + 1] = _mm512_unpackhi_ps(a[r], a[r + 1]);
    }
    UNROLLED for (int r = 0; r < 16; r += 4) {
      a[r] = (__m512)_mm512_unpacklo_pd((__m512d)b[r], (__m512d)b[r + 2]);
      a[r + 1] = (__m512)_mm512_unpackhi_pd((__m512d)b[r], (__m512d)b[r + 2]);
      a[r + 2] = (__m512)_mm512_unpacklo_pd((__m512d)b[r + 1], (__m512d)b[r + 3]);
      a[r + 3] = (__m512)_mm512_unpackhi_pd((__m512d)b[r + 1], (__m512d)b[r + 3]);
    }
    // a[4 q + j] has in its quarter i the numbers 4 i + j of rows 4 q to 4 q + 3.
    UNROLLED for (int j = 0; j < 4; j++) {
      const __m512 low = _mm512_shuffle_f32x4(a[j], a[4 + j], 0x88), high = _mm512_shuffle_f32x4(a[8 + j], a[12 + j], 0x88);
      const __m512 low_odd = _mm512_shuffle_f32x4(a[j], a[4 + j], 0xDD);
      const __m512 high_odd = _mm512_shuffle_f32x4(a[8 + j], a[12 + j], 0xDD);
      b[j] = _mm512_shuffle_f32x4(low, high, 0x88);
      b[8 + j] = _mm512_shuffle_f32x4(low, high, 0xDD);
      b[4 + j] = _mm512_shuffle_f32x4(low_odd, high_odd, 0x88);
      b[12 + j] = _mm512_shuffle_f32x4(low_odd, high_odd, 0xDD);
    }
    UNROLLED for (int j = 0; j < 16; j++) _mm512_storeu_ps(target + (k + j) * stride, b[j]);
  }
  return k;
}

AVX2 static long transpose_avx2(const uint32_t *const *rows, long depth, uint32_t *target, long stride) {
  long k = 0;
  for (; k + 8 <= depth; k += 8) {
    for (int half = 0; half < group; half += 8) {
      __m256 a[8], b[8];
      UNROLLED for (int r = 0; r < 8; r++) a[r] = _mm256_loadu_ps((const float *)rows[half + r] + k);
      UNROLLED for (int r = 0; r < 8; r += 2) {
        b[r] = _mm256_unpacklo_ps(a[r], a[r + 1]);
        b[r + 1] = _mm256_unpackhi_ps(a[r], a[r + 1]);
      }
      UNROLLED for (int r = 0; r < 8; r += 4) {
        a[r] = (__m256)_mm256_unpacklo_pd((__m256d)b[r], (__m256d)b[r + 2]);
        a[r + 1] = (__m256)_mm256_unpackhi_pd((__m256d)b[r], (__m256d)b[r + 2]);
        a[r + 2] = (__m256)_mm256_unpacklo_pd((__m256d)b[r + 1], (__m256d)b[r + 3]);
        a[r + 3] = (__m256)_mm256_unpackhi_pd((__m256d)b[r + 1], (__m256d)b[r + 3]);
      }
      UNROLLED for (int j = 0; j < 4; j++) {
        float *const line = (float *)target + (k + j) * stride + half;
        _mm256_storeu_ps(line, _mm256_permute2f128_ps(a[j], a[4 + j], 0x20));
        _mm256_storeu_ps(line + 4 * stride, _mm256_permute2f128_ps(a[j], a[4 + j], 0x31));
      }
    }
  }
  return k;
}

#endif

void ck_transpose(const uint32_t *const *rows, long depth, uint32_t *target, long stride) {
  long done = 0;
#if defined(__x86_64__)
  if (ck_has_avx512()) {
    done = transpose_avx512(rows, depth, target, stride);
  } else if (ck_has_avx2()) {
    done = transpose_avx2(rows, depth, target, stride);
  }
#endif
  transpose_plain(rows, done, depth, target, stride);
}
