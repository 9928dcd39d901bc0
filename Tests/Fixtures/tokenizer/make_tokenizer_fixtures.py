"""Writes cases.json: texts and their ids by transformers' CLIPTokenizer, for several sets of tokenizer files; and the
decompositions that the tokenizer's normalisation knows, as Swift source.

usage: python make_tokenizer_fixtures.py [RANDOM_TEXTS]      (transformers 5.24.0, tokenizers 0.23.3)
"""

import json
import random
import shutil
import sys
import tempfile
import unicodedata
from pathlib import Path

from tokenizers import normalizers
from transformers import CLIPTokenizer

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parents[2] / "Sources" / "DiffusionModels" / "CLIP"
START, END = "<|startoftext|>", "<|endoftext|>"


# ---------------------------------------------------------------------------------------------- tokenizer files


def token(content, normalized=True, **more):
    return {"content": content, "lstrip": False, "normalized": normalized, "rstrip": False, "single_word": False, **more}


def typed(content, normalized=True):
    return {"__type": "AddedToken", **token(content, normalized)}


def file_sets():
    """What stands beside vocab.json and merges.txt in published models, and corners of it."""
    roles = {"bos_token": token(START), "eos_token": token(END), "unk_token": token(END)}
    config = {"model_max_length": 77, "bos_token": typed(START), "eos_token": typed(END), "unk_token": typed(END)}
    listed = {"49406": token(START, special=True), "49407": token(END, False, special=True)}
    return {
        "none": {},
        "sd1": {"special_tokens_map": {**roles, "pad_token": END}, "tokenizer_config": {**config, "pad_token": END}},
        "sd2": {"special_tokens_map": {**roles, "pad_token": "!"}, "tokenizer_config": {**config, "pad_token": END}},
        "listed": {
            "special_tokens_map": {"pad_token": "!"},
            "tokenizer_config": {"model_max_length": 20, "pad_token": END, "added_tokens_decoder": listed},
        },
        **added_sets(),
        "extra": {
            "tokenizer_config": {
                "pad_token": END,
                "additional_special_tokens": ["<New>"],
                "added_tokens_decoder": {**listed, "49408": token("Hello There", special=False)},
            }
        },
    }


def added_sets():
    """Tokens added to the vocabulary, in each of the files that can have them; ids follow the vocabulary's."""
    flags = [
        token("<One>", single_word=True), token("<Left>", lstrip=True), token("<Right>", rstrip=True),
        token("<Both>", lstrip=True, rstrip=True), token("Raw", False), token("Special", False, special=True),
        token("Alone", False, single_word=True, lstrip=True, rstrip=True), token("two  Words"), token("caf\u00c9"),
    ]
    flags = [dict(one, id=49408 + place) for place, one in enumerate(flags)]
    return {
        "added": {"added_tokens": {"<cat-toy>": 49408, "MyStyle": 49409, "My": 49410, "two words": 49411}},
        "added special": {
            "special_tokens_map": {"additional_special_tokens": ["<Cat-Toy>"], "mask_token": "MyStyle"},
            "added_tokens": {"MyStyle": 49409, "<Cat-Toy>": 49408, "<dog>": 49410},
        },
        "flags": {
            "tokenizer_config": {
                "added_tokens_decoder": {str(one["id"]): {key: one[key] for key in one if key != "id"} for one in flags}},
            "special_tokens_map": {"pad_token": "!"},
        },
        # vocab.json and merges.txt are then part of tokenizer.json.
        "whole": {"tokenizer": {"added_tokens": flags}, "special_tokens_map": {"pad_token": "!"}},
        "whole, listed": {
            "tokenizer": {"added_tokens": flags[:2]},
            "tokenizer_config": {"added_tokens_decoder": {"49408": token("MyStyle")}, "pad_token": "!"},
        },
    }


