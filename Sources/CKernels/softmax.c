#include "CKernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX512_BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))

enum { lanes = 16, stride = ck_panel_avx512 };

// 2^x, 0 far below, within 7.5e-5 of itself: a minimax polynomial for what x is above an integer, and its exponent. Sources:
// Remez 1934; the instructions for both parts are Intel's.
static inline __attribute__((always_inline)) AVX512_BF16 __m512 power_of_two(__m512 x) {
  enum { distance_to_floor = 9 };
  const __m512 r = _mm512_reduce_ps(x, distance_to_floor);
  __m512 y = _mm512_fmadd_ps(_mm512_set1_ps(0.07802452f), r, _mm512_set1_ps(0.22606716f));
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(0.69583356f));
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(0.9999252f));
  return _mm512_scalef_ps(y, x);
}

// A maximum may be exceeded by so much before everything is made relative to another: e^5 overflows nothing.
static const float slack = 5;

AVX512_BF16 bool ck_exponentiate_bf16(float *scores, long count, float *maximum, float *sum, float *shrinkage) {
  const __m512 log2_e = _mm512_set1_ps(1.442695f), before = _mm512_loadu_ps(maximum);
  __m512 first = before, second = before, third = before, fourth = before;
  long key = 0;
  for (; key + 4 <= count; key += 4) {
    first = _mm512_max_ps(first, _mm512_loadu_ps(scores + key * stride));
    second = _mm512_max_ps(second, _mm512_loadu_ps(scores + (key + 1) * stride));
    third = _mm512_max_ps(third, _mm512_loadu_ps(scores + (key + 2) * stride));
    fourth = _mm512_max_ps(fourth, _mm512_loadu_ps(scores + (key + 3) * stride));
  }
  for (; key < count; key++) first = _mm512_max_ps(first, _mm512_loadu_ps(scores + key * stride));
  const __m512 largest = _mm512_max_ps(_mm512_max_ps(first, second), _mm512_max_ps(third, fourth));
  const __mmask16 grows = _mm512_cmp_ps_mask(largest, _mm512_add_ps(before, _mm512_set1_ps(slack)), _CMP_GT_OQ);
  const __m512 after = _mm512_mask_mov_ps(before, grows, largest);
  const __m512 loss = _mm512_mul_ps(_mm512_sub_ps(before, after), log2_e);
  const __m512 factor = _mm512_mask_mov_ps(_mm512_set1_ps(1), grows, power_of_two(loss));
  _mm512_storeu_ps(maximum, after);
  _mm512_storeu_ps(shrinkage, factor);

  // The numbers of both halves in turn.
  const __m512i in_turn = _mm512_setr_epi32(
      16 << 16, 17 << 16 | 1, 18 << 16 | 2, 19 << 16 | 3, 20 << 16 | 4, 21 << 16 | 5, 22 << 16 | 6, 23 << 16 | 7,
      24 << 16 | 8, 25 << 16 | 9, 26 << 16 | 10, 27 << 16 | 11, 28 << 16 | 12, 29 << 16 | 13, 30 << 16 | 14,
      31 << 16 | 15);
  const __m512 origin = _mm512_mul_ps(after, log2_e);
  __m512 even_sum = _mm512_setzero_ps(), odd_sum = even_sum;
  for (long word = 0; 2 * word < count; word++) {
    const float *const pair = scores + 2 * word * stride;
    const __m512 even = power_of_two(_mm512_fmsub_ps(_mm512_loadu_ps(pair), log2_e, origin));
    __m512 odd = _mm512_setzero_ps();
    if (2 * word + 1 < count) odd = power_of_two(_mm512_fmsub_ps(_mm512_loadu_ps(pair + stride), log2_e, origin));
    even_sum = _mm512_add_ps(even_sum, even);
    odd_sum = _mm512_add_ps(odd_sum, odd);
    const __m512i halves = (__m512i)_mm512_cvtne2ps_pbh(odd, even);
    _mm512_storeu_si512(scores + word * stride, _mm512_permutexvar_epi16(in_turn, halves));
  }
  const __m512 added = _mm512_add_ps(even_sum, odd_sum);
  _mm512_storeu_ps(sum, _mm512_fmadd_ps(_mm512_loadu_ps(sum), factor, added));
  return grows != 0;
}

#else

bool ck_exponentiate_bf16(float *scores, long count, float *maximum, float *sum, float *shrinkage) { __builtin_trap(); }

#endif
