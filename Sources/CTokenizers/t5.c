#include "CTokenizers.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char model[] = {
#embed "t5.model"
};

const unsigned char *ct_t5_model(size_t *size) {
  *size = sizeof model;
  return model;
}
