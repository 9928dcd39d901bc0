#include "CKernels.h"

#include <stddef.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// A product and a sum that are rounded once would give other bits than the package gguf.
#pragma clang fp contract(off)

#define INLINED static inline __attribute__((always_inline))

INLINED float float_of(uint32_t bits) {
  float number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

INLINED uint32_t bits_of(float number) {
  uint32_t bits;
  memcpy(&bits, &number, sizeof bits);
  return bits;
}

INLINED uint32_t u16_at(const uint8_t *bytes) {
  uint16_t number;
  memcpy(&number, bytes, sizeof number);
  return number;
}

INLINED uint32_t u32_at(const uint8_t *bytes) {
  uint32_t number;
  memcpy(&number, bytes, sizeof number);
  return number;
}

// Exponent and fraction moved into the places of single precision, then scaled by the distance of the exponents' biases:
// exact for normal and subnormal numbers alike. Infinity and not-a-number are set apart.
INLINED float half_of(uint32_t half) {
  const uint32_t magnitude = half & 0x7FFF;
  const uint32_t scaled = bits_of(float_of(magnitude << 13) * 0x1p112f);
  return float_of((half & 0x8000) << 16 | scaled | (magnitude >= 0x7C00 ? 0x7F800000u : 0));
}

INLINED float half_at(const uint8_t *bytes) { return half_of(u16_at(bytes)); }

// What the halves of a byte stand for in IQ4_NL and IQ4_XS.
static const int8_t levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

INLINED void look_up(const uint8_t *bytes, int8_t *values) {
  for (int i = 0; i < 16; i++) {
    values[i] = levels[bytes[i] & 15];
    values[i + 16] = levels[bytes[i] >> 4];
  }
}

static void f16_plain(const uint8_t *numbers, float *target, long count) {
  for (long i = 0; i < count; i++) target[i] = half_at(numbers + 2 * i);
}

#define TARGET
#define NAME(name) name##_plain
#define LOOK_UP look_up
#include "number_formats.h"

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2,fma,f16c")))

INLINED AVX2 void look_up_16(const uint8_t *bytes, int8_t *values) {
  const __m128i table = _mm_loadu_si128((const __m128i *)levels), mask = _mm_set1_epi8(15);
  const __m128i both = _mm_loadu_si128((const __m128i *)bytes);
  const __m128i high = _mm_and_si128(_mm_srli_epi16(both, 4), mask);
  _mm_storeu_si128((__m128i *)values, _mm_shuffle_epi8(table, _mm_and_si128(both, mask)));
  _mm_storeu_si128((__m128i *)(values + 16), _mm_shuffle_epi8(table, high));
}

AVX2 static void f16_avx2(const uint8_t *numbers, float *target, long count) {
  long i = 0;
  for (; i + 8 <= count; i += 8) {
    _mm256_storeu_ps(target + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(numbers + 2 * i))));
  }
  f16_plain(numbers + 2 * i, target + i, count - i);
}

#define TARGET AVX2
#define NAME(name) name##_avx2
#define LOOK_UP look_up_16
#include "number_formats.h"

#define WIDEN(name)                                                          \
  void ck_widen_##name(const void *blocks, float *target, long count) {      \
    (ck_has_avx2() ? name##_avx2 : name##_plain)(blocks, target, count);      \
  }

#else

#define WIDEN(name) \
  void ck_widen_##name(const void *blocks, float *target, long count) { name##_plain(blocks, target, count); }

#endif

WIDEN(f16)
WIDEN(bf16)
WIDEN(f8_e4m3)
WIDEN(f8_e5m2)
WIDEN(q8_0)
WIDEN(q4_0)
WIDEN(q4_1)
WIDEN(q5_0)
WIDEN(q5_1)
WIDEN(q2_k)
WIDEN(q3_k)
WIDEN(q4_k)
WIDEN(q5_k)
WIDEN(q6_k)
WIDEN(iq4_nl)
WIDEN(iq4_xs)

void ck_widen_f32(const void *blocks, float *target, long count) { memcpy(target, blocks, (size_t)count * sizeof *target); }
