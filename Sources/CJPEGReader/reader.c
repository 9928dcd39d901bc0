#include "CJPEGReader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>
#include <setjmp.h>

/// A progressive picture refines all its pixels in every scan: more scans than any encoder writes would take for ever.
enum { MOST_SCANS = 500, BUFFER_SIZE = 16384 };

struct jpeg_reader {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr input;
  struct jpeg_progress_mgr progress;
  jpeg_reader_source source;
  void *context;
  bool is_begun, is_started;
  /// Rows of inks, of a picture that has four.
  uint8_t *inks;
  jmp_buf failure;
  char message[JMSG_LENGTH_MAX];
  uint8_t buffer[BUFFER_SIZE];
};

static jpeg_reader *owner(j_common_ptr jpeg) { return jpeg->client_data; }

static void fail(j_common_ptr jpeg) {
  jpeg->err->format_message(jpeg, owner(jpeg)->message);
  longjmp(owner(jpeg)->failure, 1);
}

static void refuse(jpeg_reader *reader, const char *message) {
  snprintf(reader->message, sizeof reader->message, "%s", message);
  longjmp(reader->failure, 1);
}

/// libjpeg warns of what it mends or passes over.
static void ignore(j_common_ptr jpeg, int level) {}
static void ignore_message(j_common_ptr jpeg) {}

static void start(j_decompress_ptr jpeg) {}

static boolean fill(j_decompress_ptr jpeg) {
  jpeg_reader *reader = owner((j_common_ptr)jpeg);
  size_t count = reader->source(reader->context, reader->buffer, BUFFER_SIZE);
  if (count == 0) refuse(reader, "it is cut off");
  reader->input.next_input_byte = reader->buffer;
  reader->input.bytes_in_buffer = count;
  return TRUE;
}

static void skip(j_decompress_ptr jpeg, long count) {
  jpeg_reader *reader = owner((j_common_ptr)jpeg);
  while (count > (long)reader->input.bytes_in_buffer) {
    count -= (long)reader->input.bytes_in_buffer;
    fill(jpeg);
  }
  if (count <= 0) return;
  reader->input.next_input_byte += count;
  reader->input.bytes_in_buffer -= count;
}

static void watch(j_common_ptr jpeg) {
  if (((j_decompress_ptr)jpeg)->input_scan_number > MOST_SCANS) refuse(owner(jpeg), "it has more than 500 scans");
}

jpeg_reader *jpeg_reader_make(jpeg_reader_source source, void *context) {
  jpeg_reader *reader = calloc(1, sizeof *reader);
  if (!reader) return NULL;
  reader->source = source;
  reader->context = context;
  return reader;
}

void jpeg_reader_free(jpeg_reader *reader) {
  if (reader->is_begun) jpeg_destroy_decompress(&reader->jpeg);
  free(reader->inks);
  free(reader);
}

const char *jpeg_reader_message(const jpeg_reader *reader) { return reader->message; }

bool jpeg_reader_begin(jpeg_reader *reader, jpeg_reader_segment segment, jpeg_reader_size *size) {
  j_decompress_ptr jpeg = &reader->jpeg;
  jpeg->err = jpeg_std_error(&reader->errors);
  jpeg->client_data = reader;
  reader->errors.error_exit = fail;
  reader->errors.emit_message = ignore;
  reader->errors.output_message = ignore_message;
  if (setjmp(reader->failure)) return false;
  // Before the call, which may fail half-way; it clears all but `err` and `client_data`.
  reader->is_begun = true;
  jpeg_create_decompress(jpeg);
  reader->input = (struct jpeg_source_mgr){
      .init_source = start, .fill_input_buffer = fill, .skip_input_data = skip,
      .resync_to_restart = jpeg_resync_to_restart, .term_source = start};
  jpeg->src = &reader->input;
  reader->progress.progress_monitor = watch;
  jpeg->progress = &reader->progress;
  jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(jpeg, TRUE);
  for (jpeg_saved_marker_ptr marker = jpeg->marker_list; marker; marker = marker->next)
    segment(reader->context, marker->data, marker->data_length);
  size->width = jpeg->image_width;
  size->height = jpeg->image_height;
  size->blocks = 0;
  for (int i = 0; i < jpeg->num_components; i++)
    size->blocks += (uint64_t)jpeg->comp_info[i].width_in_blocks * jpeg->comp_info[i].height_in_blocks;
  size->is_arithmetic = jpeg->arith_code;
  bool has_inks = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
  jpeg->out_color_space = has_inks ? JCS_CMYK : JCS_RGB;
  return true;
}

bool jpeg_reader_read(jpeg_reader *reader, uint8_t *rows, uint32_t count) {
  j_decompress_ptr jpeg = &reader->jpeg;
  if (setjmp(reader->failure)) return false;
  if (!reader->is_started) {
    reader->is_started = true;
    jpeg_start_decompress(jpeg);
  }
  size_t width = jpeg->output_width;
  bool has_inks = jpeg->out_color_space == JCS_CMYK;
  if (has_inks && !reader->inks && !(reader->inks = malloc(width * 4))) refuse(reader, "there is no memory for it");
  for (uint32_t row = 0; row < count; row++) {
    uint8_t *target = rows + row * width * 3;
    JSAMPROW line = has_inks ? reader->inks : target;
    if (jpeg_read_scanlines(jpeg, &line, 1) != 1) refuse(reader, "it is cut off");
    if (!has_inks) continue;
    for (size_t x = 0; x < width; x++) {
      const uint8_t *inks = line + 4 * x;
      for (int c = 0; c < 3; c++) target[3 * x + c] = (inks[c] * inks[3] + 127) / 255;
    }
  }
  return true;
}
