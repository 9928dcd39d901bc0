"""Writes what PyTorch computes with a full-size model, for FullSizeTests, and prints how long it takes.

usage: python make_full_size.py MODEL OUT.safetensors [SIZE]       (SIZE in pixels, 512 by default)

Too large to commit. STEPGRAPH_FULL_SIZE_MODEL=MODEL and STEPGRAPH_FULL_SIZE_REFERENCE=OUT.safetensors turn the tests on.
"""

import resource
import sys
import time

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextModel


def timed(name, run):
    wall, processor = time.perf_counter(), time.process_time()
    result = run()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"{name}: {wall:.2f} s, {processor:.2f} s of processor time", flush=True)
    return result


def main():
    model, out = sys.argv[1:3]
    side = int(sys.argv[3]) // 8 if len(sys.argv) > 3 else 64
    torch.set_grad_enabled(False)
    torch.manual_seed(11)
    tensors = {}

    text = CLIPTextModel.from_pretrained(f"{model}/text_encoder", dtype=torch.float32).eval()
    ids = torch.randint(0, text.config.vocab_size, (1, text.config.max_position_embeddings))
    text(ids)
    tensors["text.ids"] = ids
    tensors["text.last_hidden_state"] = timed("text encoder", lambda: text(ids).last_hidden_state)
    del text

    unet = UNet2DConditionModel.from_pretrained(f"{model}/unet", torch_dtype=torch.float32).eval()
    latent = torch.randn(1, unet.config.in_channels, side, side)
    conditioning = torch.randn(1, 77, unet.config.cross_attention_dim)
    tensors["unet.latent"], tensors["unet.conditioning"] = latent, conditioning
    for _ in range(3):
        tensors["unet.output"] = timed("UNet", lambda: unet(latent, 500, conditioning).sample)
    del unet

    vae = AutoencoderKL.from_pretrained(f"{model}/vae", torch_dtype=torch.float32).eval()
    latent = torch.randn(1, vae.config.latent_channels, side, side)
    image = timed("VAE decode", lambda: vae.decode(latent / vae.config.scaling_factor).sample)
    moments = timed("VAE encode", lambda: vae.encode(image).latent_dist.parameters)
    tensors.update({"vae.latent": latent, "vae.image": image, "vae.moments": moments})
    save_file({name: value.contiguous() for name, value in tensors.items()}, out)
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
