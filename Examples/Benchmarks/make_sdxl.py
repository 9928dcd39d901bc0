"""Writes a full-size SDXL base model with seeded random weights: one safetensors file in the original layout, f16, 6.9 GB.

usage: make_sdxl.py OUT.safetensors [SEED]

With --folder DIR also the configs and tokenizers that diffusers' from_single_file wants (config=DIR), from CLIP_TOKENIZER, a folder with
vocab.json and merges.txt: make_sdxl.py OUT.safetensors [SEED] --folder DIR CLIP_TOKENIZER
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tests/Fixtures/families"))
from make_families import SCHEDULER, open_clip_shapes, original_unet_name, original_vae_name  # noqa: E402

UNET = dict(
    sample_size=128, block_out_channels=(320, 640, 1280), layers_per_block=2, attention_head_dim=(5, 10, 20),
    cross_attention_dim=2048, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), use_linear_projection=True,
    transformer_layers_per_block=(1, 2, 10), addition_embed_type="text_time", addition_time_embed_dim=256,
    projection_class_embeddings_input_dim=2816)
VAE = dict(
    block_out_channels=(128, 256, 512, 512), down_block_types=("DownEncoderBlock2D",) * 4,
    up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=2, latent_channels=4, sample_size=1024,
    scaling_factor=0.13025)


def text_config(width, layers, heads, act, projection):
    return CLIPTextConfig(
        vocab_size=49408, hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers,
        num_attention_heads=heads, max_position_embeddings=77, hidden_act=act, projection_dim=projection, bos_token_id=0,
        eos_token_id=2)


def main():
    arguments = sys.argv[1:]
    folder = tokenizer = None
    if "--folder" in arguments:
        place = arguments.index("--folder")
        folder, tokenizer = map(Path, arguments[place + 1 : place + 3])
        del arguments[place : place + 3]
    torch.manual_seed(int(arguments[1]) if len(arguments) > 1 else 0)
    texts = {"text_encoder": text_config(768, 12, 12, "quick_gelu", 768),
             "text_encoder_2": text_config(1280, 32, 20, "gelu", 1280)}
    with torch.device("meta"):
        unet, vae = UNet2DConditionModel(**UNET), AutoencoderKL(**VAE)
        clip = CLIPTextModel(texts["text_encoder"])
    shapes = {}
    for name, value in unet.state_dict().items():
        shapes["model.diffusion_model." + original_unet_name(name, 2, [False, True, True])] = value.shape
    for name, value in vae.state_dict().items():
        shape = list(value.shape) + ([1, 1] if "attentions" in name and value.dim() == 2 else [])
        shapes["first_stage_model." + original_vae_name(name, 4)] = shape
    for name, value in clip.state_dict().items():
        shapes["conditioner.embedders.0.transformer.text_model." + name.removeprefix("text_model.")] = value.shape
    for name, shape in open_clip_shapes(1280, 32, 49408, 1280).items():
        shapes["conditioner.embedders.1.model." + name] = shape
    tensors = {}
    for name, shape in shapes.items():
        if len(shape) <= 1:
            # Norms near 1, biases near 0.
            is_bias = "bias" in name
            tensors[name] = ((0 if is_bias else 1) + 0.02 * torch.randn(list(shape))).half()
        else:
            inputs = torch.Size(shape[1:]).numel()
            tensors[name] = (torch.randn(list(shape)) * (0.02 if "embedding" in name else inputs**-0.5)).half()
    save_file(tensors, arguments[0])
    if folder is None:
        return
    for part, model in [("unet", unet), ("vae", vae)]:
        model.save_config(folder / part)
    for part, config in texts.items():
        config.save_pretrained(folder / part)
        shutil.copytree(tokenizer, folder / part.replace("text_encoder", "tokenizer"), dirs_exist_ok=True)
    EulerDiscreteScheduler(**SCHEDULER, timestep_spacing="leading").save_pretrained(folder / "scheduler")
    classes = {"text_encoder": CLIPTextModel, "text_encoder_2": CLIPTextModelWithProjection}
    index = {"_class_name": "StableDiffusionXLPipeline", "force_zeros_for_empty_prompt": True,
             "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"],
             "scheduler": ["diffusers", "EulerDiscreteScheduler"]}
    for part, cls in classes.items():
        index[part] = ["transformers", cls.__name__]
        index[part.replace("text_encoder", "tokenizer")] = ["transformers", "CLIPTokenizer"]
    (folder / "model_index.json").write_text(json.dumps(index, indent=1))


if __name__ == "__main__":
    main()
