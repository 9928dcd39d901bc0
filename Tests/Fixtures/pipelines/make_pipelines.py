"""Writes what diffusers' pipelines of flow models draw with tiny models, step by step.

usage: python make_pipelines.py CLIP_TOKENIZER T5_TOKENIZER_JSON QWEN_MERGES QWEN_ADDED_TOKENS

FAMILY.json has the transformers and the autoencoder of a family, whose weights are not stored: a tensor's numbers follow
from its name (`numbers` of ../families/make_families.py); its text encoders are those of ../text-encoders/FAMILY.json.
FAMILY.safetensors holds the latents that each run came to, as many as `kept` says, and its pictures in -1...1; the pictures
that klein edits are PNG files. All in float32. VERSIONS records what wrote the files.
"""

import json
import platform
import sys
from pathlib import Path

import diffusers
import numpy as np
import torch
import transformers
from diffusers import (
    AutoencoderKL, AutoencoderKLFlux2, FlowMatchEulerDiscreteScheduler, Flux2KleinPipeline, Flux2Transformer2DModel,
    FluxImg2ImgPipeline, FluxPipeline, FluxTransformer2DModel, ZImagePipeline, ZImageTransformer2DModel)
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer, T5Config, T5EncoderModel

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "families"))
sys.path.insert(0, str(HERE.parent / "text-encoders"))
from make_families import numbers  # noqa: E402
from make_text_encoders import by_name, qwen3, qwen_tokenizer, t5_tokenizer  # noqa: E402

LEVELS = dict(block_out_channels=[32, 32, 64], down_block_types=["DownEncoderBlock2D"] * 3,
              up_block_types=["UpDecoderBlock2D"] * 3, layers_per_block=1)
VAE = LEVELS | dict(latent_channels=16, use_quant_conv=False, use_post_quant_conv=False, scaling_factor=0.3611,
                    shift_factor=0.1159)
FLUX = dict(num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2, in_channels=64,
            joint_attention_dim=16, pooled_projection_dim=64, axes_dims_rope=[4, 6, 6])
KLEIN = dict(num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2, in_channels=16,
             joint_attention_dim=24, axes_dims_rope=[4, 4, 4, 4], guidance_embeds=False)
ZIMAGE = dict(in_channels=16, dim=32, n_layers=1, n_refiner_layers=1, n_heads=2, n_kv_heads=2, cap_feat_dim=8,
              axes_dims=[4, 6, 6], axes_lens=[640, 64, 64])
SCHNELL = dict(num_train_timesteps=1000, shift=1.0, use_dynamic_shifting=False, base_shift=0.5, max_shift=1.15,
               base_image_seq_len=256, max_image_seq_len=4096)
DEV = SCHNELL | dict(shift=3.0, use_dynamic_shifting=True)
TURBO = dict(num_train_timesteps=1000, shift=3.0, use_dynamic_shifting=False)
PROMPT, NEGATIVE = "a red apple on a blue background", "a cat, blurred"


def size_of(name, shape):
    """The scale and offset of a tensor's numbers: about what training leaves."""
    if name.endswith("running_var"):
        return 0.5, 1.0
    if name.endswith("running_mean"):
        return 0.3, 0.0
    if "norm" in name.split(".")[-2] and len(shape) == 1 or name.endswith("cap_embedder.0.weight"):
        return (0.25, 1.0) if name.endswith("weight") else (0.1, 0.0)
    if name.endswith("bias"):
        return 0.1, 0.0
    if name.endswith("pad_token"):
        return 1.0, 0.0
    return round(1.6 * (1 / float(np.prod(shape[1:]))) ** 0.5, 5), 0.0


def seeded(model, part):
    """Gives a model the numbers that follow from its names, and lists them."""
    entries, state = [], {}
    for name, value in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            state[name] = value
            continue
        entry = [f"{part}.{name}", list(value.shape), *size_of(f"{part}.{name}", value.shape)]
        entries.append(entry)
        state[name] = numbers(*entry).float().reshape(value.shape)
    model.load_state_dict(state)
    config = {key: value for key, value in model.config.items() if not key.startswith("_")}
    return model.eval(), dict(config={"_class_name": type(model).__name__} | config, tensors=entries)


