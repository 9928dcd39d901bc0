#include "CTokenizers.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char merges[] = {
#embed "clip-merges.txt"
};

const unsigned char *ct_clip_merges(size_t *size) {
  *size = sizeof merges;
  return merges;
}
