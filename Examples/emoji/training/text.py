"""The tokenizer (byte-pair encoding in CLIP's file format) and text encoder."""

import json
import random
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import torch
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from . import data

LENGTH = 77
MERGES = 1024
START, END = "<|startoftext|>", "<|endoftext|>"
WIDTH = 128


def byte_characters():
    """CLIP's (and GPT-2's) printable stand-in for each byte, in its order."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    characters = {byte: chr(byte) for byte in printable}
    characters.update({byte: chr(256 + i) for i, byte in enumerate(others)})
    return characters


def count_words(lines):
    """Count the words of the captions, split as CLIP splits them."""
    characters = byte_characters()
    counts = Counter()
    for line in lines:
        for word in re.findall(r"[^\W\d_]+|\d|[^\s\w]+|_+", line.lower()):
            letters = [characters[byte] for byte in word.encode("utf-8")]
            counts[(*letters[:-1], letters[-1] + "</w>")] += 1
    return counts


def learn_merges(counts, limit=MERGES):
    """Join the most frequent pair of neighbours, again and again."""
    merges = []
    while len(merges) < limit:
        pairs = Counter()
        for word, count in counts.items():
            for pair in pairwise(word):
                pairs[pair] += count
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        joined = Counter()
        for word, count in counts.items():
            parts, i = [], 0
            while i < len(word):
                if word[i : i + 2] == best:
                    parts.append(word[i] + word[i + 1])
                    i += 2
                else:
                    parts.append(word[i])
                    i += 1
            joined[tuple(parts)] += count
        counts = joined
    return merges


def corpus(subjects, emoji_test, seed):
    """Sample captions of our subjects, and the names of all other emoji."""
    rng = random.Random(seed)
    lines = list(data.emoji_names(emoji_test))
    for subject in subjects:
        for background in data.BACKGROUNDS:
            lines += [data.caption(subject, background, rng) for _ in range(8)]
    return lines


def write_tokenizer(folder, subjects, emoji_test, seed):
    """Learn the vocabulary and write the tokenizer's four files."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    merges = learn_merges(count_words(corpus(subjects, emoji_test, seed)))
    letters = list(byte_characters().values())
    tokens = letters + [letter + "</w>" for letter in letters]
    tokens += [first + second for first, second in merges] + [START, END]
    assert len(set(tokens)) == len(tokens)

    def write(name, content):
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        (folder / name).write_text(text, encoding="utf-8")

    vocabulary = {token: i for i, token in enumerate(tokens)}
    text = json.dumps(vocabulary, ensure_ascii=False)
    (folder / "vocab.json").write_text(text + "\n", encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    special = {
        "bos_token": START,
        "eos_token": END,
        "pad_token": END,
        "unk_token": END,
    }
    write("special_tokens_map.json", special)
    write(
        "tokenizer_config.json",
        {
            "add_prefix_space": False,
            "do_lower_case": True,
            "errors": "replace",
            "model_max_length": LENGTH,
            "tokenizer_class": "CLIPTokenizer",
            **special,
        },
    )


def load_tokenizer(folder):
    """Load the tokenizer and see that it is whole."""
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    ids = encode(tokenizer, ["A red apple"])[0].tolist()
    assert len(ids) == LENGTH
    assert ids[0] == tokenizer.bos_token_id and ids[-1] == tokenizer.eos_token_id
    return tokenizer


def encode(tokenizer, captions):
    """Tokens of the captions, LENGTH each."""
    return tokenizer(
        captions,
        padding="max_length",
        max_length=LENGTH,
        truncation=True,
        return_tensors="pt",
    ).input_ids


def build_encoder(tokenizer):
    """A small CLIP text encoder."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=LENGTH,
        hidden_act="quick_gelu",
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(config)


def load_encoder(folder):
    """A trained text encoder from a model's folder."""
    return CLIPTextModel.from_pretrained(folder, torch_dtype=torch.float32)
