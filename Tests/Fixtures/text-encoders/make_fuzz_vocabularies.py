"""Writes the small vocabularies that fuzzing begins with: SentencePiece models, tokenizer.json files and a GGUF file.

usage: python make_fuzz_vocabularies.py
"""

import base64
import json
import struct
from pathlib import Path

import gguf
import numpy

FUZZ = Path(__file__).resolve().parent.parent / "fuzz"
PIECES = [("<pad>", 0, 3), ("</s>", 0, 3), ("<unk>", 0, 2), ("▁", -2, 1), ("a", -3.5, 1), ("▁a", -4, 1), ("ph", -5, 1),
          ("o", -5, 1), ("to", -6, 1), ("<0x41>", -9, 6), ("é", -7, 1), ("日本", -8, 1), ("<extra_id_0>", 0, 4)]


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def field(number, kind, payload):
    return varint(number << 3 | kind) + (varint(len(payload)) if kind == 2 else b"") + payload


def character_map():
    """A trie of "ﬁ", made "fi", and "é" in two characters, made one: units of darts-clone, laid out by hand."""
    keys = {"ﬁ".encode(): 0, "e\u0301".encode(): 3}
    units, used = [0] * 4096, {0}
    replacements = b"fi\0" + "é".encode() + b"\0"

    def place(node, keys):
        labels = sorted({key[0] if key else 0 for key in keys})
        offset = next(o for o in range(1, 3800) if all((node ^ o ^ label) not in used for label in labels))
        base = node ^ offset
        for label in labels:
            used.add(base ^ label)
        for label in labels:
            child = base ^ label
            inner = {key[1:]: value for key, value in keys.items() if key and key[0] == label}
            if label == 0:
                units[child] = keys[b""] | 1 << 31
                continue
            leaf = b"" in inner
            child_offset = place(child, inner)
            units[child] = child_offset << 10 | leaf << 8 | label
        return offset

    units[0] = place(0, keys) << 10
    size = max(used) + 1
    trie = struct.pack(f"<{size}I", *units[:size])
    return struct.pack("<I", len(trie)) + trie + replacements


def sentence_piece(characters):
    model = b"".join(
        field(1, 2, field(1, 2, text.encode()) + field(2, 5, struct.pack("<f", score)) + field(3, 0, varint(kind)))
        for text, score, kind in PIECES)
    model += field(2, 2, field(3, 0, varint(1)) + field(40, 0, varint(2)))
    return model + (field(3, 2, field(2, 2, characters)) if characters else b"")


def main():
    folder = FUZZ / "vocabulary"
    folder.mkdir(exist_ok=True)
    characters = character_map()
    (folder / "plain.model").write_bytes(sentence_piece(b""))
    (folder / "mapped.model").write_bytes(sentence_piece(characters))
    special = lambda index, content: dict(id=index, content=content, single_word=False, lstrip=False, rstrip=False,
                                          normalized=False, special=True)
    unigram = {
        "added_tokens": [special(index, text) for index, (text, _, kind) in enumerate(PIECES) if kind in (2, 3, 4)],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(characters).decode()}]},
        "model": {"type": "Unigram", "unk_id": 2, "vocab": [[text, score] for text, score, _ in PIECES]}}
    (folder / "unigram.json").write_text(json.dumps(unigram, ensure_ascii=False))
    symbols = [chr(byte) for byte in [*range(33, 127), *range(161, 173), *range(174, 256)]]
    symbols += [chr(256 + index) for index in range(256 - len(symbols))]
    merges = ["p h", "ph o", "Ġ a", "o t", "Ċ Ċ", "' s"]
    vocabulary = symbols + [merge.replace(" ", "") for merge in merges]
    pairs = {"added_tokens": [special(262, "<|endoftext|>"), special(263, "<|im_end|>")], "normalizer": {"type": "NFC"},
             "model": {"type": "BPE", "vocab": {token: index for index, token in enumerate(vocabulary)}, "merges": merges}}
    (folder / "pairs.json").write_text(json.dumps(pairs, ensure_ascii=False))
    for name, write in [("t5", write_t5), ("qwen", lambda writer: write_qwen(writer, vocabulary, merges))]:
        writer = gguf.GGUFWriter(FUZZ / "gguf" / f"{name}-vocabulary.gguf", "t5encoder" if name == "t5" else "qwen3")
        write(writer)
        if name == "t5":
            writer.add_array("tokenizer.ggml.precompiled_charsmap", list(characters[:4]) + list(characters[4:]))
        writer.add_tensor("token_embd.weight", numpy.zeros((2, 32), numpy.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def write_t5(writer):
    writer.add_tokenizer_model("t5")
    writer.add_token_list([text for text, _, _ in PIECES])
    writer.add_token_scores([float(score) for _, score, _ in PIECES])
    writer.add_token_types([kind for _, _, kind in PIECES])
    writer.add_eos_token_id(1)
    writer.add_pad_token_id(0)


def write_qwen(writer, vocabulary, merges):
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(vocabulary + ["<|endoftext|>", "<|im_end|>"])
    writer.add_token_types([1] * len(vocabulary) + [3, 3])
    writer.add_token_merges(merges)
    writer.add_pad_token_id(len(vocabulary))


main()
