"""Writes what Stable Diffusion 2 and SDXL compute when low-rank changes are merged into their weights by PyTorch.

usage: python make_lora_families.py

The models are those of ../families, whose numbers follow from names, and so do those of a module's factors, NAME.down and
NAME.up. families.json has modules as [name, rank, alpha, shape of the weight] in diffusers' names, after the part they
belong to; families.safetensors inputs, the UNet's output and the text encoders' states and pooled vector.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "families"))
from make_families import Family, numbers  # noqa: E402

UNET = {
    "sd2": ["down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q", "down_blocks.0.attentions.1.proj_in",
            "down_blocks.0.attentions.1.transformer_blocks.0.attn2.to_k", "mid_block.attentions.0.transformer_blocks.0.ff.net.2",
            "up_blocks.1.attentions.2.transformer_blocks.0.ff.net.0.proj", "down_blocks.0.resnets.1.conv1",
            "up_blocks.1.attentions.0.proj_out", "up_blocks.0.upsamplers.0.conv", "time_embedding.linear_1"],
    "sdxl": ["down_blocks.1.attentions.0.transformer_blocks.1.attn1.to_v", "down_blocks.1.attentions.0.proj_in",
             "mid_block.attentions.0.transformer_blocks.1.attn2.to_q", "up_blocks.0.attentions.1.transformer_blocks.0.attn2.to_out.0",
             "up_blocks.0.attentions.0.transformer_blocks.1.ff.net.0.proj", "up_blocks.1.resnets.0.conv_shortcut",
             "add_embedding.linear_2", "down_blocks.0.downsamplers.0.conv"],
}
TEXT = ["text_model.encoder.layers.0.self_attn.q_proj", "text_model.encoder.layers.1.self_attn.out_proj",
        "text_model.encoder.layers.0.mlp.fc1"]


def merge(model, part, names, name):
    found = []
    weights = dict(model.named_parameters())
    for index, module in enumerate(names):
        weight = weights.get(f"{module}.weight", weights.get(f"{module.removeprefix('text_model.')}.weight"))
        rank, alpha = 2 + index % 3, [1.0, 2.0, 6.0][index % 3]
        shape, key = list(weight.shape), f"{name}.{part}.{module}"
        down = numbers(f"{key}.down", [rank, *shape[1:]], 0.3, 0).float()
        up = numbers(f"{key}.up", [shape[0], rank], 0.3, 0).float()
        weight += (alpha / rank) * (up @ down.reshape(rank, -1)).reshape(shape)
        found.append([part, module, rank, alpha, shape])
    return found


def main():
    torch.set_num_threads(1)
    lists, outputs = {}, {}
    tokenizer = HERE.parent / "tokenizer/clip"
    with torch.no_grad():
        for name, cls in (("sd2", StableDiffusionPipeline), ("sdxl", StableDiffusionXLPipeline)):
            family = Family(name, tokenizer)
            pipeline = family.pipeline(cls)
            found = merge(pipeline.unet, "unet", UNET[name], name)
            for part in ("text_encoder", "text_encoder_2"):
                if getattr(pipeline, part, None) is not None:
                    found += merge(getattr(pipeline, part), part, TEXT, name)
            lists[name] = found
            generator = torch.Generator().manual_seed(7)
            latent = torch.randn(1, 4, 8, 12, generator=generator)
            if name == "sd2":
                states, added = pipeline.encode_prompt("a red apple", "cpu", 1, False)[0], None
            else:
                states, _, pooled, _ = pipeline.encode_prompt("a red apple", device="cpu", do_classifier_free_guidance=False)
                added = {"text_embeds": pooled, "time_ids": torch.tensor([[64.0, 96, 0, 0, 64, 96]])}
                outputs[f"{name}.pooled"] = pooled
            outputs[f"{name}.latent"], outputs[f"{name}.states"] = latent, states
            outputs[f"{name}.output"] = pipeline.unet(latent, 501, states, added_cond_kwargs=added).sample
            shutil.rmtree(family.folder)
    lines = ",\n".join(
        f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries) + "]"
        for name, entries in lists.items())
    (HERE / "families.json").write_text("{\n" + lines + "\n}\n")
    save_file({name: value.contiguous() for name, value in outputs.items()}, HERE / "families.safetensors")
    (HERE / "families.safetensors").chmod(0o644)


if __name__ == "__main__":
    main()
