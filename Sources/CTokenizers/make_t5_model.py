"""Writes t5.model, T5's pieces, scores and character map as a SentencePiece model, from its published tokenizer.json.

usage: python make_t5_model.py TOKENIZER_JSON

The hundred tokens for gaps behind the pieces are left out: they follow from their number, as in the published spiece.model.
"""

import base64
import json
import struct
import sys
from pathlib import Path


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def field(number, kind, payload):
    return varint(number << 3 | kind) + (varint(len(payload)) if kind == 2 else b"") + payload


tokenizer = json.loads(Path(sys.argv[1]).read_text())
pieces = [piece for piece in tokenizer["model"]["vocab"] if not piece[0].startswith("<extra_id_")]
model = bytearray()
for text, score in pieces:
    model += field(1, 2, field(1, 2, text.encode()) + field(2, 5, struct.pack("<f", score)))
model += field(2, 2, field(3, 0, varint(1)) + field(40, 0, varint(tokenizer["model"]["unk_id"])))
characters = tokenizer["normalizer"]["normalizers"][0]["precompiled_charsmap"]
model += field(3, 2, field(2, 2, base64.b64decode(characters)))
Path(__file__).with_name("t5.model").write_bytes(model)
print(len(pieces), "pieces,", len(model), "bytes")
