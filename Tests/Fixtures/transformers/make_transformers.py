"""Writes what diffusers computes with tiny transformers of FLUX.1, FLUX.2 and Z-Image, in one forward pass each.

usage: python make_transformers.py [CASE...]

Weights are not stored: a tensor's numbers follow from its name (`numbers` of ../families/make_families.py, and
`SeededModel` in the tests). For each case NAME.json has the class's config, the tensors that it names and those of the
authors' layout that they are made of; NAME.safetensors holds inputs and outputs in float32. VERSIONS records what wrote
the files.
"""

import json
import platform
import sys
from pathlib import Path

import diffusers
import numpy
import safetensors
import torch
from diffusers import Flux2KleinPipeline, FluxPipeline, ZImagePipeline
from diffusers.loaders.single_file_utils import (
    convert_flux2_transformer_checkpoint_to_diffusers, convert_flux_transformer_checkpoint_to_diffusers,
    convert_z_image_transformer_checkpoint_to_diffusers)
from diffusers.models import FluxTransformer2DModel, Flux2Transformer2DModel, ZImageTransformer2DModel
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "families"))
from make_families import numbers  # noqa: E402

FLUX = dict(num_layers=2, num_single_layers=2, attention_head_dim=16, num_attention_heads=3, in_channels=16,
            joint_attention_dim=40, pooled_projection_dim=24, axes_dims_rope=[4, 6, 6])
FLUX2 = dict(num_layers=2, num_single_layers=2, attention_head_dim=16, num_attention_heads=3, in_channels=24,
             joint_attention_dim=40, axes_dims_rope=[4, 4, 4, 4], guidance_embeds=False)
ZIMAGE = dict(in_channels=4, dim=48, n_layers=2, n_refiner_layers=1, n_heads=3, n_kv_heads=3, cap_feat_dim=40,
              axes_dims=[4, 6, 6], axes_lens=[96, 64, 64])

CASES = {
    "flux": (FluxTransformer2DModel, FLUX | dict(guidance_embeds=False)),
    "flux-guidance": (FluxTransformer2DModel, FLUX | dict(
        guidance_embeds=True, num_layers=1, num_single_layers=1, attention_head_dim=32, num_attention_heads=2,
        axes_dims_rope=[4, 14, 14])),
    # 64 channels of a mask, and with it or alone as many of a picture as the latent has.
    "flux-fill": (FluxTransformer2DModel, FLUX | dict(guidance_embeds=True, in_channels=288, out_channels=16)),
    "flux-control": (FluxTransformer2DModel, FLUX | dict(guidance_embeds=True, in_channels=32, out_channels=16)),
    "flux-kontext": (FluxTransformer2DModel, FLUX | dict(guidance_embeds=True)),
    "flux2": (Flux2Transformer2DModel, FLUX2),
    "flux2-guidance": (Flux2Transformer2DModel, FLUX2 | dict(
        guidance_embeds=True, num_layers=1, num_single_layers=1, attention_head_dim=24, num_attention_heads=2,
        axes_dims_rope=[6, 6, 6, 6])),
    "z-image": (ZImageTransformer2DModel, ZIMAGE),
    "z-image-wide": (ZImageTransformer2DModel, ZIMAGE | dict(
        dim=96, n_layers=1, n_heads=3, axes_dims=[8, 12, 12], cap_feat_dim=24)),
}


def size_of(name, shape):
    """The scale and offset of a tensor's numbers: about what training leaves."""
    if "norm" in name.split(".")[-2:][0] and len(shape) == 1 or name.endswith(".scale") or name == "cap_embedder.0.weight":
        return 0.25, 1.0
    if name.endswith("bias"):
        return 0.1, 0.0
    if name.endswith("pad_token"):
        return 1.0, 0.0
    return round(1.6 * (1 / shape[-1]) ** 0.5, 5), 0.0


# ---------------------------------------------------------------------------------------------- the authors' names


