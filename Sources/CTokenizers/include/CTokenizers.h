// Tokenizer tables that are part of the program, for model files that bring none.
#pragma once
#include <stddef.h>

/// CLIP's merges.txt, as published; its vocabulary follows from it.
const unsigned char *ct_clip_merges(size_t *size);

/// The merges.txt of Qwen2 and Qwen3, as published; their vocabulary follows from it.
const unsigned char *ct_qwen_merges(size_t *size);

/// T5's pieces, scores and character map, as a SentencePiece model.
const unsigned char *ct_t5_model(size_t *size);
