#ifndef STEPGRAPH_CKERNELS_H
#define STEPGRAPH_CKERNELS_H

#include <stdbool.h>
#include <stdint.h>

// Matrix products and conversions with instructions that Swift cannot name; only for processors that have them.
//
// A product multiplies rows of `a` with a panel of `b`: c[row][column] = sum over s and k of a[s][row][k] b[s][k][column].
// The rows are anywhere in memory; `a` holds a pointer to each, first those of segment 0, then those of segment 1, and
// so on. A panel is packed, [segments][depth][panel width], and filled up where the matrix has fewer columns. With
// `adds`, the product is added to c. Every element's sum runs in the order of s and k from zero on, whatever is computed
// beside it. With `fetches_rows` six rows are fetched while those before are multiplied: for rows that are not in the
// cache yet. `next`, if not null, is what the next product needs, so many cache lines that are fetched meanwhile.

/// Columns of a panel: with AVX-512 and with AVX2.
enum { ck_panel_avx512 = 64, ck_panel_avx2 = 16 };

/// The widest vectors that the importing module's build may use, in bits: only the C compiler sees which.
#if defined(__AVX512F__)
enum { ck_vector_bits = 512 };
#elif defined(__AVX__)
enum { ck_vector_bits = 256 };
#else
enum { ck_vector_bits = 128 };
#endif

/// Whether this processor and system can run the functions that end in the name, and for AVX512_BF16 all others for
/// bfloat16. Asking for AMX asks the system for the permission to use it, which holds for the process from then on.
bool ck_has_avx2(void);
bool ck_has_avx512(void);
bool ck_has_avx512_bf16(void);
bool ck_has_amx_bf16(void);

/// Single precision, a product and its addition rounded once.
///
/// `halves`, if not null, is the panel in half precision, IEEE's binary16; it is widened into b on the way.
void ck_multiply_f32_avx2(
    long rows, long columns, long segments, long depth, const float *const *a, bool fetches_rows, float *b,
    const uint16_t *halves, const void *next, long next_lines, float *c, long c_stride, bool adds);
void ck_multiply_f32_avx512(
    long rows, long columns, long segments, long depth, const float *const *a, bool fetches_rows, float *b,
    const uint16_t *halves, const void *next, long next_lines, float *c, long c_stride, bool adds);

/// bfloat16 factors, two to a word, and sums in single precision; `depth` counts words.
void ck_multiply_bf16_avx512(
    long rows, long columns, long segments, long depth, const uint32_t *const *a, bool fetches_rows,
    const uint32_t *b, const void *next, long next_lines, float *c, long c_stride, bool adds);

/// The same with AMX, faster still where rows are at equal distances, 16 of them from a multiple of 16 on.
///
/// Sums begin with `addends`, if not null, whose rows are so many floats apart: c itself, or with 0 one row for all.
void ck_multiply_bf16_amx(
    long rows, long columns, long segments, long depth, const uint32_t *const *a, const uint32_t *b, const void *next,
    long next_lines, float *c, long c_stride, const float *addends, long addend_stride);

/// Single precision to half, to nearest and ties to even; for processors that have AVX2. `count` is a multiple of 8.
void ck_narrow_f16(const float *source, uint16_t *target, long count);

/// Rounds to bfloat16, to nearest and ties to even.
void ck_round_bf16(const float *source, uint16_t *target, long count);

/// Rounds two rows to bfloat16, side by side: word i holds first[i] in its low half and second[i] in its high one.
/// `count` is a multiple of 16.
void ck_interleave_bf16(const float *first, const float *second, uint32_t *target, long count);

/// A block of a running softmax, for processors with AMX: 16 columns of `count` rows of scores, a panel's width apart.
///
/// Every score becomes e^(score - maximum), rounded to bf16 and two rows to a word, an odd last one with zero. A column's
/// `maximum`, at first minus infinity, is the largest score so far, or less by up to 5: it changes seldom. `shrinkage` is what
/// brings results of before to a changed one, else 1, and says whether any is changed. `sum` is of all exponentials so far.
bool ck_exponentiate_bf16(float *scores, long count, float *maximum, float *sum, float *shrinkage);

/// The rows that are transposed together.
enum { ck_transposed_rows = 16 };

/// Writes 16 rows of `depth` words as columns: word k of row r to target[k * stride + r]; for any processor.
/// Rows may begin at any byte.
void ck_transpose(const uint32_t *const *rows, long depth, uint32_t *target, long stride);

/// Numbers as files store them to single precision, `count` blocks of them, for any processor. The formats with a block of
/// one number are f32, f16 (IEEE's binary16), bf16 and f8; all others are ggml's, with blocks of 32 or 256.
void ck_widen_f32(const void *blocks, float *target, long count);
void ck_widen_f16(const void *blocks, float *target, long count);
void ck_widen_bf16(const void *blocks, float *target, long count);
void ck_widen_f8_e4m3(const void *blocks, float *target, long count);
void ck_widen_f8_e5m2(const void *blocks, float *target, long count);
void ck_widen_q8_0(const void *blocks, float *target, long count);
void ck_widen_q4_0(const void *blocks, float *target, long count);
void ck_widen_q4_1(const void *blocks, float *target, long count);
void ck_widen_q5_0(const void *blocks, float *target, long count);
void ck_widen_q5_1(const void *blocks, float *target, long count);
void ck_widen_q2_k(const void *blocks, float *target, long count);
void ck_widen_q3_k(const void *blocks, float *target, long count);
void ck_widen_q4_k(const void *blocks, float *target, long count);
void ck_widen_q5_k(const void *blocks, float *target, long count);
void ck_widen_q6_k(const void *blocks, float *target, long count);
void ck_widen_iq4_nl(const void *blocks, float *target, long count);
void ck_widen_iq4_xs(const void *blocks, float *target, long count);

#endif
