#include "CPNGReader.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

struct png_reader {
  png_structp png;
  png_infop info;
  png_reader_source source;
  void *context;
  size_t row_bytes;
  jmp_buf failure;
  char message[120];
};

static void fail(png_structp png, png_const_charp message) {
  png_reader *reader = png_get_error_ptr(png);
  strncpy(reader->message, message, sizeof reader->message - 1);
  longjmp(reader->failure, 1);
}

/// libpng warns of what it mends or passes over.
static void ignore(png_structp png, png_const_charp message) {}

static void take(png_structp png, png_bytep bytes, size_t count) {
  png_reader *reader = png_get_io_ptr(png);
  if (reader->source(reader->context, bytes, count) != count) png_error(png, "it is cut off");
}

png_reader *png_reader_make(png_reader_source source, void *context) {
  png_reader *reader = calloc(1, sizeof *reader);
  if (!reader) return NULL;
  reader->source = source;
  reader->context = context;
  return reader;
}

void png_reader_free(png_reader *reader) {
  png_destroy_read_struct(&reader->png, &reader->info, NULL);
  free(reader);
}

const char *png_reader_message(const png_reader *reader) { return reader->message; }

bool png_reader_begin(png_reader *reader, bool keeps_alpha, png_reader_size *size) {
  if (setjmp(reader->failure)) return false;
  reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, fail, ignore);
  if (reader->png) reader->info = png_create_info_struct(reader->png);
  if (!reader->info) {
    strcpy(reader->message, "there is no memory for it");
    return false;
  }
  png_structp png = reader->png;
  png_set_read_fn(png, reader, take);
  png_read_info(png, reader->info);
  size->width = png_get_image_width(png, reader->info);
  size->height = png_get_image_height(png, reader->info);
  size->stored_bits = png_get_bit_depth(png, reader->info) * png_get_channels(png, reader->info);
  png_set_scale_16(png);
  png_set_expand(png);
  if (keeps_alpha)
    png_set_add_alpha(png, 0xFFFF, PNG_FILLER_AFTER);
  else
    png_set_strip_alpha(png);
  png_set_gray_to_rgb(png);
  size->passes = png_set_interlace_handling(png);
  png_read_update_info(png, reader->info);
  reader->row_bytes = png_get_rowbytes(png, reader->info);
  if (reader->row_bytes != (size_t)size->width * (keeps_alpha ? 4 : 3)) png_error(png, "its rows have another length than its width");
  return true;
}

bool png_reader_read(png_reader *reader, uint8_t *rows, uint32_t count) {
  if (setjmp(reader->failure)) return false;
  for (uint32_t row = 0; row < count; row++) png_read_row(reader->png, rows + row * reader->row_bytes, NULL);
  return true;
}
