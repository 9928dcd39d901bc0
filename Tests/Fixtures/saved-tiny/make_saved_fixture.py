"""Writes a model folder as `StableDiffusionPipeline.save_pretrained` does today, with what the pipeline makes of it.

usage: python make_saved_fixture.py      (torch 2.15.0, diffusers 0.42.1, transformers 5.24.0, tokenizers 0.23.3)

`model` is a tiny seeded model in f16. `expected.safetensors` holds `ids` and `states` of PROMPT, and `latents` of STEPS steps
with guidance, all computed in f32 of the weights as they were saved.
"""

import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import save_file
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

HERE = Path(__file__).resolve().parent
PROMPT, NEGATIVE, STEPS, GUIDANCE, SEED = "a red <Toy> on blue, and MyStyle apples", "blurry", 3, 5.0, 42
MERGES = ["r e", "re d</w>", "o n</w>", "b l", "bl u", "blu e</w>", "a n", "an d</w>", "a p", "ap p", "app l", "appl e", "apple s</w>"]


def tokenizer():
    symbols = sorted(ByteLevel.alphabet(), key=lambda one: (ord(one) > 255, one))
    pieces = symbols + [one + "</w>" for one in symbols] + [merge.replace(" ", "") for merge in MERGES]
    vocabulary = {piece: place for place, piece in enumerate([*pieces, "<|startoftext|>", "<|endoftext|>"])}
    made = CLIPTokenizer(vocab=vocabulary, merges=[tuple(merge.split(" ")) for merge in MERGES], model_max_length=77)
    made.add_tokens(["<Toy>", "MyStyle"])
    return made


def main():
    torch.manual_seed(0)
    words = tokenizer()
    sizes = dict(block_out_channels=(8,), layers_per_block=1, norm_num_groups=4)
    unet = UNet2DConditionModel(
        sample_size=8, down_block_types=("CrossAttnDownBlock2D",), up_block_types=("CrossAttnUpBlock2D",),
        cross_attention_dim=8, attention_head_dim=2, **sizes)
    vae = AutoencoderKL(down_block_types=("DownEncoderBlock2D",), up_block_types=("UpDecoderBlock2D",), **sizes)
    text = CLIPTextModel(CLIPTextConfig(
        vocab_size=len(words), hidden_size=8, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
        bos_token_id=words.bos_token_id, eos_token_id=words.eos_token_id, pad_token_id=words.pad_token_id))
    for part in (unet, vae, text):
        for weight in part.parameters():
            # A class's own start is nearly silent; this one moves the latents.
            weight.data = torch.randn_like(weight) * (0.5 if weight.dim() > 1 else 0.2) + (weight.dim() == 1) * 0.5
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="leading", steps_offset=1)
    pipe = StableDiffusionPipeline(
        vae=vae, text_encoder=text, tokenizer=words, unet=unet, scheduler=scheduler, safety_checker=None,
        feature_extractor=None, requires_safety_checker=False)
    shutil.rmtree(HERE / "model", ignore_errors=True)
    pipe.to(torch.float16).save_pretrained(HERE / "model")

    pipe = StableDiffusionPipeline.from_pretrained(HERE / "model", torch_dtype=torch.float32)
    ids = pipe.tokenizer(PROMPT, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    with torch.no_grad():
        states = pipe.text_encoder(ids).last_hidden_state
        latents = pipe(
            PROMPT, negative_prompt=NEGATIVE, num_inference_steps=STEPS, guidance_scale=GUIDANCE, height=8, width=8,
            generator=torch.Generator().manual_seed(SEED), output_type="latent").images
    print(ids[0, :24].tolist(), states.std(), latents.std())
    save_file({"ids": ids.float(), "states": states, "latents": latents}, HERE / "expected.safetensors")
    for path in sorted(HERE.rglob("*")):
        path.is_file() and path.chmod(0o644)


if __name__ == "__main__":
    main()
