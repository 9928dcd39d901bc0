"""Writes the small models that fuzzing begins with: names and shapes of transformers and text encoders, and GGUF files of both
with blocks of 8 bits.

usage: python make_fuzz_models.py
"""

import json
from pathlib import Path

import gguf
import numpy
from safetensors import safe_open

FIXTURES = Path(__file__).resolve().parent.parent
FUZZ = FIXTURES / "fuzz"

T5 = {"q": "attn_q", "k": "attn_k", "v": "attn_v", "o": "attn_o", "wi_0": "ffn_gate", "wi_1": "ffn_up", "wo": "ffn_down",
      "relative_attention_bias": "attn_rel_b"}
QWEN3 = {"q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output", "q_norm": "attn_q_norm",
         "k_norm": "attn_k_norm", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
         "gate_proj": "ffn_gate", "up_proj": "ffn_up", "down_proj": "ffn_down"}
OTHERS = {"shared": "token_embd", "embed_tokens": "token_embd", "encoder.final_layer_norm": "enc.output_norm",
          "norm": "output_norm"}


def transformer(name):
    tensors = json.loads((FIXTURES / f"transformers/{name}.json").read_text())["tensors"]
    return {entry[0]: entry[1] for entry in tensors if "blocks.1." not in entry[0] and "layers.1." not in entry[0]}


def encoder(name, layer):
    shapes = {}
    for path in (FIXTURES / f"text-encoders/{name}").glob("model*.safetensors"):
        with safe_open(path, "np") as file:
            shapes |= {key: file.get_slice(key).get_shape() for key in file.keys()}
    others = [f"{layer}.{number}." for number in range(1, 9)]
    return {key: shape for key, shape in shapes.items() if not any(other in key for other in others)}


def llama_name(key):
    """As llama.cpp calls a weight of T5 or Qwen3."""
    parts = key.removesuffix(".weight").removeprefix("model.").split(".")
    if ".".join(parts) in OTHERS:
        return OTHERS[".".join(parts)] + ".weight"
    if parts[0] == "encoder":
        inner = "attn_norm" if parts[3:] == ["layer", "0", "layer_norm"] else "ffn_norm"
        return f"enc.blk.{parts[2]}.{T5.get(parts[-1], inner)}.weight"
    return f"blk.{parts[1]}.{QWEN3[parts[-1]]}.weight"


def write_gguf(name, architecture, shapes, narrow=lambda size: size):
    writer = gguf.GGUFWriter(FUZZ / f"gguf/{name}.gguf", architecture)
    generator = numpy.random.default_rng(1)
    for key, shape in sorted(shapes.items()):
        values = generator.standard_normal([narrow(size) for size in shape]).astype(numpy.float32)
        if values.ndim == 2 and values.shape[1] % 32 == 0:
            quantised = gguf.quantize(values, gguf.GGMLQuantizationType.Q8_0)
            writer.add_tensor(key, quantised, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
        else:
            writer.add_tensor(key, values.astype(numpy.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    models = {name: transformer(name) for name in ["flux", "flux2", "z-image"]}
    models |= {"t5": encoder("t5-tiny", "block"), "qwen3": encoder("qwen3-tiny", "layers")}
    for name, shapes in models.items():
        lines = [" ".join([key, *map(str, shape)]) for key, shape in sorted(shapes.items())]
        (FUZZ / "model" / name).write_text("\n".join(lines) + "\n")
    single = {key: shape for key, shape in models["flux2"].items() if "double_blocks" not in key}
    write_gguf("flux-model", "flux", single, lambda size: size // 48 * 32 if size % 48 == 0 else size)
    for name, architecture in [("t5", "t5encoder"), ("qwen3", "qwen3")]:
        shapes = {llama_name(key): shape for key, shape in models[name].items() if not key.startswith("lm_head")}
        write_gguf(f"{name}-model", architecture, shapes)


if __name__ == "__main__":
    main()
