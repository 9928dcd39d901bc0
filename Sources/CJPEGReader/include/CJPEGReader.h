#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// libjpeg's decoder for Swift, which cannot be left by longjmp: calls that fail return, and leave a message.
///
/// Samples come as 8-bit red, green and blue; CMYK is taken for what Adobe's programs write, inks counted from full to none.

/// Copies the next bytes of a file, at most `count`, and gives how many; fewer only at the end of the file.
typedef size_t (*jpeg_reader_source)(void *context, uint8_t *bytes, size_t count);

typedef struct {
  uint32_t width, height;
  /// Blocks of 8x8 samples, of all components.
  uint64_t blocks;
  /// Whether numbers are coded arithmetically, in fractions of bits.
  bool is_arithmetic;
} jpeg_reader_size;

/// Calls for every APP1 segment, in which Exif and XMP are, before the picture's size is known.
typedef void (*jpeg_reader_segment)(void *context, const uint8_t *bytes, size_t count);

typedef struct jpeg_reader jpeg_reader;

/// A reader of what `source` gives; NULL without memory for it.
jpeg_reader *jpeg_reader_make(jpeg_reader_source source, void *context);
void jpeg_reader_free(jpeg_reader *reader);

/// Why the last call failed, in words of libjpeg.
const char *jpeg_reader_message(const jpeg_reader *reader);

/// Reads up to the pixels.
bool jpeg_reader_begin(jpeg_reader *reader, jpeg_reader_segment segment, jpeg_reader_size *size);

/// Reads the next rows to `rows`, `count` times `width` times 3 bytes.
bool jpeg_reader_read(jpeg_reader *reader, uint8_t *rows, uint32_t count);
