#include "CKernels.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <stddef.h>

// AMX multiplies a tile of 16 rows by 16 words with one of 16 words by 16 columns in 16 cycles: 16 times what `vdpbf16ps`
// does in as many. Two tiles of either factor and four of sums are all eight registers: a step of 16 words loads four
// tiles for four products, half of what the first-level cache can give in that time. A panel has the layout of the second
// factor's tiles as it is, one word of 64 columns after the other.

#define AMX __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,amx-tile,amx-bf16")))
#define INLINED static inline __attribute__((always_inline))

enum {
  tile_rows = 16,
  tile_words = 16,
  tile_columns = 16,
  line = 64,
  panel_stride = 4 * ck_panel_avx512,
  // Words of rows at uneven distances that are put side by side at a time: these stay in the first-level cache.
  gathered_words = 128,
};

// Sixteen rows at equal distances, in bytes.
typedef struct {
  const char *first;
  long stride;
} even_rows;

typedef struct {
  uint32_t words[tile_rows][gathered_words + tile_words];
} gathered_rows;

// What is fetched into the second-level cache, some lines at every step.
typedef struct {
  const char *next;
  long lines_left, lines_a_step;
} fetches;

// Rows of the upper and the lower tiles of a block, and columns of the left and the right ones; 0 where there are none.
typedef struct {
  uint8_t upper, lower, left, right;
} block_shape;

INLINED long at_most(long count, long most) { return count < most ? count : most; }

INLINED AMX __mmask16 first_lanes(long count) { return count < 16 ? (__mmask16)((1 << count) - 1) : 0xFFFF; }

// Sums are in tiles 0 to 3, [upper and lower, left and right], rows in tiles 4 and 5, columns in 6 and 7. A thread keeps a
// configuration until it needs another.
INLINED AMX void configure_tiles(block_shape shape) {
  static _Thread_local block_shape current;
  if (__builtin_memcmp(&current, &shape, sizeof shape) == 0) return;
  struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
  } configuration = {.palette = 1};
  const uint8_t rows[8] = {
      shape.upper, shape.upper, shape.lower, shape.lower, shape.upper, shape.lower, tile_words, tile_words};
  const uint8_t columns[8] = {
      shape.left, shape.right, shape.left, shape.right, tile_words, tile_words, shape.left, shape.right};
  for (int tile = 0; tile < 8; tile++) {
    const bool exists = rows[tile] > 0 && columns[tile] > 0;
    configuration.rows[tile] = exists ? rows[tile] : tile_rows;
    configuration.row_bytes[tile] = exists ? 4 * columns[tile] : line;
  }
  _tile_loadconfig(&configuration);
  current = shape;
}

// Adds the products of some steps to the sums.
INLINED AMX void multiply_steps(
    const int row_tiles, const int column_tiles, long steps, even_rows upper, even_rows lower, const uint32_t *b,
    fetches *ahead) {
  for (long step = 0; step < steps; step++, b += tile_words * ck_panel_avx512) {
    _tile_loadd(6, b, panel_stride);
    _tile_loadd(4, upper.first + step * line, upper.stride);
    _tile_dpbf16ps(0, 4, 6);
    if (column_tiles > 1) {
      _tile_loadd(7, b + tile_columns, panel_stride);
      _tile_dpbf16ps(1, 4, 7);
    }
    if (row_tiles > 1) {
      _tile_loadd(5, lower.first + step * line, lower.stride);
      _tile_dpbf16ps(2, 5, 6);
      if (column_tiles > 1) _tile_dpbf16ps(3, 5, 7);
    }
    if (ahead->lines_left > 0) {
      for (long i = 0; i < ahead->lines_a_step; i++) _mm_prefetch(ahead->next + i * line, _MM_HINT_T1);
      ahead->next += ahead->lines_a_step * line;
      ahead->lines_left -= ahead->lines_a_step;
    }
  }
}

// Whether some rows, 16 or fewer, are at equal distances, and at which.
INLINED AMX bool are_even(const uint32_t *const *rows, long count, even_rows *result) {
  const long first = (long)rows[0], stride = count > 1 ? (long)rows[1] - first : 0;
  *result = (even_rows){(const char *)rows[0], stride};
  const __m512i steps = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
  const __m512i upper = _mm512_add_epi64(_mm512_set1_epi64(first), _mm512_mullo_epi64(steps, _mm512_set1_epi64(stride)));
  const __m512i lower = _mm512_add_epi64(upper, _mm512_set1_epi64(8 * stride));
  const __mmask16 mask = first_lanes(count);
  const __mmask8 uppers = (__mmask8)mask, lowers = (__mmask8)(mask >> 8);
  return !(_mm512_mask_cmpneq_epi64_mask(uppers, _mm512_maskz_loadu_epi64(uppers, rows), upper)
           | _mm512_mask_cmpneq_epi64_mask(lowers, _mm512_maskz_loadu_epi64(lowers, rows + 8), lower));
}

// Puts some words of rows side by side, filled up with zeros to whole steps.
static AMX even_rows gather(const uint32_t *const *rows, long count, long word, long words, gathered_rows *target) {
  for (long row = 0; row < count; row++) {
    for (long w = 0; w < words; w += tile_words) {
      const __m512i some = _mm512_maskz_loadu_epi32(first_lanes(words - w), rows[row] + word + w);
      _mm512_storeu_si512(&target->words[row][w], some);
    }
  }
  return (even_rows){(const char *)target, sizeof target->words[0]};
}