def flux_original(names):
    """The authors' name of each tensor of FLUX.1, with the tensors that one joins."""
    joined = {}
    for name in names:
        stem, kind = name.rsplit(".", 1)
        parts = stem.split(".")
        fixed = {
            "x_embedder": "img_in", "context_embedder": "txt_in", "proj_out": "final_layer.linear",
            "norm_out.linear": "final_layer.adaLN_modulation.1"}
        embed = {"timestep_embedder": "time_in", "guidance_embedder": "guidance_in", "text_embedder": "vector_in"}
        order = 0
        if stem in fixed:
            new = f"{fixed[stem]}.{kind}"
        elif parts[0] == "time_text_embed":
            new = f"{embed[parts[1]]}.{'in_layer' if parts[2] == 'linear_1' else 'out_layer'}.{kind}"
        elif parts[0] == "transformer_blocks":
            inner = ".".join(parts[2:])
            qkv = {"attn.to_q": ("img", 0), "attn.to_k": ("img", 1), "attn.to_v": ("img", 2),
                   "attn.add_q_proj": ("txt", 0), "attn.add_k_proj": ("txt", 1), "attn.add_v_proj": ("txt", 2)}
            norms = {"attn.norm_q": "img_attn.norm.query_norm", "attn.norm_k": "img_attn.norm.key_norm",
                     "attn.norm_added_q": "txt_attn.norm.query_norm", "attn.norm_added_k": "txt_attn.norm.key_norm"}
            rest = {"norm1.linear": "img_mod.lin", "norm1_context.linear": "txt_mod.lin", "attn.to_out.0": "img_attn.proj",
                    "attn.to_add_out": "txt_attn.proj", "ff.net.0.proj": "img_mlp.0", "ff.net.2": "img_mlp.2",
                    "ff_context.net.0.proj": "txt_mlp.0", "ff_context.net.2": "txt_mlp.2"}
            if inner in qkv:
                stream, order = qkv[inner]
                new = f"double_blocks.{parts[1]}.{stream}_attn.qkv.{kind}"
            elif inner in norms:
                new = f"double_blocks.{parts[1]}.{norms[inner]}.scale"
            else:
                new = f"double_blocks.{parts[1]}.{rest[inner]}.{kind}"
        else:
            inner = ".".join(parts[2:])
            fused = {"attn.to_q": 0, "attn.to_k": 1, "attn.to_v": 2, "proj_mlp": 3}
            rest = {"norm.linear": "modulation.lin", "proj_out": "linear2"}
            norms = {"attn.norm_q": "norm.query_norm.scale", "attn.norm_k": "norm.key_norm.scale"}
            if inner in fused:
                order = fused[inner]
                new = f"single_blocks.{parts[1]}.linear1.{kind}"
            elif inner in norms:
                new = f"single_blocks.{parts[1]}.{norms[inner]}"
            else:
                new = f"single_blocks.{parts[1]}.{rest[inner]}.{kind}"
        joined.setdefault(new, []).append((order, name))
    return {new: [name for _, name in sorted(parts)] for new, parts in joined.items()}


def flux2_original(names):
    joined = {}
    for name in names:
        stem, kind = name.rsplit(".", 1)
        parts = stem.split(".")
        fixed = {
            "x_embedder": "img_in", "context_embedder": "txt_in", "proj_out": "final_layer.linear",
            "norm_out.linear": "final_layer.adaLN_modulation.1"}
        embed = {"timestep_embedder": "time_in", "guidance_embedder": "guidance_in"}
        order = 0
        if stem in fixed:
            new = f"{fixed[stem]}.{kind}"
        elif parts[0] == "time_guidance_embed":
            new = f"{embed[parts[1]]}.{'in_layer' if parts[2] == 'linear_1' else 'out_layer'}.{kind}"
        elif parts[0].endswith(("modulation_img", "modulation_txt", "stream_modulation")):
            new = f"{parts[0]}.lin.{kind}"
        elif parts[0] == "transformer_blocks":
            inner = ".".join(parts[2:])
            qkv = {"attn.to_q": ("img", 0), "attn.to_k": ("img", 1), "attn.to_v": ("img", 2),
                   "attn.add_q_proj": ("txt", 0), "attn.add_k_proj": ("txt", 1), "attn.add_v_proj": ("txt", 2)}
            rest = {"attn.norm_q": "img_attn.norm.query_norm.scale", "attn.norm_k": "img_attn.norm.key_norm.scale",
                    "attn.norm_added_q": "txt_attn.norm.query_norm.scale",
                    "attn.norm_added_k": "txt_attn.norm.key_norm.scale", "attn.to_out.0": "img_attn.proj.weight",
                    "attn.to_add_out": "txt_attn.proj.weight", "ff.linear_in": "img_mlp.0.weight",
                    "ff.linear_out": "img_mlp.2.weight", "ff_context.linear_in": "txt_mlp.0.weight",
                    "ff_context.linear_out": "txt_mlp.2.weight"}
            if inner in qkv:
                stream, order = qkv[inner]
                new = f"double_blocks.{parts[1]}.{stream}_attn.qkv.{kind}"
            else:
                new = f"double_blocks.{parts[1]}.{rest[inner]}"
        else:
            inner = ".".join(parts[2:])
            rest = {"attn.to_qkv_mlp_proj": "linear1.weight", "attn.to_out": "linear2.weight",
                    "attn.norm_q": "norm.query_norm.scale", "attn.norm_k": "norm.key_norm.scale"}
            new = f"single_blocks.{parts[1]}.{rest[inner]}"
        joined.setdefault(new, []).append((order, name))
    return {new: [name for _, name in sorted(parts)] for new, parts in joined.items()}


