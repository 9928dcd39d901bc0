"""Writes what diffusers computes with tiny autoencoders of 16 channels (FLUX.1, Z-Image) and of FLUX.2.

usage: python make_vaes.py

As ../transformers/make_transformers.py: NAME.json has the class's config, the tensors by their original names and the names
of diffusers' layout; NAME.safetensors a picture, its latent as the pipelines make it (the mean of the distribution, in the
denoiser's scale), a latent of another size and the picture it decodes to. VERSIONS records what wrote the files.
"""

import json
import platform
import sys
from pathlib import Path

import diffusers
import numpy
import safetensors
import torch
from diffusers import AutoencoderKL, AutoencoderKLFlux2, Flux2KleinPipeline
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "families"))
from make_families import numbers, original_vae_name, size_of  # noqa: E402

LEVELS = dict(block_out_channels=[32, 32, 64], down_block_types=["DownEncoderBlock2D"] * 3,
              up_block_types=["UpDecoderBlock2D"] * 3, layers_per_block=1)
CASES = {
    "sixteen": (AutoencoderKL, LEVELS | dict(
        latent_channels=16, use_quant_conv=False, use_post_quant_conv=False, scaling_factor=0.3611, shift_factor=0.1159)),
    "flux2": (AutoencoderKLFlux2, LEVELS | dict(latent_channels=4)),
    "flux2-small-decoder": (AutoencoderKLFlux2, LEVELS | dict(
        latent_channels=4, decoder_block_out_channels=[32, 32, 32])),
}


def original_name(name):
    if name.startswith("quant_conv."):
        return "encoder." + name
    if name.startswith("post_quant_conv."):
        return "decoder." + name
    return original_vae_name(name, 3)


def scale_of(name, shape):
    return (0.5, 1.0) if name == "bn.running_var" else (0.3, 0.0) if name == "bn.running_mean" else size_of(name, shape)


def main():
    torch.set_num_threads(1)
    for case, (cls, config) in CASES.items():
        vae = cls(**config).eval()
        manifest, layout, state = [], {}, {}
        for name, value in vae.state_dict().items():
            if name.endswith("num_batches_tracked"):
                state[name] = value
                continue
            new, shape = original_name(name), list(value.shape)
            if "attentions" in name and len(shape) == 2:
                shape += [1, 1]
            entry = [new, shape, *scale_of(new, shape)]
            manifest.append(entry)
            layout[new] = [[name, shape[0]]]
            state[name] = numbers(*entry).float().reshape(value.shape)
        vae.load_state_dict(state)
        is_flux2 = cls is AutoencoderKLFlux2
        generator = torch.Generator().manual_seed(5)
        image = torch.randn(2, 3, 16, 24, generator=generator)
        latent = torch.randn(2, config["latent_channels"] * (4 if is_flux2 else 1), 3, 2, generator=generator)
        with torch.no_grad():
            mean = vae.encode(image).latent_dist.mode()
            if is_flux2:
                center = vae.bn.running_mean.view(1, -1, 1, 1)
                deviation = torch.sqrt(vae.bn.running_var.view(1, -1, 1, 1) + vae.config.batch_norm_eps)
                encoded = (Flux2KleinPipeline._patchify_latents(mean) - center) / deviation
                own = Flux2KleinPipeline._unpatchify_latents(latent * deviation + center)
            else:
                encoded = (mean - vae.config.shift_factor) * vae.config.scaling_factor
                own = latent / vae.config.scaling_factor + vae.config.shift_factor
            decoded = vae.decode(own).sample
        lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in sorted(manifest))
        parts = ",\n".join(
            f"{json.dumps(new)}: {json.dumps(entry, separators=(',', ':'))}" for new, entry in sorted(layout.items()))
        (HERE / f"{case}.json").write_text(
            f'{{"config": {json.dumps({"_class_name": cls.__name__} | config)},\n"cases": [],\n"tensors": [\n{lines}\n],\n'
            f'"layout": {{\n{parts}\n}}}}\n')
        tensors = {"image": image, "encoded": encoded, "latent": latent, "decoded": decoded}
        save_file({name: value.contiguous() for name, value in tensors.items()}, HERE / f"{case}.safetensors")
        (HERE / f"{case}.safetensors").chmod(0o644)
    versions = {"python": platform.python_version()}
    for module in (torch, diffusers, safetensors, numpy):
        versions[module.__name__] = module.__version__
    (HERE / "VERSIONS").write_text("".join(f"{name} {version}\n" for name, version in versions.items()))


if __name__ == "__main__":
    main()
