#!/usr/bin/env bash
# transformers 5.24.0 (tokenizers 0.23.1): the ids that added_tokens.json and added_tokens_decoder give to tokens are not kept.
#
# Guess:    a token added with id 12 to a vocabulary of 10 has id 12, the row of the embedding that was trained for it.
# Instead:  added tokens are numbered one after another from the end of the vocabulary on, in the order of the file's ids, and one that is also
#           a piece of the vocabulary takes the piece's id. Nothing is said.
# Output:   {"<x>": 15, "<y>": 12, "ca": 20} beside 10 pieces: "<x> <y> ca" is 11 10 7, where the file says 15 12 20; the same ids in
#           added_tokens_decoder: 11 10.
# Matters:  a tokenizer whose ids have gaps, as merging or removing tokens leaves them, reads other rows of the embedding than it was trained
#           with, and gives other pictures. Files without gaps keep their ids, which is why it is not noticed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile transformers==5.24.0 tokenizers==0.23.1
cd "$work"
"$work/venv/bin/python" - 2> "$work/errors" <<'PY' || { cat "$work/errors" >&2; exit 1; }
import json
from pathlib import Path
from transformers import CLIPTokenizer

PIECES = ["a", "b", "c", "a</w>", "b</w>", "c</w>", "ab</w>", "ca", "<|startoftext|>", "<|endoftext|>"]


def ids(name, values):
    folder = Path(name)
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps({piece: place for place, piece in enumerate(PIECES)}))
    (folder / "merges.txt").write_text("#version: 0.2\na b</w>\nc a\n")
    (folder / f"{name}.json").write_text(json.dumps(values))
    return CLIPTokenizer.from_pretrained(folder)("<x> <y> ca")["input_ids"][1:-1]


token = lambda content: {"content": content, "normalized": True}
plain = ids("added_tokens", {"<x>": 15, "<y>": 12, "ca": 20})
listed = ids("tokenizer_config", {"added_tokens_decoder": {"15": token("<x>"), "12": token("<y>")}})
print("added_tokens.json:", plain)
print("added_tokens_decoder:", listed)
assert plain == [11, 10, 7] and listed[:2] == [11, 10]
PY
