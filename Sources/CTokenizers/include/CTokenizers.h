// Tokenizer tables that are part of the program, for model files that bring none.
#pragma once
#include <stddef.h>

/// CLIP's merges.txt, as published; its vocabulary follows from it.
const unsigned char *ct_clip_merges(size_t *size);
