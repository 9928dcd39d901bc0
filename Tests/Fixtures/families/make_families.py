"""Writes what diffusers computes with tiny models of each family, in the original layout of single files.

usage: python make_families.py CLIP_TOKENIZER [FAMILY...]      (CLIP_TOKENIZER: a folder with vocab.json and merges.txt)

Weights are not stored: a tensor's numbers follow from its name (`numbers` below, and `SeededModel` in the tests). For each
family NAME.json lists the tensors of the single file, those of the diffusers folder it amounts to, its configs, and what
was run; NAME.safetensors holds text states, pooled vectors, the latent after every step and the picture. Everything is
computed by diffusers' pipelines through `from_single_file`, in float32. VERSIONS records what wrote the files.
"""

import json
import platform
import re
import shutil
import sys
import tempfile
from pathlib import Path

import diffusers
import numpy
import safetensors
import torch
import transformers
from diffusers import (
    AutoencoderKL, DDIMScheduler, EulerDiscreteScheduler, StableDiffusionPipeline, StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline, UNet2DConditionModel)
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

HERE = Path(__file__).resolve().parent
PROMPT, NEGATIVE = "a red apple on a blue background", "blurry, a cat's face"
MASK = (1 << 64) - 1


# ---------------------------------------------------------------------------------------------- numbers


def numbers(name, shape, scale, offset):
    """Uniform in offset - scale ... offset + scale, rounded to f16: SplitMix64 of the name's FNV-1a hash and the index."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) & MASK
    count = int(numpy.prod(shape)) if shape else 1
    with numpy.errstate(over="ignore"):
        z = numpy.uint64(seed) + numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        z = z ^ (z >> numpy.uint64(31))
    unit = (z >> numpy.uint64(40)).astype(numpy.float64) / (1 << 24)
    return torch.from_numpy((offset + scale * (2 * unit - 1)).astype(numpy.float16)).reshape(shape)


def size_of(name, shape):
    """The scale and offset of a tensor's numbers: about what training leaves."""
    if re.search(r"(norm|ln_|in_layers\.0|out_layers\.0|out\.0)[^.]*\.weight$|\.norm\d?\.weight$", name):
        return 0.25, 1.0
    if name.endswith("bias"):
        return 0.1, 0.0
    if "embedding" in name:
        return 1.0 if "token" in name else 0.3, 0.0
    inputs = int(numpy.prod(shape[1:])) if len(shape) > 1 else 1
    return round(1.6 * (1 / max(inputs, 1)) ** 0.5, 5), 0.0


# ---------------------------------------------------------------------------------------------- original names


def original_unet_name(name, layers, depths):
    fixed = {
        "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
        "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
        "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2"}
    stem, kind = name.rsplit(".", 1)
    if stem in fixed:
        return f"{fixed[stem]}.{kind}"
    inner = {"norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
             "conv2": "out_layers.3", "conv_shortcut": "skip_connection"}
    if match := re.fullmatch(r"(down|up)_blocks\.(\d+)\.(resnets|attentions)\.(\d+)\.(.*)", name):
        way, level, what, layer, rest = match[1], int(match[2]), match[3], int(match[4]), match[5]
        number = (1 if way == "down" else 0) + level * (layers + 1) + layer
        side = "input" if way == "down" else "output"
        if what == "attentions":
            return f"{side}_blocks.{number}.1.{rest}"
        stem, kind = rest.rsplit(".", 1)
        return f"{side}_blocks.{number}.0.{inner[stem]}.{kind}"
    if match := re.fullmatch(r"down_blocks\.(\d+)\.downsamplers\.0\.conv\.(.*)", name):
        return f"input_blocks.{(int(match[1]) + 1) * (layers + 1)}.0.op.{match[2]}"
    if match := re.fullmatch(r"up_blocks\.(\d+)\.upsamplers\.0\.conv\.(.*)", name):
        level = int(match[1])
        place = 2 if depths[len(depths) - 1 - level] else 1
        return f"output_blocks.{level * (layers + 1) + layers}.{place}.conv.{match[2]}"
    if match := re.fullmatch(r"mid_block\.resnets\.(\d)\.(.*)", name):
        stem, kind = match[2].rsplit(".", 1)
        return f"middle_block.{2 * int(match[1])}.{inner[stem]}.{kind}"
    return name.replace("mid_block.attentions.0.", "middle_block.1.")