// Adds one segment's products from `word` on, of rows at uneven distances or of the last words, which fill no step.
static AMX void multiply_gathered(
    const int row_tiles, const int column_tiles, block_shape shape, long word, long depth, const uint32_t *const *a,
    const uint32_t *b, fetches *ahead) {
  gathered_rows upper, lower;
  uint32_t last[tile_words][ck_panel_avx512];
  while (word < depth) {
    const long rest = depth - word;
    const long words = rest < tile_words ? rest : at_most(rest / tile_words * tile_words, gathered_words);
    const uint32_t *factors = b + word * ck_panel_avx512;
    if (words < tile_words) {
      __builtin_memcpy(last, factors, (unsigned long)(words * panel_stride));
      __builtin_memset(last[words], 0, (unsigned long)((tile_words - words) * panel_stride));
      factors = last[0];
    }
    const even_rows first = gather(a, shape.upper, word, words, &upper);
    const even_rows second = row_tiles > 1 ? gather(a + tile_rows, shape.lower, word, words, &lower) : first;
    multiply_steps(row_tiles, column_tiles, (words + tile_words - 1) / tile_words, first, second, factors, ahead);
    word += words;
  }
}

// Does with each tile of sums what is done with its number and its place in a matrix.
#define EACH_SUM(ACTION, first, stride)                                  \
  ACTION(0, first, stride);                                              \
  if (column_tiles > 1) ACTION(1, first + tile_columns, stride);         \
  if (row_tiles > 1) ACTION(2, first + tile_rows * stride, stride);      \
  if (row_tiles > 1 && column_tiles > 1) ACTION(3, first + tile_rows * stride + tile_columns, stride)
#define ZERO(tile, place, stride) _tile_zero(tile)
#define LOAD(tile, place, stride) _tile_loadd(tile, place, 4 * stride)
#define STORE(tile, place, stride) _tile_stored(tile, place, 4 * stride)

// A block of up to 32 rows by 32 columns.
INLINED AMX void multiply_block(
    const int row_tiles, const int column_tiles, block_shape shape, long segments, long depth,
    const uint32_t *const *a, long a_stride, const uint32_t *b, float *c, long c_stride, const float *addends,
    long addend_stride, fetches *ahead) {
  configure_tiles(shape);
  if (addends) {
    EACH_SUM(LOAD, addends, addend_stride);
  } else {
    EACH_SUM(ZERO, c, c_stride);
  }
  for (long s = 0; s < segments; s++, a += a_stride, b += depth * ck_panel_avx512) {
    even_rows upper, lower = {0};
    long word = 0;
    if (are_even(a, shape.upper, &upper) && (row_tiles == 1 || are_even(a + tile_rows, shape.lower, &lower))) {
      multiply_steps(row_tiles, column_tiles, depth / tile_words, upper, lower, b, ahead);
      word = depth / tile_words * tile_words;
    }
    if (word < depth) multiply_gathered(row_tiles, column_tiles, shape, word, depth, a, b, ahead);
  }
  EACH_SUM(STORE, c, c_stride);
}

AMX void ck_multiply_bf16_amx(
    long rows, long columns, long segments, long depth, const uint32_t *const *a, const uint32_t *b, const void *next,
    long next_lines, float *c, long c_stride, const float *addends, long addend_stride) {
  const long row_blocks = (rows + 2 * tile_rows - 1) / (2 * tile_rows);
  const long column_blocks = (columns + 2 * tile_columns - 1) / (2 * tile_columns);
  const long steps = row_blocks * column_blocks * segments * ((depth + tile_words - 1) / tile_words);
  fetches ahead = {next, next ? next_lines : 0, steps > 0 ? (next_lines + steps - 1) / steps : 0};
  for (long column = 0; column < columns; column += 2 * tile_columns) {
    for (long row = 0; row < rows; row += 2 * tile_rows) {
      const long some_rows = at_most(rows - row, 2 * tile_rows), some_columns = at_most(columns - column, 2 * tile_columns);
      const block_shape shape = {
          (uint8_t)at_most(some_rows, tile_rows), (uint8_t)(some_rows - at_most(some_rows, tile_rows)),
          (uint8_t)at_most(some_columns, tile_columns), (uint8_t)(some_columns - at_most(some_columns, tile_columns))};
      const float *const start = addends ? addends + row * addend_stride + column : NULL;
#define ARGUMENTS                                                                                              \
  shape, segments, depth, a + row, rows, b + column, c + row * c_stride + column, c_stride, start, addend_stride, \
      &ahead
      if (shape.lower > 0 && shape.right > 0) {
        multiply_block(2, 2, ARGUMENTS);
      } else if (shape.lower > 0) {
        multiply_block(2, 1, ARGUMENTS);
      } else if (shape.right > 0) {
        multiply_block(1, 2, ARGUMENTS);
      } else {
        multiply_block(1, 1, ARGUMENTS);
      }
    }
  }
}

#else

void ck_multiply_bf16_amx(
    long rows, long columns, long segments, long depth, const uint32_t *const *a, const uint32_t *b, const void *next,
    long next_lines, float *c, long c_stride, const float *addends, long addend_stride) {
  __builtin_trap();
}

#endif
