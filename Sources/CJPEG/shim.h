// jpeglib.h names size_t and FILE without the headers that have them.
#include <stddef.h>
#include <stdio.h>
#include <jpeglib.h>
