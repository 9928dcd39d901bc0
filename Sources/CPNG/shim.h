#include <png.h>
// For crc32; libpng-dev depends on zlib's headers.
#include <zlib.h>
