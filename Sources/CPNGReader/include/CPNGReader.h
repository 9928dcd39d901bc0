#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// libpng's reader for Swift, which cannot be left by longjmp: calls that fail return, and leave a message.
///
/// Samples come as they are stored, as 8-bit red, green and blue: 16 bits are scaled by 255 / 65535 and rounded, fewer bits
/// widened, palettes looked up; alpha is dropped or, if asked for, comes as a fourth sample.

/// Copies the next bytes of a file, at most `count`, and gives how many; fewer only at the end of the file.
typedef size_t (*png_reader_source)(void *context, uint8_t *bytes, size_t count);

typedef struct {
  uint32_t width, height;
  /// Bits of a pixel as it is stored.
  uint32_t stored_bits;
  /// How often all rows are read: once, or seven times where they are interlaced.
  int passes;
} png_reader_size;

typedef struct png_reader png_reader;

/// A reader of what `source` gives; NULL without memory for it.
png_reader *png_reader_make(png_reader_source source, void *context);
void png_reader_free(png_reader *reader);

/// Why the last call failed, in words of libpng.
const char *png_reader_message(const png_reader *reader);

/// Reads up to the pixels.
bool png_reader_begin(png_reader *reader, bool keeps_alpha, png_reader_size *size);

/// Reads the next rows of a pass to `rows`, `count` times `width` times 3 or, with alpha, 4 bytes; those of a later pass are read to where
/// the same rows went in the passes before.
bool png_reader_read(png_reader *reader, uint8_t *rows, uint32_t count);
