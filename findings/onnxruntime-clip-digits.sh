#!/usr/bin/env bash
# onnxruntime-extensions 0.15.2 (onnxruntime 1.32.0; transformers 5.24.0; vocabulary of open_clip_torch 3.3.0): its CLIPTokenizer operator
# encodes numbers of several digits, decomposed accents and line breaks differently from CLIP.
#
# Guess:    same vocabulary, same merges, same tokens; at most rare scripts differ.
# Instead:  of a row of digits only the last is a word of its own (with "</w>"); the digits before it are encoded as if a word went on, which CLIP
#           never does. Accents in decomposed form (as macOS writes them) are not composed. A line break after a
#           letter is dropped, so that the words on its sides become one; a tab is a token.
# Output:   "100%": CLIP 272 271 271 260, the operator 16 15 271 260; "1990s": CLIP 272 280 280 271 338; "cafe\u0301": 15304 against 4979 136 479;
#           "a cat\na dog": 320 2368 320 1929 against 320 42279 1929 ("a cata dog"). "a photo of a cat", "8k", "don't" agree.
# Matters:  ONNX exports of Stable Diffusion carry this operator as their tokenizer. It passes every test with a plain prompt; "1990s", "35mm" or a prompt of
#           two lines gives another picture.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile onnxruntime-extensions==0.15.2 onnxruntime==1.32.0 onnx==1.23.2 transformers==5.24.0
"$work/venv/bin/pip" install --quiet --no-compile --no-deps --target "$work/clip" open_clip_torch==3.3.0
cd "$work"
"$work/venv/bin/python" - 2> "$work/errors" <<'PY' || { cat "$work/errors" >&2; exit 1; }
import gzip, json
import numpy as np
from onnxruntime_extensions import OrtPyFunction
from transformers import CLIPTokenizer

# The published merges as the two files both read: 256 bytes, each also as a word's end, then the merges, then the two marks.
merges = gzip.open("clip/open_clip/bpe_simple_vocab_16e6.txt.gz").read().decode().split("\n")[1:49152 - 256 - 2 + 1]
bytes_ = [*range(33, 127), *range(161, 173), *range(174, 256)]
letters = [chr(byte) for byte in bytes_] + [chr(256 + i) for i in range(256 - len(bytes_))]
words = letters + [letter + "</w>" for letter in letters] + [merge.replace(" ", "") for merge in merges] + ["<|startoftext|>", "<|endoftext|>"]
vocabulary, rules = json.dumps({word: i for i, word in enumerate(words)}), "#version: 0.2\n" + "\n".join(merges) + "\n"
open("vocab.json", "w").write(vocabulary)
open("merges.txt", "w").write(rules)

clip = CLIPTokenizer("vocab.json", "merges.txt")
operator = OrtPyFunction.from_customop("CLIPTokenizer", vocab=vocabulary, merges=rules, padding_length=-1)
expected = {
    "a photo of a cat": None, "8k": None, "don't": None, "caf\u00e9": None,
    "100%": ([272, 271, 271, 260], [16, 15, 271, 260]),
    "1990s": True, "35mm": True,
    "cafe\u0301": ([15304], [4979, 136, 479]),
    "a cat\na dog": ([320, 2368, 320, 1929], [320, 42279, 1929]), "b\tc": ([321, 322], [321, 453, 322])}
for text, wanted in expected.items():
    tokens = clip(text)["input_ids"][1:-1]
    other = [int(token) for token in np.asarray(operator([text])[0]).flatten()][1:-1]
    print(ascii(text), tokens, other, "" if tokens == other else "DIFFERENT")
    if wanted is None:
        assert tokens == other
    elif wanted is True:
        assert tokens != other
    else:
        assert (tokens, other) == wanted
PY
