#include "CTokenizers.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char merges[] = {
#embed "qwen-merges.txt"
};

const unsigned char *ct_qwen_merges(size_t *size) {
  *size = sizeof merges;
  return merges;
}
