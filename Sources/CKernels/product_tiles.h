// The products of one kind. products.c includes this once for each, after defining
//
//   PRODUCT, TILE         the names of the function and of its inner part
//   TARGET                the attribute for the instructions it takes
//   WORD, FACTORS, SUMS   a word of factors, a vector of such words, and a vector of as many sums
//   VECTORS               how many of them a tile is wide
//   LOAD, BROADCAST       a vector from memory, and a word in every lane
//   WIDEN, SAVE           if factors may come in half precision: a vector of them, and one written to memory
//   MULTIPLY_ADD          sums + x y
//   STORE                 writes the first lanes of a vector of sums to c, or adds them to it

#ifdef WIDEN
#define PANEL WORD *b, const uint16_t *halves
#else
#define PANEL const WORD *b
#endif

INLINED TARGET void TILE(
    const int rows, const int vectors, const bool widens, long columns, long segments, long depth,
    const WORD *const *a, long a_stride, bool fetches_rows, long next_rows, PANEL, const char *next, long next_lines,
    float *c, long c_stride, bool adds) {
  enum { lanes = sizeof(SUMS) / sizeof(float), panel = VECTORS * lanes };
  SUMS sums[tile_rows][VECTORS];
  UNROLLED for (int r = 0; r < rows; r++) {
    UNROLLED for (int v = 0; v < vectors; v++) sums[r][v] = (SUMS){0};
  }
  for (long s = 0; s < segments; s++, a += a_stride) {
    const WORD *const *below = a + next_rows;
    const WORD *row[tile_rows];
    UNROLLED for (int r = 0; r < rows; r++) row[r] = a[r];
    for (long k = 0; k < depth; k++, b += panel) {
      if (k % words_per_line == 0) {
        if (fetches_rows) {
          UNROLLED for (int r = 0; r < rows; r++) _mm_prefetch((const char *)(below[r] + k), _MM_HINT_T0);
        }
        for (long i = 0; i < next_lines; i++, next += line) _mm_prefetch(next, _MM_HINT_T1);
      }
      FACTORS y[VECTORS];
#ifdef WIDEN
      if (widens) {
        UNROLLED for (int v = 0; v < vectors; v++) SAVE(b + lanes * v, WIDEN(halves + lanes * v));
        halves += panel;
      }
#endif
      UNROLLED for (int v = 0; v < vectors; v++) y[v] = LOAD(b + lanes * v);
      UNROLLED for (int r = 0; r < rows; r++) {
        const FACTORS x = BROADCAST(row[r][k]);
        UNROLLED for (int v = 0; v < vectors; v++) sums[r][v] = MULTIPLY_ADD(sums[r][v], x, y[v]);
      }
    }
  }
  UNROLLED for (int r = 0; r < rows; r++) {
    UNROLLED for (int v = 0; v < vectors; v++) {
      STORE(c + r * c_stride + lanes * v, sums[r][v], v == vectors - 1 ? columns - lanes * v : lanes, adds);
    }
  }
}

// Goes through all rows, the numbers of rows and vectors of each tile being constants in a copy of the code of its own, and
// whether it widens the panel, which the first does for all.
#define SOME_ROWS(vectors, widens)                      \
  switch (rows - first) {                               \
    case 1: TILE(1, vectors, widens, ARGUMENTS); break;  \
    case 2: TILE(2, vectors, widens, ARGUMENTS); break;  \
    case 3: TILE(3, vectors, widens, ARGUMENTS); break;  \
    case 4: TILE(4, vectors, widens, ARGUMENTS); break;  \
    case 5: TILE(5, vectors, widens, ARGUMENTS); break;  \
    default: TILE(6, vectors, widens, ARGUMENTS); break; \
  }
#ifdef WIDEN
#define SOME_VECTORS(vectors) \
  if (halves && first == 0) { SOME_ROWS(vectors, true) } else { SOME_ROWS(vectors, false) }
#define FACTORS_OF_PANEL b, halves
#else
#define SOME_VECTORS(vectors) SOME_ROWS(vectors, false)
#define FACTORS_OF_PANEL b
#endif
#define ARGUMENTS                                                                                                   \
  columns, segments, depth, a + first, rows, fetches_rows, next_rows, FACTORS_OF_PANEL, ahead, lines_ahead,          \
      c + first * c_stride, c_stride, adds

TARGET void PRODUCT(
    long rows, long columns, long segments, long depth, const WORD *const *a, bool fetches_rows, PANEL,
    const void *next, long next_lines, float *c, long c_stride, bool adds) {
  enum { lanes = sizeof(SUMS) / sizeof(float) };
  // Every tile fetches an equal part of what comes next, some lines at every step, until all of it is there.
  const long tiles = (rows + tile_rows - 1) / tile_rows;
  const long steps = segments * ((depth + words_per_line - 1) / words_per_line);
  const long lines_a_step = (next_lines + tiles * steps - 1) / (tiles * steps);
  for (long first = 0; first < rows; first += tile_rows) {
    const long next_rows = rows - first >= 2 * tile_rows ? tile_rows : 0;
    const long fetched = first / tile_rows * steps * lines_a_step;
    const char *const ahead = next ? (const char *)next + fetched * line : NULL;
    const long lines_ahead = next && fetched < next_lines ? lines_a_step : 0;
    switch ((columns + lanes - 1) / lanes) {
      case 1: SOME_VECTORS(1) break;
#if VECTORS > 2
      case 2: SOME_VECTORS(2) break;
      case 3: SOME_VECTORS(3) break;
#endif
      default: SOME_VECTORS(VECTORS) break;
    }
  }
}

#undef SOME_ROWS
#undef SOME_VECTORS
#undef FACTORS_OF_PANEL
#undef PANEL
#undef WIDEN
#undef SAVE
#undef ARGUMENTS
#undef PRODUCT
#undef TILE
#undef TARGET
#undef WORD
#undef FACTORS
#undef SUMS
#undef VECTORS
#undef LOAD
#undef BROADCAST
#undef MULTIPLY_ADD
#undef STORE
