#!/usr/bin/env bash
# libpng 1.6.39 (Debian 12's libpng-dev 1.6.39-2+deb12u6, zlib1g-dev 1:1.2.13.dfsg-1): the simplified reader repeats rows of 16-bit interlaced pictures.
#
# Guess:    png_image_finish_read gives the same pixels for an interlaced file as for the same picture without interlacing.
# Instead:  for a 16-bit Adam7 file read into any 8-bit format, every even row comes out as the odd row above it (row 0 as leftovers of an earlier
#           pass). No error, and flat areas look right: the picture has lost half of its height's detail. 8-bit files, and 16-bit files read
#           into the linear 16-bit formats, are right; so is PNG_FORMAT_GRAY from a picture with colour and alpha. png_read_png and
#           png_read_image are right.
# Output:   7 x 9 ramps whose row y has the values 16 y + x: rows read as .. 10 10 30 30 50 50 70 70; wrong rows 101010101 at every
#           width from 1 to 9 and for grey, grey + alpha, RGB and RGBA alike.
# Matters:  16-bit PNGs are what depth and normal maps for ControlNet are kept in, and some editors interlace them. A loader on the simplified reader
#           should take 16-bit files through the linear formats or the full reader.
#
# Needs gcc and apt's package lists; nothing is installed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"
apt-get download -qq libpng-dev=1.6.39-2+deb12u6 zlib1g-dev=1:1.2.13.dfsg-1 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
cat > probe.c <<'C'
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct { unsigned char bytes[1 << 16]; size_t count, at; } file;
static void put(png_structp png, png_bytep data, size_t count) { memcpy(file.bytes + file.count, data, count); file.count += count; }
static void get(png_structp png, png_bytep data, size_t count) { memcpy(data, file.bytes + file.at, count); file.at += count; }
static void flush(png_structp png) {}

static const int kinds[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
enum { height = 9, most = 9 };
static unsigned values[height * most * 4];  // 0 ... 255; stored times 257 in 16 bits

static void write_file(int width, int channels, int depth, int interlaced) {
  file.count = file.at = 0;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, 0, 0, 0);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, 0, put, flush);
  png_set_IHDR(png, info, width, height, depth, kinds[channels], interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, 0, 0);
  png_set_sRGB(png, info, 0);
  png_write_info(png, info);
  int passes = png_set_interlace_handling(png);
  for (int pass = 0; pass < passes; pass++)
    for (int y = 0; y < height; y++) {
      unsigned char row[most * 8];
      for (int i = 0; i < width * channels; i++)
        for (int byte = 0; byte < depth / 8; byte++) row[i * (depth / 8) + byte] = values[y * width * channels + i];
      png_write_row(png, row);
    }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
}

static void read_simplified(int format, void *pixels) {
  png_image image = {.version = PNG_IMAGE_VERSION};
  png_color black = {0, 0, 0};
  if (!png_image_begin_read_from_memory(&image, file.bytes, file.count)) exit(2);
  image.format = format;
  if (!png_image_finish_read(&image, &black, pixels, 0, 0)) exit(2);
}

static void read_full(unsigned char *pixels, int width) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, 0, 0, 0);
  png_infop info = png_create_info_struct(png);
  png_set_read_fn(png, 0, get);
  png_read_png(png, info, PNG_TRANSFORM_SCALE_16 | PNG_TRANSFORM_STRIP_ALPHA, 0);
  for (int y = 0; y < height; y++) memcpy(pixels + y * width * 3, png_get_rows(png, info)[y], width * 3);
  png_destroy_read_struct(&png, &info, 0);
}

static char *wrong_rows(int width, int channels, int depth, int format) {
  static unsigned char plain[height * most * 8], laced[height * most * 8];
  static char rows[height + 1];
  write_file(width, channels, depth, 0);
  read_simplified(format, plain);
  write_file(width, channels, depth, 1);
  read_simplified(format, laced);
  int bytes = width * PNG_IMAGE_PIXEL_SIZE(format);
  for (int y = 0; y < height; y++) rows[y] = memcmp(plain + y * bytes, laced + y * bytes, bytes) ? '1' : '0';
  return rows;
}

static int failures = 0;
static void expect(const char *what, const char *seen, const char *wanted) {
  printf("%-40s wrong rows %s\n", what, seen);
  if (strcmp(seen, wanted)) { printf("  expected %s\n", wanted); failures++; }
}

int main(void) {
  static unsigned char pixels[height * most * 3];
  const int width = 7;
  printf("libpng %s\n", png_get_libpng_ver(0));
  for (int i = 0; i < height * width; i++) for (int c = 0; c < 3; c++) values[i * 3 + c] = i / width * 16 + i % width;
  write_file(width, 3, 16, 1);
  read_simplified(PNG_FORMAT_RGB, pixels);
  for (int y = 1; y < height; y++) {
    int from = y % 2 ? y : y - 1;
    printf("row %d:", y);
    for (int x = 0; x < width; x++) {
      printf(" %02x", pixels[(y * width + x) * 3]);
      if (pixels[(y * width + x) * 3] != from * 16 + x) failures++;
    }
    printf("\n");
  }
  read_full(pixels, width);
  for (int i = 0; i < height * width * 3; i++) if (pixels[i] != values[i]) failures++;

  srand(5);
  for (int i = 0; i < height * most * 4; i++) values[i] = rand() & 255;
  for (int i = 3; i < height * most * 4; i += 4) values[i] = 255;  // RGBA: opaque
  const char *none = "000000000", *even = "101010101";
  char what[64];
  for (int w = 1; w <= most; w++) {
    sprintf(what, "RGB 16 to RGB, width %d", w);
    expect(what, wrong_rows(w, 3, 16, PNG_FORMAT_RGB), even);
  }
  expect("RGBA 16 to RGBA", wrong_rows(width, 4, 16, PNG_FORMAT_RGBA), even);
  expect("RGBA 16 to GRAY", wrong_rows(width, 4, 16, PNG_FORMAT_GRAY), none);
  expect("RGBA 16 to LINEAR_RGB_ALPHA", wrong_rows(width, 4, 16, PNG_FORMAT_LINEAR_RGB_ALPHA), none);
  expect("RGB 16 to LINEAR_RGB", wrong_rows(width, 3, 16, PNG_FORMAT_LINEAR_RGB), none);
  expect("RGB 8 to RGB", wrong_rows(width, 3, 8, PNG_FORMAT_RGB), none);
  expect("grey 16 to GRAY", wrong_rows(width, 1, 16, PNG_FORMAT_GRAY), even);
  for (int i = 1; i < height * most * 4; i += 2) values[i] = 255;  // grey + alpha: opaque
  expect("grey + alpha 16 to GA", wrong_rows(width, 2, 16, PNG_FORMAT_GA), even);
  return failures != 0;
}
C
lib=root/usr/lib/x86_64-linux-gnu
gcc -O1 -o probe probe.c -Iroot/usr/include -Iroot/usr/include/libpng16 $lib/libpng16.a $lib/libz.a -lm
./probe