class Family:
    def __init__(self, name, index):
        self.name, self.index, self.parts, self.runs, self.tensors = name, index, {}, [], {}

    def part(self, name, model):
        model, self.parts[name] = seeded(model, name)
        return model

    def run(self, name, pipeline, to_latent, *, seed, kept, params, batch=1, **arguments):
        """Calls the pipeline; `params` are those of the graph that draws the same."""
        latents = []

        def keep(pipeline, step, time, values):
            if step in kept:
                latents.append(to_latent(values["latents"]))
            return values

        shown = pipeline(
            generator=torch.Generator().manual_seed(seed), callback_on_step_end=keep,
            callback_on_step_end_tensor_inputs=["latents"], output_type="pt", num_images_per_prompt=batch, **arguments)
        self.tensors[f"{name}.latents"] = torch.stack(latents)
        self.tensors[f"{name}.picture"] = shown.images * 2 - 1
        self.runs.append(dict(name=name, kept=list(kept), params=params | dict(seed=seed, batch=batch)))

    def write(self):
        lines = json.dumps(dict(index=self.index, parts=self.parts, runs=self.runs), separators=(",", ":"))
        for mark in ('["transformer', '["vae', '{"name"'):
            lines = lines.replace(mark, "\n" + mark)
        (HERE / f"{self.name}.json").write_text(lines + "\n")
        path = HERE / f"{self.name}.safetensors"
        save_file({key: value.contiguous().float() for key, value in self.tensors.items()}, path)
        path.chmod(0o644)