def load(files):
    with tempfile.TemporaryDirectory() as folder:
        if "tokenizer" in files:
            vocabulary = json.loads((HERE / "clip" / "vocab.json").read_text())
            lines = (HERE / "clip" / "merges.txt").read_text().splitlines()
            merges = [line.split(" ") for line in lines if line and not line.startswith("#version")]
            model = {"type": "BPE", "vocab": vocabulary, "merges": merges, "end_of_word_suffix": "</w>"}
            files = files | {"tokenizer": {"version": "1.0", "model": model} | files["tokenizer"]}
        else:
            for name in ("vocab.json", "merges.txt"):
                shutil.copy(HERE / "clip" / name, folder)
        for name, values in files.items():
            (Path(folder) / f"{name}.json").write_text(json.dumps(values))
        return CLIPTokenizer.from_pretrained(folder)


# ---------------------------------------------------------------------------------------------- texts

WRITTEN = [
    "", " ", "a photo of an astronaut riding a horse on mars", "A Photo OF\tan\n\nAstronaut\u3000 riding\u00a0a HORSE!",
    "don't DON'T I'll we'Re they'VE I'm she'd it's 'sun 'tis !'s ''s 's", "1234567890 3.14 ½ ⅷ 一二三 ٣ 𝟘𝟙",
    f"{END}", f"a {END} b", f"a{START}b{END}{END}c", f"{END.upper()} x", "<|endoftext |>", "<|endoftext|", "|>!!<|",
    "hello there! Hello There, hello therex <New> <new>", "hi! there!! !a!b", "¡!\u0301 ¿?", f"!{END}!\u0300",
    "😀 👨‍👩‍👧‍👦 🇩🇪 👍🏽 ❤️ ☃", "日本語のテキスト 中文 한국어 텍스트", "नमस्ते दुनिया مرحبا بالعالم שלום עולם สวัสดี",
    "ΑΣ ΣΑΣ ὈΔΥΣΣΕΎΣ", "İstanbul ISPARTA ıi ẞ ß ŉ ǅ", "e\u0301 \u00e9 E\u0301 a\u0323\u0301 a\u0301\u0323 \u1ea1\u0301",
    "\u0f73\u0f71 \u0f71\u0f73 q\u0344 \u212b \u2126 \ufb2c \u2adc \U0001d15e", "각 각 각 각ᆨ ᄀ",
    "a\x00b\x01c\x1f\x7f\x85\u2028\u2029\u200b\u200c\u200d\ufeff\u00ad\u180e\u2060 d", "\x1c\x1d\x1e\x1f x", "\ufffd\uffff\ue000",
    "snake_case camelCase kebab-case a.b.c http://example.com/?q=1&r=2 #tag @user", "(a:1.2), [b], {c} \\(d\\)",
    "supercalifragilisticexpialidocious antidisestablishmentarianism", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "word " * 100, "the quick brown fox, " * 30, "\u00c5ngstr\u00f6m na\u00efve caf\u00e9 Stra\u00dfe \u0152uvre",
    "\U00016ea0\U00016ebb \ua7ce \U00033479 \u088f \U00011de0", "\u0dcf\u0dca \u09fe\u0301 \u0d3b\u0345 \U000105d2\u0307 \U00011935\U00011930",
]
BLOCKS = [
    (0x20, 0x7F, 8), (0x80, 0x250, 4), (0x250, 0x300, 1), (0x300, 0x370, 4), (0x370, 0x530, 2), (0x530, 0x900, 2),
    (0x900, 0x1200, 3), (0x1200, 0x2000, 2), (0x2000, 0x3000, 3), (0x3000, 0xD800, 2), (0x1100, 0x1200, 1),
    (0xAC00, 0xD7A4, 1), (0xF900, 0x10000, 2), (0x10000, 0x20000, 3), (0x1F000, 0x1FAFF, 2), (0x20000, 0x110000, 1),
]
PIECES = [START, END, "'s", "'LL", "'re", " ", "  ", "\n", "!", "<|", "|>", "\u0301", "\u0323", "\u200d", "\ufe0f", "the"]


