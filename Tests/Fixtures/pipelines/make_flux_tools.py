"""Writes what diffusers' pipelines of FLUX.1 Tools and FLUX.1 Kontext draw with tiny models, step by step: flux-fill, flux-control
and flux-kontext, in the form of make_pipelines.py, whose text encoders they have.

usage: python make_flux_tools.py CLIP_TOKENIZER T5_TOKENIZER_JSON      (FLUX_TOOLS_VERSIONS records what wrote the files)

The pictures are landscape-64x48.png, square-64x48.png and mask.png of make_unets.py. The pipelines encode pictures as the means of
the VAE's posterior here, where they draw samples, so that the only noise is the start's.
"""

import platform
import sys

import diffusers
import numpy as np
import torch
import transformers
from diffusers import (
    AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxControlPipeline, FluxFillPipeline, FluxKontextPipeline,
    FluxTransformer2DModel)
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from PIL import Image
from transformers import CLIPTokenizer

from make_pipelines import DEV, FLUX, HERE, PROMPT, Family, flux_encoders, t5_tokenizer
from make_pipelines import VAE as THREE_LEVELS

VAE = THREE_LEVELS | dict(block_out_channels=[32, 32, 32, 64], down_block_types=["DownEncoderBlock2D"] * 4,
                          up_block_types=["UpDecoderBlock2D"] * 4)
# What the models see beside the latent's 64 numbers of a token: a picture's 64, and 8 x 8 x 4 of a mask.
CASES = {
    "flux-fill": (FluxFillPipeline, dict(in_channels=384, out_channels=64)),
    "flux-control": (FluxControlPipeline, dict(in_channels=128, out_channels=64)),
    "flux-kontext": (FluxKontextPipeline, {}),
}
# steps, width, height, batch, guidance
RUNS = {
    "flux-fill": [(4, 64, 48, 1, 30.0), (3, 64, 48, 2, 7.5)],
    "flux-control": [(4, 64, 48, 1, 10.0), (3, 64, 48, 2, 3.5)],
    "flux-kontext": [(4, 64, 48, 1, 2.5), (3, 32, 80, 2, 3.5)],
}


def picture(name):
    return Image.open(HERE / f"{name}.png").convert("RGB")


def arguments(name, width, height):
    if name == "flux-fill":
        return dict(image=picture("landscape-64x48"), mask_image=Image.open(HERE / "mask.png"))
    if name == "flux-control":
        return dict(control_image=picture("square-64x48"))
    # The picture as it is, and the size that is asked for.
    return dict(image=picture("landscape-64x48"), _auto_resize=False, max_area=width * height)


def write(name, encoders, tokenizers):
    cls, config = CASES[name]
    family = Family(name, dict(
        _class_name=cls.__name__, transformer=["diffusers", "FluxTransformer2DModel"],
        vae=["diffusers", "AutoencoderKL"], scheduler=["diffusers", "FlowMatchEulerDiscreteScheduler"]))
    family.parts["scheduler"] = dict(config={"_class_name": "FlowMatchEulerDiscreteScheduler"} | DEV)
    pipeline = cls(
        scheduler=FlowMatchEulerDiscreteScheduler(**DEV), vae=family.part("vae", AutoencoderKL(**VAE)),
        text_encoder=encoders[0], tokenizer=tokenizers[0], text_encoder_2=encoders[1], tokenizer_2=tokenizers[1],
        transformer=family.part("transformer", FluxTransformer2DModel(**FLUX | config | dict(guidance_embeds=True))))
    pipeline.set_progress_bar_config(disable=True)
    for index, (steps, width, height, batch, guidance) in enumerate(RUNS[name]):
        family.run(
            f"{steps}-steps", pipeline,
            lambda packed, height=height, width=width: cls._unpack_latents(packed, height, width, 8),
            prompt=PROMPT, num_inference_steps=steps, width=width, height=height, guidance_scale=guidance,
            max_sequence_length=64, seed=90 + index, batch=batch, kept=list(range(steps)),
            params=dict(steps=steps, guidance=guidance, length=64, prompt=PROMPT)
            | (dict(width=width, height=height) if name == "flux-kontext" else {}),
            **arguments(name, width, height))
    family.write()


if __name__ == "__main__":
    torch.set_num_threads(1)
    DiagonalGaussianDistribution.sample = lambda self, generator=None: self.mode()
    tokenizers = (CLIPTokenizer.from_pretrained(sys.argv[1]), t5_tokenizer(sys.argv[2]))
    with torch.no_grad():
        encoders = flux_encoders()
        for name in CASES:
            write(name, encoders, tokenizers)
    versions = {module.__name__: module.__version__ for module in (torch, transformers, diffusers, np)}
    (HERE / "FLUX_TOOLS_VERSIONS").write_text(
        "".join(f"{name} {version}\n" for name, version in {"python": platform.python_version(), **versions}.items()))
