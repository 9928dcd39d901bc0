"""Writes what diffusers computes with the tiny transformers when low-rank changes are merged into their weights by PyTorch.

usage: python make_loras.py

loras.json has, for the authors' names and for those of diffusers, modules as [name, rank, alpha, out, in]; the numbers
of a module's factors follow from their names, NAME.down and NAME.up, as those of weights do. loras.safetensors holds the
velocity of case 0 of each model for both.
"""

import json
from pathlib import Path

import torch
from make_transformers import CASES, RUNS, build, numbers
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent

ORIGINAL = {
    "flux": ["img_in", "txt_in", "time_in.in_layer", "vector_in.out_layer", "double_blocks.0.img_attn.qkv",
             "double_blocks.1.txt_attn.qkv", "double_blocks.1.txt_attn.proj", "double_blocks.0.img_mod.lin",
             "double_blocks.0.txt_mlp.2", "single_blocks.0.linear1", "single_blocks.1.linear2",
             "single_blocks.1.modulation.lin", "final_layer.linear", "final_layer.adaLN_modulation.1"],
    "flux2": ["img_in", "txt_in", "time_in.in_layer", "double_stream_modulation_img.lin", "single_stream_modulation.lin",
              "double_blocks.0.img_attn.qkv", "double_blocks.1.txt_attn.qkv", "double_blocks.0.img_mlp.0",
              "single_blocks.0.linear1", "single_blocks.1.linear2", "final_layer.linear",
              "final_layer.adaLN_modulation.1"],
    "z-image": ["layers.0.attention.qkv", "layers.1.attention.out", "noise_refiner.0.attention.qkv",
                "context_refiner.0.feed_forward.w2", "layers.0.feed_forward.w1", "layers.1.adaLN_modulation.0",
                "x_embedder", "cap_embedder.1", "final_layer.linear", "final_layer.adaLN_modulation.1",
                "t_embedder.mlp.0"],
}
DIFFUSERS = {
    "flux": ["x_embedder", "context_embedder", "time_text_embed.timestep_embedder.linear_1",
             "transformer_blocks.0.attn.to_q", "transformer_blocks.0.attn.add_k_proj", "transformer_blocks.1.attn.to_out.0",
             "transformer_blocks.1.ff.net.0.proj", "single_transformer_blocks.0.attn.to_v",
             "single_transformer_blocks.0.proj_mlp", "single_transformer_blocks.1.proj_out", "norm_out.linear", "proj_out"],
    "flux2": ["x_embedder", "double_stream_modulation_txt.linear", "transformer_blocks.0.attn.to_q",
              "transformer_blocks.1.attn.add_v_proj", "transformer_blocks.0.ff_context.linear_in",
              "single_transformer_blocks.0.attn.to_qkv_mlp_proj", "single_transformer_blocks.1.attn.to_out",
              "norm_out.linear"],
    "z-image": ["layers.0.attention.to_q", "layers.1.attention.to_out.0", "context_refiner.0.attention.to_v",
                "layers.0.feed_forward.w3", "all_final_layer.2-1.linear", "noise_refiner.0.adaLN_modulation.0"],
}


def change(name, rank, alpha, shape):
    down, up = numbers(f"{name}.down", [rank, shape[1]], 0.3, 0), numbers(f"{name}.up", [shape[0], rank], 0.3, 0)
    return (alpha / rank) * (up.float() @ down.float())


def modules(names, shapes):
    found = []
    for index, name in enumerate(names):
        rank = 2 + index % 3
        found.append([name, rank, [1.0, 2.0, 6.0, rank][index % 4], *shapes[f"{name}.weight"]])
    return found


def main():
    torch.set_num_threads(1)
    outputs, lists = {}, {}
    with torch.no_grad():
        for name in ORIGINAL:
            cls, config = CASES[name]
            for layout, names in (("original", ORIGINAL[name]), ("diffusers", DIFFUSERS[name])):
                model, config, manifest, joins = build(name)
                state = model.state_dict()
                shapes = {key: list(value.shape) for key, value in state.items()}
                if layout == "original":
                    shapes = {entry[0]: entry[1] for entry in manifest}
                chosen = modules(names, shapes)
                lists.setdefault(name, {})[layout] = chosen
                for module, rank, alpha, out, into in chosen:
                    delta = change(module, rank, alpha, [out, into])
                    if layout == "diffusers":
                        state[f"{module}.weight"] += delta
                        continue
                    if "adaLN_modulation.1" in module and name != "z-image":
                        shift, scale = delta.chunk(2)
                        delta = torch.cat([scale, shift])
                    first = 0
                    for part, rows in joins[f"{module}.weight"]:
                        state[part] += delta[first : first + rows]
                        first += rows
                model.load_state_dict(state)
                outputs[f"{name}.{layout}"] = RUNS[cls](model, config)[1]["0.output"].contiguous()
    lines = ",\n".join(
        f"{json.dumps(f'{name}.{layout}')}: [\n" + ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries) + "]"
        for name, layouts in lists.items() for layout, entries in layouts.items())
    (HERE / "loras.json").write_text("{\n" + lines + "\n}\n")
    save_file(outputs, HERE / "loras.safetensors")
    (HERE / "loras.safetensors").chmod(0o644)


if __name__ == "__main__":
    main()