def zimage_original(names):
    joined = {}
    for name in names:
        new, order = name.replace("all_x_embedder.2-1.", "x_embedder.").replace("all_final_layer.2-1.", "final_layer."), 0
        for old, place in [("to_q", 0), ("to_k", 1), ("to_v", 2)]:
            if f".attention.{old}." in new:
                new, order = new.replace(f".attention.{old}.", ".attention.qkv."), place
        for old, orig in [("norm_q", "q_norm"), ("norm_k", "k_norm"), ("to_out.0", "out")]:
            new = new.replace(f".attention.{old}.", f".attention.{orig}.")
        joined.setdefault(new, []).append((order, name))
    return {new: [name for _, name in sorted(parts)] for new, parts in joined.items()}


LAYOUTS = {
    FluxTransformer2DModel: (flux_original, convert_flux_transformer_checkpoint_to_diffusers),
    Flux2Transformer2DModel: (flux2_original, convert_flux2_transformer_checkpoint_to_diffusers),
    ZImageTransformer2DModel: (zimage_original, convert_z_image_transformer_checkpoint_to_diffusers),
}


# ---------------------------------------------------------------------------------------------- cases


def build(name):
    cls, config = CASES[name]
    model = cls(**config).eval()
    shapes = {key: list(value.shape) for key, value in model.state_dict().items()}
    joins, convert = LAYOUTS[cls]
    manifest, original, layout = [], {}, {}
    for new, parts in sorted(joins(shapes).items()):
        shape = [sum(shapes[part][0] for part in parts), *shapes[parts[0]][1:]]
        entry = [new, shape, *size_of(new, shape)]
        manifest.append(entry)
        original[new] = numbers(*entry).float()
        layout[new] = [[part, shapes[part][0]] for part in parts]
    # diffusers' converter splits FLUX.1's linear1 by the published width.
    if cls is FluxTransformer2DModel:
        converted = {}
        for new, parts in layout.items():
            first = 0
            for part, rows in parts:
                converted[part] = original[new][first : first + rows]
                first += rows
            if "adaLN" in new:
                shift, scale = original[new].chunk(2)
                converted[parts[0][0]] = torch.cat([scale, shift])
    else:
        converted = convert(dict(original))
    model.load_state_dict(converted)
    return model, config, manifest, layout