def keeping(index, steps):
    return list(range(steps)) if steps <= 4 else [0, 1, steps // 2, steps - 1]


def flux_encoders():
    """CLIP and T5, whose weights are those of ../text-encoders/flux.json."""
    clip = CLIPTextModel(CLIPTextConfig(
        vocab_size=49408, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=1,
        max_position_embeddings=77, hidden_act="quick_gelu", bos_token_id=0, eos_token_id=2, pad_token_id=1)).eval()
    t5 = T5EncoderModel(T5Config(
        vocab_size=32128, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=4, feed_forward_proj="gated-gelu")).eval()
    by_name(clip, "text_encoder")
    by_name(t5, "text_encoder_2")
    return clip, t5


def write_flux(clip_tokenizer, t5_tokenizer):
    clip, t5 = flux_encoders()
    for name, config, schedule in (("flux-schnell", FLUX, SCHNELL), ("flux-dev", FLUX | dict(guidance_embeds=True), DEV)):
        family = Family(name, dict(
            _class_name="FluxPipeline", transformer=["diffusers", "FluxTransformer2DModel"],
            vae=["diffusers", "AutoencoderKL"], scheduler=["diffusers", "FlowMatchEulerDiscreteScheduler"]))
        family.parts["scheduler"] = dict(config={"_class_name": "FlowMatchEulerDiscreteScheduler"} | schedule)
        pipeline = FluxPipeline(
            scheduler=FlowMatchEulerDiscreteScheduler(**schedule), vae=family.part("vae", AutoencoderKL(**VAE)),
            text_encoder=clip, tokenizer=clip_tokenizer, text_encoder_2=t5, tokenizer_2=t5_tokenizer,
            transformer=family.part("transformer", FluxTransformer2DModel(**config)))
        pipeline.set_progress_bar_config(disable=True)
        cases = [(1, 32, 24, 1), (4, 24, 40, 2)] if name == "flux-schnell" else [(1, 32, 24, 1), (4, 40, 24, 2), (28, 32, 24, 1)]
        for index, (steps, width, height, batch) in enumerate(cases):
            guidance = 0.0 if name == "flux-schnell" else 3.5 - index
            length = 64
            family.run(
                f"{steps}-steps", pipeline,
                lambda packed, height=height, width=width: FluxPipeline._unpack_latents(packed, height, width, 4),
                prompt=PROMPT, num_inference_steps=steps, width=width, height=height, guidance_scale=guidance,
                max_sequence_length=length, seed=40 + index, batch=batch, kept=keeping(index, steps),
                params=dict(steps=steps, width=width, height=height, guidance=guidance, length=length, prompt=PROMPT))
        if name == "flux-dev":
            picture = Image.open(HERE / "small.png")
            again = FluxImg2ImgPipeline(**pipeline.components)
            again.set_progress_bar_config(disable=True)
            family.run(
                "from-a-picture", again,
                lambda packed: FluxPipeline._unpack_latents(packed, 24, 40, 4), prompt=PROMPT, image=picture,
                strength=0.3, num_inference_steps=28, width=40, height=24, guidance_scale=3.5, max_sequence_length=64,
                seed=50, kept=[0, 8], params=dict(steps=28, strength=0.3, guidance=3.5, length=64, prompt=PROMPT))
        family.write()


def write_klein(tokenizer):
    family = Family("flux2-klein", dict(
        _class_name="Flux2KleinPipeline", transformer=["diffusers", "Flux2Transformer2DModel"],
        vae=["diffusers", "AutoencoderKLFlux2"], scheduler=["diffusers", "FlowMatchEulerDiscreteScheduler"]))
    family.parts["scheduler"] = dict(config={"_class_name": "FlowMatchEulerDiscreteScheduler"} | DEV)
    encoder = qwen3()
    by_name(encoder, "text_encoder")
    parts = dict(
        scheduler=FlowMatchEulerDiscreteScheduler(**DEV),
        vae=family.part("vae", AutoencoderKLFlux2(**LEVELS, latent_channels=4)), text_encoder=encoder, tokenizer=tokenizer,
        transformer=family.part("transformer", Flux2Transformer2DModel(**KLEIN)))

    def unpacked(height, width):
        return lambda packed: packed.permute(0, 2, 1).reshape(len(packed), -1, height // 8, width // 8)

    for index, (steps, width, height, batch, guidance) in enumerate(
            [(1, 40, 24, 1, None), (4, 24, 40, 2, None), (28, 40, 24, 1, 4.0)]):
        pipeline = Flux2KleinPipeline(**parts, is_distilled=guidance is None)
        pipeline.set_progress_bar_config(disable=True)
        told = {} if guidance is None else dict(guidance_scale=guidance)
        family.run(
            f"{steps}-steps", pipeline, unpacked(height, width), prompt=PROMPT, num_inference_steps=steps, width=width,
            height=height, max_sequence_length=64, seed=60 + index, batch=batch, kept=keeping(index, steps),
            params=dict(steps=steps, width=width, height=height, length=64, prompt=PROMPT)
            | ({} if guidance is None else dict(cfg=guidance)), **told)
    pipeline = Flux2KleinPipeline(**parts, is_distilled=True)
    pipeline.set_progress_bar_config(disable=True)
    pictures = [Image.open(HERE / name) for name in ("landscape.png", "square.png")]
    family.run(
        "edit", pipeline, unpacked(24, 40), prompt=PROMPT, image=pictures, num_inference_steps=4, width=40, height=24,
        max_sequence_length=64, seed=70, kept=[0, 1, 2, 3], params=dict(steps=4, width=40, height=24, length=64, prompt=PROMPT))
    family.write()


def write_z_image(tokenizer):
    family = Family("z-image", dict(
        _class_name="ZImagePipeline", transformer=["diffusers", "ZImageTransformer2DModel"],
        vae=["diffusers", "AutoencoderKL"], scheduler=["diffusers", "FlowMatchEulerDiscreteScheduler"]))
    family.parts["scheduler"] = dict(config={"_class_name": "FlowMatchEulerDiscreteScheduler"} | TURBO)
    encoder = qwen3()
    by_name(encoder, "text_encoder")
    pipeline = ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**TURBO), vae=family.part("vae", AutoencoderKL(**VAE)),
        text_encoder=encoder, tokenizer=tokenizer,
        transformer=family.part("transformer", ZImageTransformer2DModel(**ZIMAGE)))
    pipeline.set_progress_bar_config(disable=True)
    for index, (steps, width, height, batch, guidance) in enumerate(
            [(1, 32, 24, 1, 0.0), (4, 24, 40, 2, 0.0), (8, 32, 24, 1, 2.5), (28, 32, 24, 1, 0.0)]):
        negative = dict(negative_prompt=NEGATIVE) if guidance else {}
        family.run(
            f"{steps}-steps", pipeline, lambda latents: latents, prompt=PROMPT, num_inference_steps=steps, width=width,
            height=height, guidance_scale=guidance, max_sequence_length=64, seed=80 + index, batch=batch,
            kept=keeping(index, steps),
            params=dict(steps=steps, width=width, height=height, guidance=guidance, length=64, prompt=PROMPT)
            | (dict(negative=NEGATIVE) if guidance else {}), **negative)
    family.write()


def write_pictures():
    """Smooth colours, which PNG packs well."""
    for name, width, height in (("landscape", 96, 64), ("square", 64, 64), ("small", 40, 24)):
        y, x = np.mgrid[0:height, 0:width]
        channels = [x * 255 // width, y * 255 // height, (x + 2 * y) * 255 // (width + 2 * height)]
        if name == "square":
            channels.reverse()
        Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8)).save(HERE / f"{name}.png", optimize=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    clip_path, t5_path, merges_path, added_path = sys.argv[1:5]
    qwen = qwen_tokenizer(merges_path, added_path)
    with torch.no_grad():
        write_pictures()
        write_flux(CLIPTokenizer.from_pretrained(clip_path), t5_tokenizer(t5_path))
        write_klein(qwen)
        write_z_image(qwen)
    versions = {module.__name__: module.__version__ for module in (torch, transformers, diffusers, np)}
    (HERE / "VERSIONS").write_text(
        "".join(f"{name} {version}\n" for name, version in {"python": platform.python_version(), **versions}.items()))