def original_vae_name(name, levels):
    name = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
    for new, old in [("group_norm", "norm"), ("to_q", "q"), ("to_k", "k"), ("to_v", "v"), ("to_out.0", "proj_out")]:
        name = name.replace(f"mid_block.attentions.0.{new}.", f"mid.attn_1.{old}.")
    name = re.sub(r"down_blocks\.(\d)\.resnets\.(\d)", r"down.\1.block.\2", name)
    name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0\.", r"down.\1.downsample.", name)
    name = re.sub(r"up_blocks\.(\d)\.resnets\.(\d)", lambda m: f"up.{levels - 1 - int(m[1])}.block.{m[2]}", name)
    return re.sub(r"up_blocks\.(\d)\.upsamplers\.0\.", lambda m: f"up.{levels - 1 - int(m[1])}.upsample.", name)


def open_clip_shapes(width, layers, vocab, projection):
    shapes = {"positional_embedding": [77, width], "text_projection": [width, projection],
              "token_embedding.weight": [vocab, width], "ln_final.weight": [width], "ln_final.bias": [width],
              "logit_scale": []}
    for layer in range(layers):
        scope = f"transformer.resblocks.{layer}."
        for ln in ("ln_1", "ln_2"):
            shapes |= {f"{scope}{ln}.weight": [width], f"{scope}{ln}.bias": [width]}
        shapes |= {
            f"{scope}attn.in_proj_weight": [3 * width, width], f"{scope}attn.in_proj_bias": [3 * width],
            f"{scope}attn.out_proj.weight": [width, width], f"{scope}attn.out_proj.bias": [width],
            f"{scope}mlp.c_fc.weight": [4 * width, width], f"{scope}mlp.c_fc.bias": [4 * width],
            f"{scope}mlp.c_proj.weight": [width, 4 * width], f"{scope}mlp.c_proj.bias": [width]}
    return shapes


# ---------------------------------------------------------------------------------------------- families


def text_config(width, layers, act, projection, eos=49407):
    return CLIPTextConfig(
        vocab_size=49408, hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers,
        num_attention_heads=width // 64, max_position_embeddings=77, hidden_act=act, projection_dim=projection,
        bos_token_id=0, eos_token_id=2, pad_token_id=1)


SCHEDULER = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", num_train_timesteps=1000,
                 steps_offset=1)

FAMILIES = {
    "sd1": dict(
        unet=dict(block_out_channels=(32, 64), layers_per_block=1, attention_head_dim=8, cross_attention_dim=64,
                  down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
                  up_block_types=("UpBlock2D", "CrossAttnUpBlock2D")),
        texts=[("clip", "cond_stage_model.transformer.", 64, 2)], vae=0.18215,
        scheduler=DDIMScheduler(**SCHEDULER, clip_sample=False, set_alpha_to_one=False), v=False),
    "sd2": dict(
        unet=dict(block_out_channels=(64, 128), layers_per_block=2, attention_head_dim=(1, 2), cross_attention_dim=64,
                  down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), use_linear_projection=True,
                  up_block_types=("UpBlock2D", "CrossAttnUpBlock2D")),
        texts=[("open", "cond_stage_model.model.", 64, 3)], vae=0.18215,
        scheduler=DDIMScheduler(**SCHEDULER, clip_sample=False, set_alpha_to_one=False,
                                prediction_type="v_prediction")),
    "sdxl": dict(
        unet=dict(block_out_channels=(64, 128), layers_per_block=1, attention_head_dim=(1, 2), cross_attention_dim=192,
                  down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), use_linear_projection=True,
                  up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), transformer_layers_per_block=(1, 2),
                  addition_embed_type="text_time", addition_time_embed_dim=256,
                  projection_class_embeddings_input_dim=128 + 6 * 256),
        texts=[("clip", "conditioner.embedders.0.transformer.", 64, 2),
               ("open", "conditioner.embedders.1.model.", 128, 3)], vae=0.13025,
        scheduler=EulerDiscreteScheduler(**SCHEDULER, timestep_spacing="leading")),
    "sdxl-refiner": dict(
        unet=dict(block_out_channels=(64, 128), layers_per_block=1, attention_head_dim=(1, 2), cross_attention_dim=128,
                  down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), use_linear_projection=True,
                  up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), transformer_layers_per_block=(1, 1),
                  addition_embed_type="text_time", addition_time_embed_dim=256,
                  projection_class_embeddings_input_dim=128 + 5 * 256),
        texts=[("open", "conditioner.embedders.0.model.", 128, 3)], vae=0.13025,
        scheduler=EulerDiscreteScheduler(**SCHEDULER, timestep_spacing="leading")),
}


