"""Writes what ComfyUI 0.8.0 makes of prompts with tiny text encoders of SDXL, FLUX.1 and Z-Image.

usage: python make_texts.py ENCODERS RECORDED

ENCODERS has the encoders' files in transformers' names (clip-l-tiny, clip-g-tiny, t5-tiny, qwen3-tiny), RECORDED the tokens
with their weights (text.json) and what was made of them (text.safetensors). texts.json has prompts and tokens. In
texts.safetensors are the states and pooled vectors, and the encoders' weights, of vocabularies the rows that the prompts use:
ENCODER/NAME, and ENCODER/rows.
"""

import json
import sys
from pathlib import Path

import numpy
from safetensors.numpy import load_file, save_file

HERE = Path(__file__).resolve().parent
ENCODERS = {"l": "clip-l-tiny", "g": "clip-g-tiny", "t5xxl": "t5-tiny", "qwen3_4b": "qwen3-tiny"}
# Begin, end and padding.
ALWAYS = {"l": [49406, 49407], "g": [49406, 49407, 0], "t5xxl": [0, 1], "qwen3_4b": []}
TABLES = ["text_model.embeddings.token_embedding.weight", "shared.weight", "model.embed_tokens.weight"]


def main(encoders, recorded):
    cases = json.loads((Path(recorded) / "text.json").read_text())
    made = load_file(Path(recorded) / "text.safetensors")
    used = {name: set(ids) for name, ids in ALWAYS.items()}
    # Prompts that are recorded without their tokens have the words of others.
    prompts = {}
    for case, entry in cases.items():
        tokens = entry.get("tokens", {})
        for name, chunks in tokens.items():
            used[name] |= {token for chunk in chunks for token, _ in chunk}
        texts = [entry["text"]] if "text" in entry else [entry["text_l"], entry["text_g"]]
        prompts[case] = {"texts": texts, "tokens": tokens}
    tensors = {f"made/{name}": values for name, values in made.items()}
    for name, file in ENCODERS.items():
        rows = sorted(used[name])
        tensors[f"{name}/rows"] = numpy.array(rows, numpy.int64)
        for key, values in load_file(Path(encoders) / f"{file}.safetensors").items():
            tensors[f"{name}/{key}"] = values[rows] if key in TABLES else values
    save_file({name: numpy.ascontiguousarray(values) for name, values in tensors.items()}, HERE / "texts.safetensors")
    (HERE / "texts.json").write_text(json.dumps(prompts, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
