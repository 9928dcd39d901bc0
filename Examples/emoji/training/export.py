"""Writes the model folder, in the layout of diffusers, in f16."""

import json
import os
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

from . import diffusion


def write_json(path, content):
    """Write one JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def write_weights(path, module, prefix=""):
    """Write a module's weights in f16."""
    state = {
        prefix + name: value.detach().to("cpu", torch.float16).contiguous()
        for name, value in module.state_dict().items()
        if not name.endswith("position_ids")
    }
    part = path.with_suffix(".part")
    save_file(state, part, metadata={"format": "pt"})
    part.chmod(0o644)
    os.replace(part, path)


# What of the text encoder's configuration says how it is built.
TEXT_KEYS = [
    "attention_dropout",
    "bos_token_id",
    "eos_token_id",
    "hidden_act",
    "hidden_size",
    "initializer_factor",
    "initializer_range",
    "intermediate_size",
    "layer_norm_eps",
    "max_position_embeddings",
    "model_type",
    "num_attention_heads",
    "num_hidden_layers",
    "pad_token_id",
    "projection_dim",
    "vocab_size",
]


def plain(config):
    """A configuration without its private and unset entries."""
    return {
        key: value
        for key, value in dict(config).items()
        if not key.startswith("_") and value is not None
    }


def model_folder(folder, autoencoder, model, tokenizer):
    """Write the whole model folder; `tokenizer` is the folder of its files."""
    folder = Path(folder)
    shutil.copytree(tokenizer, folder / "tokenizer", dirs_exist_ok=True)

    config = {"_class_name": "UNet2DConditionModel", **plain(model.unet.config)}
    write_json(folder / "unet/config.json", config)
    write_weights(folder / "unet/diffusion_pytorch_model.safetensors", model.unet)

    config = {"_class_name": "AutoencoderKL", **plain(autoencoder.config)}
    write_json(folder / "vae/config.json", config)
    write_weights(folder / "vae/diffusion_pytorch_model.safetensors", autoencoder)

    config = model.encoder.config.to_dict()
    config = {key: config[key] for key in TEXT_KEYS}
    config = {"architectures": ["CLIPTextModel"], **config, "torch_dtype": "float16"}
    write_json(folder / "text_encoder/config.json", config)
    # The names that the weights of Stable Diffusion have.
    names = list(model.encoder.state_dict())
    prefix = "" if names[0].startswith("text_model.") else "text_model."
    write_weights(folder / "text_encoder/model.safetensors", model.encoder, prefix)

    config = {"_class_name": "DDIMScheduler", **diffusion.SCHEDULER}
    write_json(folder / "scheduler/scheduler_config.json", config)

    write_json(
        folder / "model_index.json",
        {
            "_class_name": "StableDiffusionPipeline",
            "feature_extractor": [None, None],
            "requires_safety_checker": False,
            "safety_checker": [None, None],
            "scheduler": ["diffusers", "DDIMScheduler"],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        },
    )
