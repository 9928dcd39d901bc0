#ifndef STEPGRAPH_CKERNELS_H
#define STEPGRAPH_CKERNELS_H

#include <stdbool.h>
#include <stdint.h>

// Matrix products and conversions with instructions that Swift cannot name; only for processors that have them.
//
// A product multiplies rows of `a` with a panel of `b`: c[row][column] = sum over s and k of a[s][row][k] b[s][k][column].
// The rows are anywhere in memory; `a` holds a pointer to each, first those of segment 0, then those of segment 1, and so
// on. A panel is packed, [segments][depth][panel width], and filled up where the matrix has fewer columns. With `adds`, the
// product is added to c. Every element's sum runs in the order of s and k from zero on, whatever is computed beside it.
// `next`, if not null, is the panel of the product that comes next: with AVX2 it is fetched meanwhile, and not the rows of
// the next tile, which push each other out of the first-level cache where they are a multiple of a page apart.

/// Columns of a panel: with AVX-512 and with AVX2.
enum { ck_panel_avx512 = 64, ck_panel_avx2 = 16 };

/// Whether this processor and system can run the functions that end in the name, and for AVX512_BF16 all for bfloat16.
bool ck_has_avx2(void);
bool ck_has_avx512(void);
bool ck_has_avx512_bf16(void);

/// Single precision, a product and its addition rounded once.
void ck_multiply_f32_avx2(
    long rows, long columns, long segments, long depth, const float *const *a, const float *b, const float *next,
    float *c, long c_stride, bool adds);
void ck_multiply_f32_avx512(
    long rows, long columns, long segments, long depth, const float *const *a, const float *b, const float *next,
    float *c, long c_stride, bool adds);

/// bfloat16 factors, two to a word, and sums in single precision; `depth` counts words.
void ck_multiply_bf16_avx512(
    long rows, long columns, long segments, long depth, const uint32_t *const *a, const uint32_t *b,
    const uint32_t *next, float *c, long c_stride, bool adds);

/// Rounds to bfloat16, to nearest and ties to even.
void ck_round_bf16(const float *source, uint16_t *target, long count);

/// Rounds two rows to bfloat16, side by side: word i holds first[i] in its low half and second[i] in its high one.
/// `count` is a multiple of 16.
void ck_interleave_bf16(const float *first, const float *second, uint32_t *target, long count);

#endif
