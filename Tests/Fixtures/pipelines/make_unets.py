"""Writes what diffusers' pipelines of UNets draw with tiny models that see more than a latent, step by step: inpaint,
inpaint-nine, pix2pix, controlnet, controlnet-sd2, controlnet-sdxl and adapter, in the form of make_pipelines.py.

usage: python make_unets.py [inpaint pix2pix control adapters]      (UNETS_VERSIONS records what wrote the files)

controlnet-names.json has the authors' names of the ControlNets' tensors, which diffusers' own converter takes back.

There are no text encoders: NAME.safetensors also has the states that stand for a prompt and a negative prompt and, for SDXL,
pooled vectors. mask.png is white where the inpainting pipelines draw, with sides between cells of the latent. These
encode pictures as the means of the VAE's posterior here, where they draw samples, so that the only noise is the start's.
"""

import json
import platform
import re
import sys

import diffusers
import numpy as np
import torch
from diffusers import (
    AutoencoderKL, ControlNetModel, DDIMScheduler, StableDiffusionAdapterPipeline, StableDiffusionControlNetPipeline,
    StableDiffusionInpaintPipeline, StableDiffusionInstructPix2PixPipeline, StableDiffusionXLAdapterPipeline,
    StableDiffusionXLControlNetPipeline, T2IAdapter, UNet2DConditionModel)
from PIL import Image

from make_pipelines import HERE, Family
from make_families import original_unet_name
from make_pipelines import LEVELS as VAE_LEVELS
from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint
from diffusers.pipelines.stable_diffusion import pipeline_stable_diffusion_inpaint as inpainting

LEVELS = dict(block_out_channels=(32, 64), layers_per_block=1, attention_head_dim=8, cross_attention_dim=24,
              down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"))
UP = dict(up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"))
# Heads of 64, and numbers of 256, are what a file's weights tell of every published model.
SD2_LEVELS = dict(block_out_channels=(64, 128), layers_per_block=1, attention_head_dim=(1, 2), cross_attention_dim=24,
                  down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), use_linear_projection=True)
XL_LEVELS = dict(block_out_channels=(64, 128), layers_per_block=1, attention_head_dim=(1, 2), cross_attention_dim=24,
                 down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), use_linear_projection=True,
                 transformer_layers_per_block=(1, 2), addition_embed_type="text_time", addition_time_embed_dim=256,
                 projection_class_embeddings_input_dim=16 + 6 * 256)
XL_UP = dict(up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"))
VAE = dict(block_out_channels=(32, 32, 32, 32), down_block_types=("DownEncoderBlock2D",) * 4,
           up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=1, latent_channels=4, scaling_factor=0.18215)
SCHEDULER = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", num_train_timesteps=1000,
                 steps_offset=1, clip_sample=False, set_alpha_to_one=False)
WIDTH, HEIGHT, STEPS, SEED = 64, 48, 4, 42


def picture(name):
    return Image.open(HERE / f"{name}.png").convert("RGB").resize((WIDTH, HEIGHT), Image.NEAREST)


def write_mask():
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
    pixels[11:37, 13:50] = 255
    pixels[20:28, 40:] = 255
    Image.fromarray(pixels).save(HERE / "mask.png", optimize=True)
    for name in ("landscape", "square"):
        picture(name).save(HERE / f"{name}-{WIDTH}x{HEIGHT}.png", optimize=True)


class Case(Family):
    def __init__(self, name, channels=4, xl=False, levels=LEVELS, scheduler=SCHEDULER):
        super().__init__(name, {"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"],
                                "vae": ["diffusers", "AutoencoderKL"], "scheduler": ["diffusers", "DDIMScheduler"]})
        levels, up = (XL_LEVELS, XL_UP) if xl else (levels, UP)
        self.unet = self.part("unet", UNet2DConditionModel(sample_size=8, in_channels=channels, **levels, **up))
        self.vae = self.part("vae", AutoencoderKL(**VAE))
        self.scheduler = DDIMScheduler(**scheduler)
        self.parts["scheduler"] = dict(config={"_class_name": "DDIMScheduler"} | scheduler)
        generator = torch.Generator().manual_seed(7)
        for name in ("prompt", "negative"):
            self.tensors[f"states.{name}"] = torch.randn(1, 5, 24, generator=generator)
            if xl:
                self.tensors[f"pooled.{name}"] = torch.randn(1, 16, generator=generator)
        self.prompts = dict(prompt_embeds=self.tensors["states.prompt"],
                            negative_prompt_embeds=self.tensors["states.negative"])
        if xl:
            self.prompts |= dict(pooled_prompt_embeds=self.tensors["pooled.prompt"],
                                 negative_pooled_prompt_embeds=self.tensors["pooled.negative"])

    def pipeline(self, cls, **parts):
        texts = dict(text_encoder=None, tokenizer=None)
        if "XL" in cls.__name__:
            texts |= dict(text_encoder_2=None, tokenizer_2=None, add_watermarker=False)
        else:
            texts |= dict(safety_checker=None, feature_extractor=None, requires_safety_checker=False)
        pipeline = cls(vae=self.vae, unet=self.unet, scheduler=self.scheduler, **texts, **parts)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def draw(self, name, pipeline, params, **arguments):
        first = STEPS - min(int(STEPS * arguments.get("strength", 1.0)), STEPS)
        size = {} if isinstance(pipeline, StableDiffusionInstructPix2PixPipeline) else dict(width=WIDTH, height=HEIGHT)
        latents = []
        callback = dict(callback_on_step_end=lambda pipe, step, time, values: latents.append(values["latents"]) or values)
        if isinstance(pipeline, (StableDiffusionAdapterPipeline, StableDiffusionXLAdapterPipeline)):
            callback = dict(callback=lambda step, time, values: latents.append(values))
        shown = pipeline(generator=torch.Generator().manual_seed(SEED), num_inference_steps=STEPS, output_type="pt",
                         **size, **callback, **self.prompts, **arguments)
        self.tensors[f"{name}.latents"] = torch.stack(latents)
        images = shown.images
        if isinstance(images, np.ndarray):  # the adapter's pipeline, channels last
            images = torch.from_numpy(images).permute(0, 3, 1, 2)
        self.tensors[f"{name}.picture"] = images * 2 - 1
        self.runs.append(dict(name=name, kept=list(range(first, STEPS)), params=params | dict(seed=SEED, first=first)))