def randn(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def run_flux(model, config, with_references=False):
    channels = config.get("out_channels", config["in_channels"]) // 4
    beside = config["in_channels"] // 4 - channels
    cases, tensors = [], {}
    for index, (n, texts, height, width, time, guidance) in enumerate(
            [(1, 1, 6, 10, 1000.0, None), (2, 2, 8, 4, 759.511, 3.5), (2, 1, 2, 2, 12.5, 1.0)]):
        # What is left out is the pipeline's default.
        told = None if not config["guidance_embeds"] else 3.5 if guidance is None else guidance
        guidance = guidance if config["guidance_embeds"] else None
        latent = randn(n, channels, height, width, seed=index)
        states = randn(texts, 7 + index, config["joint_attention_dim"], seed=10 + index)
        pooled = randn(texts, config["pooled_projection_dim"], seed=20 + index)
        t = torch.tensor(time, dtype=torch.float32).expand(n)
        packed = FluxPipeline._pack_latents(latent, n, channels, height, width)
        ids = FluxPipeline._prepare_latent_image_ids(n, height // 2, width // 2, "cpu", torch.float32)
        if beside:
            # As FluxFillPipeline packs picture and mask, each by itself, and FluxControlPipeline the picture.
            concat = randn(1 if index == 1 else n, beside, height, width, seed=30 + index)
            whole = concat.expand(n, -1, -1, -1)
            parts = [whole[:, :channels], whole[:, channels:]] if beside > channels else [whole]
            packed = torch.cat([packed] + [
                FluxPipeline._pack_latents(part, n, part.shape[1], height, width) for part in parts], dim=2)
            tensors[f"{index}.concat"] = concat
        if with_references:
            # As FluxKontextPipeline's prepare_latents.
            rows, columns = [(4, 6), (2, 8), (6, 2)][index]
            reference = randn(1 if index == 1 else n, channels, rows, columns, seed=40 + index)
            tokens = FluxPipeline._pack_latents(reference.expand(n, -1, -1, -1), n, channels, rows, columns)
            places = FluxPipeline._prepare_latent_image_ids(n, rows // 2, columns // 2, "cpu", torch.float32)
            places[..., 0] = 1
            packed, ids = torch.cat([packed, tokens], dim=1), torch.cat([ids, places])
            tensors[f"{index}.reference.0"] = reference
        out = model(
            hidden_states=packed, timestep=t / 1000,
            guidance=None if told is None else torch.full([n], told), pooled_projections=pooled.expand(n, -1),
            encoder_hidden_states=states.expand(n, -1, -1), txt_ids=torch.zeros(states.shape[1], 3),
            img_ids=ids).sample[:, : height * width // 4]
        tensors |= {f"{index}.latent": latent, f"{index}.states": states, f"{index}.pooled": pooled,
                    f"{index}.output": FluxPipeline._unpack_latents(out, height * 8, width * 8, 8)}
        cases.append({"time": time, "guidance": guidance, "references": int(with_references)})
    return cases, tensors


def run_flux2(model, config):
    cases, tensors = [], {}
    for index, (n, texts, height, width, time, references) in enumerate(
            [(1, 1, 3, 5, 1000.0, []), (2, 2, 4, 2, 759.511, []), (1, 1, 3, 4, 967.384, [(2, 3), (4, 2)]),
             (2, 1, 2, 2, 12.5, [(1, 3)])]):
        latent = randn(n, config["in_channels"], height, width, seed=index)
        states = randn(texts, 7 + index, config["joint_attention_dim"], seed=10 + index)
        pictures = [randn(1, config["in_channels"], *size, seed=30 + place) for place, size in enumerate(references)]
        hidden, ids = Flux2KleinPipeline._pack_latents(latent), Flux2KleinPipeline._prepare_latent_ids(latent)
        if pictures:
            packed = torch.cat([Flux2KleinPipeline._pack_latents(picture)[0] for picture in pictures])
            hidden = torch.cat([hidden, packed[None].expand(n, -1, -1)], dim=1)
            ids = torch.cat([ids, Flux2KleinPipeline._prepare_image_ids(pictures).expand(n, -1, -1)], dim=1)
        guidance = 4.0 if config["guidance_embeds"] else None
        states_all = states.expand(n, -1, -1)
        t = torch.tensor(time, dtype=torch.float32).expand(n)
        out = model(
            hidden_states=hidden, timestep=t / 1000, guidance=None if guidance is None else torch.full([n], guidance),
            encoder_hidden_states=states_all, txt_ids=Flux2KleinPipeline._prepare_text_ids(states_all), img_ids=ids).sample
        out = out[:, : height * width].permute(0, 2, 1).reshape(n, -1, height, width)
        tensors |= {f"{index}.latent": latent, f"{index}.states": states, f"{index}.output": out}
        tensors |= {f"{index}.reference.{place}": picture for place, picture in enumerate(pictures)}
        cases.append({"time": time, "guidance": guidance, "references": len(pictures)})
    return cases, tensors


def run_zimage(model, config):
    cases, tensors = [], {}
    for index, (n, lengths, height, width, time) in enumerate(
            [(1, [5], 6, 10, 1000.0), (2, [32, 32], 8, 16, 900.0), (2, [33, 7], 12, 6, 12.5)]):
        latent = randn(n, config["in_channels"], height, width, seed=index)
        texts = [randn(length, config["cap_feat_dim"], seed=10 + place) for place, length in enumerate(lengths)]
        t = (1000 - torch.tensor(time, dtype=torch.float32).expand(n)) / 1000
        out = model(list(latent.unsqueeze(2).unbind(0)), t, texts)[0]
        out = -torch.stack([value.float() for value in out]).squeeze(2)
        tensors |= {f"{index}.latent": latent, f"{index}.output": out}
        tensors |= {f"{index}.states.{place}": text[None] for place, text in enumerate(texts)}
        cases.append({"time": time, "guidance": None, "references": 0})
    return cases, tensors


RUNS = {FluxTransformer2DModel: run_flux, Flux2Transformer2DModel: run_flux2, ZImageTransformer2DModel: run_zimage}


def main():
    torch.set_num_threads(1)
    with torch.no_grad():
        for name in sys.argv[1:] or CASES:
            model, config, manifest, layout = build(name)
            more = dict(with_references=True) if name == "flux-kontext" else {}
            cases, tensors = RUNS[type(model)](model, config, **more)
            keys = {"_class_name": type(model).__name__} | config
            lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in manifest)
            parts = ",\n".join(
                f"{json.dumps(new)}: {json.dumps(entry, separators=(',', ':'))}" for new, entry in layout.items())
            (HERE / f"{name}.json").write_text(
                f'{{"config": {json.dumps(keys)},\n"cases": {json.dumps(cases)},\n"tensors": [\n{lines}\n],\n'
                f'"layout": {{\n{parts}\n}}}}\n')
            save_file({key: value.contiguous() for key, value in tensors.items()}, HERE / f"{name}.safetensors")
    versions = {"python": platform.python_version()}
    for module in (torch, diffusers, safetensors, numpy):
        versions[module.__name__] = module.__version__
    (HERE / "VERSIONS").write_text("".join(f"{name} {version}\n" for name, version in versions.items()))


if __name__ == "__main__":
    main()
