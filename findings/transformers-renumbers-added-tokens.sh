#!/usr/bin/env bash
# transformers 5.24.0, tokenizers 0.23.1: the ids that added_tokens.json and added_tokens_decoder give are not kept.
#
# A good guess: a token added with id 12 to a vocabulary of 10 gets id 12, the row of the embedding that was trained for it.
# Seen: added tokens are numbered one after another from the end of the vocabulary on, in the order of the ids in the file;
# 12 and 15 become 10 and 11, and a token that is also a piece of the vocabulary takes that one's id. Nothing is said.
# The tokens of a file without gaps keep their ids, which is why it is not noticed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q transformers==5.24.0 tokenizers==0.23.1
cat > "$folder/show.py" <<'P'
import json, pathlib, sys
from transformers import CLIPTokenizer

def ids(name, values):
    folder = pathlib.Path(sys.argv[1]) / name
    folder.mkdir()
    pieces = ["a", "b", "c", "a</w>", "b</w>", "c</w>", "ab</w>", "ca", "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({piece: place for place, piece in enumerate(pieces)}))
    (folder / "merges.txt").write_text("#version: 0.2\na b</w>\nc a\n")
    (folder / f"{name}.json").write_text(json.dumps(values))
    return CLIPTokenizer.from_pretrained(folder)("<x> <y> ca")["input_ids"][1:-1]

token = lambda content: {"content": content, "normalized": True}
print(ids("added_tokens", {"<x>": 15, "<y>": 12, "ca": 20}))
print(ids("tokenizer_config", {"added_tokens_decoder": {"15": token("<x>"), "12": token("<y>")}}))
P
seen=$("$folder/venv/bin/python" "$folder/show.py" "$folder" 2>/dev/null)
echo "$seen"
# <y> is 10 and <x> 11, though the file says 12 and 15; "ca" is the piece of that name, 7, though the file says 20.
expected="[11, 10, 7]
[11, 10, 2, 3]"
[ "$seen" = "$expected" ]
