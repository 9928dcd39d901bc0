#!/usr/bin/env bash
# diffusers 0.42.1 (transformers 5.24.0, torch 2.15.0): clip_skip leaves out layers for the prompt, and for the negative prompt none.
#
# Guess:    clip_skip is a setting of the text encoder: both sides of the guidance are encoded alike, as A1111's and ComfyUI's are.
# Instead:  encode_prompt of StableDiffusionXLPipeline takes the layer before the last for the negative prompt, whatever clip_skip
#           says. With the same words on both sides the two differ.
# Output:   clip_skip 2 moves 'a cat' as prompt by 0.99 of its length, as negative prompt by 0.0.
# Matters:  a port that skips on both sides is right by the name and differs from diffusers at every step; a comparison with clip_skip
#           must encode the negative prompt without it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile diffusers==0.42.1 transformers==5.24.0 torch==2.15.0 numpy==2.4.6
"$work/venv/bin/python" -W ignore - "$work" 2> "$work/errors" <<'PY' || { cat "$work/errors" >&2; exit 1; }
import json, pathlib, sys
import torch
from diffusers import StableDiffusionXLPipeline
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

folder = pathlib.Path(sys.argv[1])
letters = [chr(c) for c in range(33, 127)]
vocabulary = letters + [letter + "</w>" for letter in letters] + ["<|startoftext|>", "<|endoftext|>"]
(folder / "vocab.json").write_text(json.dumps({token: index for index, token in enumerate(vocabulary)}))
(folder / "merges.txt").write_text("#version: 0.2\n")
tokenizer = CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77)
torch.manual_seed(0)
config = CLIPTextConfig(vocab_size=len(vocabulary), hidden_size=16, intermediate_size=32, num_hidden_layers=4,
                        num_attention_heads=2, projection_dim=16, bos_token_id=188, eos_token_id=189)
pipeline = StableDiffusionXLPipeline(
    vae=None, unet=None, scheduler=None, tokenizer=tokenizer, tokenizer_2=tokenizer,
    text_encoder=CLIPTextModel(config).eval(), text_encoder_2=CLIPTextModelWithProjection(config).eval())


def encode(skip):
    with torch.no_grad():
        return pipeline.encode_prompt(
            "a cat", device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=True, negative_prompt="a cat",
            clip_skip=skip)[:2]


(plain, plain_negative), (skipped, skipped_negative) = encode(None), encode(2)
moved = ((skipped - plain).norm() / plain.norm()).item()
print(f"clip_skip 2 moves 'a cat' as prompt by {moved:.2f}, as negative prompt by",
      (skipped_negative - plain_negative).abs().max().item())
assert moved > 0.1
assert torch.equal(plain, plain_negative) and torch.equal(skipped_negative, plain_negative)
PY