def random_text(rng):
    """Mixes a few blocks, now and then characters of any plane, combining marks and what the rules look for."""
    blocks = rng.choices(BLOCKS, weights=[block[2] for block in BLOCKS], k=rng.randint(1, 3))
    text = ""
    for _ in range(rng.randint(1, 24)):
        kind = rng.random()
        if kind < 0.12:
            text += rng.choice(PIECES)
        elif kind < 0.17:
            text += chr(rng.choice([rng.randrange(0xD800), rng.randrange(0xE000, 0x110000)]))
        else:
            low, high, _ = rng.choice(blocks)
            text += chr(rng.randrange(low, high))
    return text


ADDED = [
    "<cat-toy>", "<Cat-TOY>", "MyStyle", "mystyle", "My", "two words", "TWO  Words", "two\twords", "<dog>", "<One>",
    "<one>", "<Left>", "<LEFT>", "<Right>", "<right>", "<Both>", "Raw", "raw", "Special", "special", "Alone", "alone",
    "caf\u00c9", "cafe\u0301", "CAF\u00c9",
]
BESIDE = ["", "", " ", "  ", "\n", "a", "Z", "7", "_", "-", ",", "\u0301", "\u00e9", "\u200d", "\u3000", "the ", END, "'s"]


def text_with_added_tokens(rng):
    """Added tokens in any case, inside words, beside marks and spaces of all kinds, and beside each other."""
    return "".join(rng.choice(BESIDE) + rng.choice(ADDED) + rng.choice(BESIDE) for _ in range(rng.randint(1, 5)))


def cases(count):
    rng = random.Random(1)
    texts = WRITTEN + [random_text(rng) for _ in range(count)]
    result = {}
    for name, files in file_sets().items():
        tokenizer = load(files)
        chosen = texts if name == "none" else WRITTEN + texts[len(WRITTEN) :: 10]
        if name in added_sets():
            other = random.Random(name)
            chosen = [f"a {one} x{one}y {one}{one}" for one in ADDED]
            chosen += [text_with_added_tokens(other) for _ in range(count // 4)]
        length = tokenizer.model_max_length if tokenizer.model_max_length < 1000 else 77
        encode = lambda text: tokenizer(text, padding="max_length", max_length=length, truncation=True).input_ids
        ids = [encode(text) for text in chosen]
        rows = []
        for text, row in zip(chosen, ids):
            while len(row) > 1 and row[-1] == row[-2] == tokenizer.pad_token_id:
                row = row[:-1]
            rows.append([text, row])
        result[name] = {"files": files, "length": length, "padding": tokenizer.pad_token_id, "cases": rows}
    return result


# ---------------------------------------------------------------------------------------------- decompositions


def swift_table(name, summary, entries):
    lines, line = [], ""
    for entry in entries:
        if len(line) + len(entry) > 115:
            lines.append(line)
            line = ""
        line += (" " if line else "") + entry
    body = "\n".join("  " + text for text in [*lines, line])
    return f'/// {summary}\nlet {name} = """\n{body}\n  """\n'


def decompositions():
    """The canonical decompositions that the reference's normalisation knows, told by what it does."""
    nfc = normalizers.NFC()
    pairs, others = [], []
    for code in range(0x80, 0x110000):
        parts = unicodedata.decomposition(chr(code))
        if not parts or parts.startswith("<"):
            continue
        entry = ".".join([f"{code:X}", *(f"{int(part, 16):X}" for part in parts.split())])
        if nfc.normalize_str("".join(chr(int(part, 16)) for part in parts.split())) == chr(code):
            pairs.append(entry)
        elif nfc.normalize_str(chr(code)) != chr(code):
            others.append(entry)
    return (
        "// Generated by Tests/Fixtures/tokenizer/make_tokenizer_fixtures.py from the Unicode Character Database.\n\n"
        + swift_table("canonicalPairs", "Characters of Unicode 9 that are composed of two others.", pairs)
        + "\n"
        + swift_table("canonicalReplacements", "Characters of Unicode 9 that others always replace.", others)
    )


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    (HERE / "cases.json").write_text(json.dumps(cases(count), separators=(",", ":")) + "\n")
    (SOURCES / "CanonicalDecompositions.swift").write_text(decompositions())