def inpaint():
    image, mask = picture("landscape"), Image.open(HERE / "mask.png")
    case = Case("inpaint")
    for name, strength in (("whole", 1.0), ("most", 0.75)):
        case.draw(name, case.pipeline(StableDiffusionInpaintPipeline), dict(cfg=5.0), image=image, mask_image=mask,
                  guidance_scale=5.0, strength=strength)
    case.write()
    case = Case("inpaint-nine", channels=9)
    case.draw("nine", case.pipeline(StableDiffusionInpaintPipeline), dict(cfg=5.0), image=image, mask_image=mask,
              guidance_scale=5.0, strength=1.0)
    case.write()


def pix2pix():
    case = Case("pix2pix", channels=8)
    case.draw("edit", case.pipeline(StableDiffusionInstructPix2PixPipeline, image_encoder=None),
              dict(cfg=5.0, image_cfg=1.7), image=picture("landscape"), guidance_scale=5.0, image_guidance_scale=1.7)
    case.write()


def original_name(name, layers, levels):
    """A ControlNet's tensor in its authors' names."""
    stem, kind = name.rsplit(".", 1)
    if match := re.fullmatch(r"controlnet_down_blocks\.(\d+)", stem):
        return f"zero_convs.{match[1]}.0.{kind}"
    if match := re.fullmatch(r"controlnet_cond_embedding\.blocks\.(\d+)", stem):
        return f"input_hint_block.{2 * int(match[1]) + 2}.{kind}"
    fixed = {"controlnet_mid_block": "middle_block_out.0", "controlnet_cond_embedding.conv_in": "input_hint_block.0",
             "controlnet_cond_embedding.conv_out": "input_hint_block.14"}
    return f"{fixed[stem]}.{kind}" if stem in fixed else original_unet_name(name, layers, [1] * levels)


def authors_names(net):
    levels = len(net.config.block_out_channels)
    names = {name: original_name(name, net.config.layers_per_block, levels) for name in net.state_dict()}
    file = {f"control_model.{names[name]}": value for name, value in net.state_dict().items()}
    config = dict(net.config) | dict(class_embed_type=None)
    back = convert_controlnet_checkpoint(file, config)
    assert back.keys() == names.keys() and all(torch.equal(back[name], net.state_dict()[name].reshape(back[name].shape)) for name in back)
    return names


def control(names=("controlnet", "controlnet-sd2", "controlnet-sdxl")):
    image, other = picture("landscape"), picture("square")
    file = HERE / "controlnet-names.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    for name in names:
        xl = name == "controlnet-sdxl"
        levels = {"controlnet": LEVELS, "controlnet-sd2": SD2_LEVELS, "controlnet-sdxl": XL_LEVELS}[name]
        case = Case(name, xl=xl, levels=levels, scheduler=SCHEDULER | (
            dict(prediction_type="v_prediction") if name == "controlnet-sd2" else {}))
        cls = StableDiffusionXLControlNetPipeline if xl else StableDiffusionControlNetPipeline
        nets = [case.part(part, ControlNetModel(**levels, conditioning_embedding_out_channels=(16, 32, 48, 64)))
                for part in ("controlnet", "controlnet_2")]
        if not xl:
            known[name] = authors_names(nets[0])
        case.draw("one", case.pipeline(cls, controlnet=nets[0]), dict(cfg=5.0, strength=0.8), image=image,
                  guidance_scale=5.0, controlnet_conditioning_scale=0.8)
        case.draw("two", case.pipeline(cls, controlnet=nets), dict(cfg=5.0, strength=0.8, strength_2=0.5),
                  image=[image, other], guidance_scale=5.0, controlnet_conditioning_scale=[0.8, 0.5])
        case.draw("some", case.pipeline(cls, controlnet=nets[0]), dict(cfg=5.0, strength=1.0, until=2), image=image,
                  guidance_scale=5.0, controlnet_conditioning_scale=1.0, control_guidance_end=0.5)
        case.write()
    file.write_text(json.dumps(known, indent=0, sort_keys=True) + "\n")


def adapters():
    image = picture("landscape")
    case = Case("adapter")
    adapter = case.part("adapter", T2IAdapter(in_channels=3, channels=[32, 64], num_res_blocks=2, downscale_factor=8))
    case.draw("one", case.pipeline(StableDiffusionAdapterPipeline, adapter=adapter), dict(cfg=5.0, strength=0.8),
              image=image, guidance_scale=5.0, adapter_conditioning_scale=0.8)
    case.write()


if __name__ == "__main__":
    torch.set_num_threads(1)
    inpainting.retrieve_latents = lambda output, *_, **__: output.latent_dist.mode()
    with torch.no_grad():
        write_mask()
        for case in sys.argv[1:] or ("inpaint", "pix2pix", "control", "adapters"):
            globals()[case]()
    versions = {"python": platform.python_version()} | {m.__name__: m.__version__ for m in (torch, diffusers, np)}
    cases = " ".join(sys.argv[1:]) or "all"
    with (HERE / "UNETS_VERSIONS").open("a") as file:
        file.write("".join(f"{name} {version} ({cases})\n" for name, version in versions.items()))