class Family:
    def __init__(self, name, tokenizer):
        self.name, self.spec = name, FAMILIES[name]
        self.folder = Path(tempfile.mkdtemp())
        unet = UNet2DConditionModel(sample_size=8, **self.spec["unet"])
        vae = AutoencoderKL(
            block_out_channels=(32, 32, 32, 64), down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=1, latent_channels=4,
            scaling_factor=self.spec["vae"], sample_size=64)
        texts = []
        for index, (kind, prefix, width, layers) in enumerate(self.spec["texts"]):
            is_second = name.startswith("sdxl") and kind == "open"
            used = layers - 1 if name == "sd2" else layers
            config = text_config(width, used, "gelu" if kind == "open" else "quick_gelu", width)
            texts.append((CLIPTextModelWithProjection if is_second else CLIPTextModel)(config))
        self.write_config(unet, vae, texts, tokenizer)
        self.tensors = self.original_tensors(unet, vae, texts)
        self.file = self.folder / f"{name}.safetensors"
        save_file(self.tensors, self.file)

    def parts(self, count):
        if self.name == "sdxl-refiner":
            return ["text_encoder_2"]
        return ["text_encoder", "text_encoder_2"][:count]

    def write_config(self, unet, vae, texts, tokenizer):
        config = self.folder / "config"
        is_xl = self.name.startswith("sdxl")
        index = {"_class_name": {"sdxl": "StableDiffusionXLPipeline", "sdxl-refiner": "StableDiffusionXLImg2ImgPipeline"}.get(
            self.name, "StableDiffusionPipeline"), "_diffusers_version": diffusers.__version__,
            "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"],
            "scheduler": ["diffusers", type(self.spec["scheduler"]).__name__]}
        if is_xl:
            index |= {"force_zeros_for_empty_prompt": self.name == "sdxl", "text_encoder": [None, None],
                      "tokenizer": [None, None]}
            if self.name == "sdxl-refiner":
                index["requires_aesthetics_score"] = True
        else:
            index |= {"safety_checker": [None, None], "feature_extractor": [None, None],
                      "requires_safety_checker": False}
        self.configs = {}
        for part, model in [("unet", unet), ("vae", vae), *zip(self.parts(len(texts)), texts)]:
            (config / part).mkdir(parents=True)
            if hasattr(model.config, "to_json_file"):
                model.config.to_json_file(config / part / "config.json", use_diff=False)
                values = json.loads((config / part / "config.json").read_text())
                values["architectures"] = [type(model).__name__]
                (config / part / "config.json").write_text(json.dumps(values))
            else:
                model.save_config(config / part)
            if part.startswith("text"):
                index[part] = ["transformers", type(model).__name__]
                folder = part.replace("text_encoder", "tokenizer")
                index[folder] = ["transformers", "CLIPTokenizer"]
                shutil.copytree(tokenizer, config / folder)
                values = json.loads((config / folder / "tokenizer_config.json").read_text())
                if model.config.hidden_act == "gelu":
                    values["pad_token"] = "!"
                (config / folder / "tokenizer_config.json").write_text(json.dumps(values))
        self.spec["scheduler"].save_pretrained(config / "scheduler")
        (config / "model_index.json").write_text(json.dumps(index))
        keep = {
            "unet": ["_class_name", *self.spec["unet"]],
            "vae": ["_class_name", "block_out_channels", "down_block_types", "up_block_types", "layers_per_block",
                    "latent_channels", "scaling_factor"],
            "text": ["architectures", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
                     "num_attention_heads", "hidden_act", "projection_dim"]}
        for path in sorted(config.rglob("*config.json")):
            if path.name == "config.json":
                values = json.loads(path.read_text())
                kind = "text" if path.parent.name.startswith("text") else path.parent.name
                self.configs[f"{path.parent.name}/config.json"] = {key: values[key] for key in keep[kind] if key in values}
        self.configs["model_index.json"] = index
        scheduler = json.loads((config / "scheduler/scheduler_config.json").read_text())
        self.configs["scheduler/scheduler_config.json"] = {
            key: value for key, value in scheduler.items() if key in (
                "_class_name", *SCHEDULER, "prediction_type", "set_alpha_to_one", "timestep_spacing")}
        self.config = config

    def original_tensors(self, unet, vae, texts):
        names = {}
        spec = self.spec["unet"]
        depths = [kind.startswith("Cross") for kind in spec["down_block_types"]]
        for name, value in unet.state_dict().items():
            names["model.diffusion_model." + original_unet_name(name, spec["layers_per_block"], depths)] = value.shape
        for name, value in vae.state_dict().items():
            shape = list(value.shape)
            if "attentions" in name and len(shape) == 2:
                shape += [1, 1]
            names["first_stage_model." + original_vae_name(name, 4)] = shape
        for (kind, prefix, width, layers), model in zip(self.spec["texts"], texts):
            if kind == "open":
                shapes = open_clip_shapes(width, layers, 49408, width)
            else:
                shapes = {(n if n.startswith("text_model.") else f"text_model.{n}"): v.shape
                          for n, v in model.state_dict().items()}
            names |= {prefix + name: shape for name, shape in shapes.items()}
        self.manifest = [[name, list(shape), *size_of(name, shape)] for name, shape in sorted(names.items())]
        return {name: numbers(name, shape, scale, offset) for name, shape, scale, offset in self.manifest}

    def pipeline(self, cls, **extra):
        pipeline = cls.from_single_file(self.file, config=str(self.config), torch_dtype=torch.float32, **extra)
        pipeline.set_progress_bar_config(disable=True)
        for part in ("text_encoder", "text_encoder_2", "unet", "vae"):
            model = getattr(pipeline, part, None)
            if model is not None:
                model.float().eval()
        return pipeline

    def folder_tensors(self, pipeline):
        """Each tensor of the diffusers folder: its part and name, the place in the list of the tensor that it is, and how."""
        by_content, places = {}, {entry[0]: index for index, entry in enumerate(self.manifest)}
        def key(value):
            return (tuple(value.reshape(-1)[:8].tolist()), value.numel())
        for name, value in self.tensors.items():
            value = value.float()
            by_content[key(value)] = [places[name], "whole"]
            if name.endswith(("in_proj_weight", "in_proj_bias")):
                for index, part in enumerate(value.chunk(3)):
                    by_content[key(part)] = [places[name], f"rows {index}"]
            if name.endswith("text_projection") and value.dim() == 2:
                by_content[key(value.T.contiguous())] = [places[name], "transposed"]
        lines = []
        for part in ("text_encoder", "text_encoder_2", "unet", "vae"):
            model = getattr(pipeline, part, None)
            if model is None:
                continue
            for name, value in model.state_dict().items():
                if name.endswith("position_ids"):
                    continue
                place, view = by_content[key(value.float())]
                is_matrix = value.dim() == 2 and len(self.manifest[place][1]) == 4
                lines.append([part, name, place, "matrix" if is_matrix else view])
        return lines

    def save(self, runs, tensors, pipeline):
        document = {
            "tensors": self.manifest, "folder": self.folder_tensors(pipeline), "configs": self.configs,
            "prompt": PROMPT, "negative": NEGATIVE, "runs": runs}
        lines = []
        for key, value in document.items():
            if isinstance(value, list):
                lines.append(f"{json.dumps(key)}: [\n" + ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in value) + "\n]")
            else:
                lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
        (HERE / f"{self.name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
        save_file({name: value.contiguous().float() for name, value in tensors.items()}, HERE / f"{self.name}.safetensors")


# ---------------------------------------------------------------------------------------------- runs


def run(pipeline, tensors, name, *, steps, cfg, seed=42, width=64, height=64, negative=NEGATIVE, final=None, **extra):
    """One run of a pipeline, every latent kept; scheduled latents are in the variance-preserving scale, as on wires."""
    kept = []

    def keep(pipe, step, timestep, values):
        latent = values["latents"]
        scheduler = pipe.scheduler
        if hasattr(scheduler, "sigmas"):
            latent = latent / (scheduler.sigmas[step + 1] ** 2 + 1) ** 0.5
        kept.append(latent.clone())
        return {}

    images = pipeline(
        PROMPT, negative_prompt=negative, num_inference_steps=steps, guidance_scale=cfg, width=width, height=height,
        generator=torch.Generator().manual_seed(seed), callback_on_step_end=keep, output_type="latent", **extra).images
    for index, latent in enumerate(kept):
        tensors[f"{name}.latent.{index}"] = latent
    if final is not False:
        tensors[f"{name}.image"] = pipeline.vae.decode(images / pipeline.vae.config.scaling_factor).sample
    return images, len(kept)


def plain(family):
    pipeline = family.pipeline(StableDiffusionPipeline)
    tensors, runs = {}, []
    for case, text in [("prompt", PROMPT), ("negative", NEGATIVE), ("empty", "")]:
        tensors[f"text.{case}"] = pipeline.encode_prompt(text, "cpu", 1, False)[0]
    for name, steps, cfg, size in [("plain", 4, 5.0, (64, 48))]:
        run(pipeline, tensors, name, steps=steps, cfg=cfg, width=size[0], height=size[1])
        runs.append({"name": name, "steps": steps, "cfg": cfg, "seed": 42, "width": size[0], "height": size[1]})
    family.save(runs, tensors, pipeline)


def sdxl(family):
    pipeline = family.pipeline(StableDiffusionXLPipeline)
    tensors, runs = {}, []
    for case, text in [("prompt", PROMPT), ("empty", "")]:
        states, _, pooled, _ = pipeline.encode_prompt(text, device="cpu", do_classifier_free_guidance=False)
        tensors[f"text.{case}"], tensors[f"pooled.{case}"] = states, pooled
    for name, negative, sizes in [
        ("plain", NEGATIVE, {}), ("absent", None, {}), ("empty", "", {}),
        ("sizes", NEGATIVE, dict(original_width=100, original_height=80, crop_left=3, crop_top=7, target_width=64,
                                 target_height=96))]:
        extra = {}
        if sizes:
            extra = dict(original_size=(sizes["original_height"], sizes["original_width"]),
                         crops_coords_top_left=(sizes["crop_top"], sizes["crop_left"]),
                         target_size=(sizes["target_height"], sizes["target_width"]))
        run(pipeline, tensors, name, steps=3, cfg=5.0, width=64, height=48, negative=negative, **extra)
        runs.append({"name": name, "steps": 3, "cfg": 5.0, "seed": 42, "width": 64, "height": 48, "negative": negative,
                     "sizes": sizes})
    family.save(runs, tensors, pipeline)


def refiner(family, tokenizer):
    base_family = Family("sdxl", tokenizer)
    base = base_family.pipeline(StableDiffusionXLPipeline)
    pipeline = family.pipeline(StableDiffusionXLImg2ImgPipeline)
    tensors, runs = {}, []
    states, _, pooled, _ = pipeline.encode_prompt(PROMPT, device="cpu", do_classifier_free_guidance=False)
    tensors["text.prompt"], tensors["pooled.prompt"] = states, pooled
    steps = 5
    latents, count = run(
        base, tensors, "base", steps=steps, cfg=5.0, width=64, height=48, final=False, denoising_end=0.8)
    kept = []

    def keep(pipe, step, timestep, values):
        sigma = pipe.scheduler.sigmas[pipe.scheduler.step_index]
        kept.append(values["latents"] / (sigma ** 2 + 1) ** 0.5)
        return {}

    images = pipeline(
        PROMPT, negative_prompt=NEGATIVE, image=latents, num_inference_steps=steps, guidance_scale=5.0,
        denoising_start=0.8, callback_on_step_end=keep, output_type="latent").images
    for index, latent in enumerate(kept):
        tensors[f"refiner.latent.{index}"] = latent
    tensors["refiner.image"] = pipeline.vae.decode(images / pipeline.vae.config.scaling_factor).sample
    runs.append({"name": "refiner", "steps": steps, "change_at": count, "cfg": 5.0, "seed": 42, "width": 64, "height": 48})
    family.save(runs, tensors, pipeline)


def distilled_inpainting():
    """A UNet alone that is told a mask, a masked picture and its guidance scale, in one forward pass.

    diffusers' converter leaves out the projection of the guidance, so the class gets its weights here by name.
    """
    spec = dict(FAMILIES["sd1"]["unet"], in_channels=9, time_cond_proj_dim=48)
    unet = UNet2DConditionModel(sample_size=8, **spec)
    names = {name: "time_embed.cond_proj.weight" if "cond_proj" in name else original_unet_name(name, 1, [True, False])
             for name in unet.state_dict()}
    manifest = [[names[name], list(value.shape), *size_of(names[name], value.shape)]
                for name, value in unet.state_dict().items()]
    unet.load_state_dict({
        name: numbers(*entry).float() for name, entry in zip(unet.state_dict(), manifest)})
    unet.eval()
    generator = torch.Generator().manual_seed(3)
    tensors = {"latent": torch.randn(2, 4, 6, 8, generator=generator), "concat": torch.randn(1, 5, 6, 8, generator=generator),
               "states": torch.randn(1, 77, 64, generator=generator)}
    guidance = StableDiffusionPipeline.get_guidance_scale_embedding(None, torch.tensor([7.5 - 1]), embedding_dim=48)
    seen = torch.cat([tensors["latent"], tensors["concat"].expand(2, -1, -1, -1)], dim=1)
    states = tensors["states"].expand(2, -1, -1)
    tensors["told"] = unet(seen, 751, states, timestep_cond=guidance.expand(2, -1)).sample
    tensors["untold"] = unet(seen, 751, states).sample
    lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in sorted(manifest))
    (HERE / "distilled-inpainting.json").write_text(
        '{"tensors": [\n' + lines + '\n],\n"folder": [], "configs": {}, "prompt": "", "negative": "", "runs": []}\n')
    save_file(tensors, HERE / "distilled-inpainting.safetensors")


def main():
    torch.set_num_threads(1)
    tokenizer = sys.argv[1]
    with torch.no_grad():
        for name in sys.argv[2:] or [*FAMILIES, "distilled-inpainting"]:
            if name == "distilled-inpainting":
                distilled_inpainting()
                continue
            family = Family(name, tokenizer)
            {"sdxl": sdxl, "sdxl-refiner": lambda f: refiner(f, tokenizer)}.get(name, plain)(family)
            shutil.rmtree(family.folder)
    versions = {"python": platform.python_version()}
    for module in (torch, diffusers, transformers, safetensors, numpy):
        versions[module.__name__] = module.__version__
    (HERE / "VERSIONS").write_text("".join(f"{name} {version}\n" for name, version in versions.items()))


if __name__ == "__main__":
    main()
