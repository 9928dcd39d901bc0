"""Writes what diffusers computes with tiny seeded small autoencoders (AutoencoderTiny, TAESD) of 4 and 16 channels.

usage: python make_tiny.py

As make_vaes.py: NAME.json has the class's config and the tensors by diffusers' names; NAME.safetensors a picture, its latent, a
latent of another size and the picture it decodes to. TINY_VERSIONS records what wrote the files.
"""

import json
import platform
import sys
from pathlib import Path

import diffusers
import numpy
import safetensors
import torch
from diffusers import AutoencoderTiny
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "families"))
from make_families import numbers, size_of  # noqa: E402

CASES = {
    "taesd": dict(encoder_block_out_channels=[24] * 4, decoder_block_out_channels=[24] * 4),
    # Other numbers of levels and blocks, and what pipelines of FLUX ask for.
    "taef1": dict(
        latent_channels=16, encoder_block_out_channels=[20] * 3, decoder_block_out_channels=[20] * 3,
        num_encoder_blocks=[1, 2, 3], num_decoder_blocks=[2, 1, 1], scaling_factor=0.5, shift_factor=0.25),
}


def main():
    torch.set_num_threads(1)
    for case, config in CASES.items():
        vae = AutoencoderTiny(**config).eval()
        manifest, state = [], {}
        for name, value in vae.state_dict().items():
            entry = [name, list(value.shape), *size_of(name, list(value.shape))]
            manifest.append(entry)
            state[name] = numbers(*entry).float().reshape(value.shape)
        vae.load_state_dict(state)
        factor = 2 ** (len(vae.config.num_encoder_blocks) - 1)
        generator = torch.Generator().manual_seed(5)
        image = torch.randn(2, 3, 3 * factor, 5 * factor, generator=generator)
        latent = 2 * torch.randn(2, vae.config.latent_channels, 4, 3, generator=generator)
        scale, shift = vae.config.scaling_factor, vae.config.shift_factor
        with torch.no_grad():
            encoded = (vae.encode(image).latents - shift) * scale
            decoded = vae.decode(latent / scale + shift).sample
        lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in sorted(manifest))
        (HERE / f"{case}.json").write_text(
            f'{{"config": {json.dumps({"_class_name": "AutoencoderTiny"} | config)},\n"cases": [],\n"tensors": [\n{lines}\n],\n'
            f'"layout": {{}}}}\n')
        tensors = {"image": image, "encoded": encoded, "latent": latent, "decoded": decoded}
        save_file({name: value.contiguous() for name, value in tensors.items()}, HERE / f"{case}.safetensors")
        (HERE / f"{case}.safetensors").chmod(0o644)
    versions = {"python": platform.python_version()}
    for module in (torch, diffusers, safetensors, numpy):
        versions[module.__name__] = module.__version__
    (HERE / "TINY_VERSIONS").write_text("".join(f"{name} {version}\n" for name, version in versions.items()))


if __name__ == "__main__":
    main()
