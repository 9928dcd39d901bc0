"""Writes the reference fixtures: tiny seeded models in the diffusers layout, and what PyTorch computes with them.

usage: python make_fixtures.py [NAME...]      (all fixtures when no name is given; VERSIONS records what wrote them)

Each fixture is a folder: `model/` is a model folder as one would download it, `modules.safetensors` holds inputs and
outputs of its parts, and `chains/NAME.safetensors` the latents of a whole sampling run at every step, with
`chains/NAME.json` beside it saying what was run. Weights are random, so pictures mean nothing; what matters is that
every number depends on every weight. All results are float32, computed from the weights as the files hold them.
"""

import json
import platform
import shutil
import sys
from pathlib import Path

import diffusers
import numpy
import PIL
import safetensors
import tokenizers
import torch
import transformers
from diffusers import AutoencoderKL, DDIMScheduler, PNDMScheduler, UNet2DConditionModel
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

HERE = Path(__file__).resolve().parent
PROMPT = "a red apple on a blue background"
NEGATIVE = "blurry, a cat's face"
BETAS = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")


# ---------------------------------------------------------------------------------------------- tokenizer


def byte_symbols():
    """The 256 printable stand-ins of byte-level BPE, in the order of CLIP's vocabulary."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in plain]
    return [chr(byte) for byte in plain] + [chr(256 + index) for index in range(len(others))]


def learn_merges(words, count):
    """The `count` most frequent pair merges over `words`, ties broken by spelling."""
    pieces = [[*word[:-1], word[-1] + "</w>"] for word in words]
    merges = []
    while len(merges) < count:
        counts = {}
        for word in pieces:
            for pair in zip(word, word[1:]):
                counts[pair] = counts.get(pair, 0) + 1
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        for word in pieces:
            index = 0
            while index < len(word) - 1:
                if (word[index], word[index + 1]) == best:
                    word[index : index + 2] = ["".join(best)]
                index += 1
    return merges


def write_tokenizer(folder, pad_token, special_tokens_map):
    folder.mkdir(parents=True)
    words = "red apple blue background on a the cat face heart yellow blurry photo of green".split()
    merges = learn_merges(words, 60)
    symbols = byte_symbols()
    vocab = symbols + [symbol + "</w>" for symbol in symbols] + ["".join(pair) for pair in merges]
    vocab += ["<|startoftext|>", "<|endoftext|>"]
    write_json(folder / "vocab.json", {token: index for index, token in enumerate(vocab)}, indent=None)
    lines = ["#version: 0.2"] + [" ".join(pair) for pair in merges]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n")
    special = lambda content: {
        "content": content, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
    write_json(folder / "tokenizer_config.json", {
        "add_prefix_space": False,
        "bos_token": {"__type": "AddedToken", **special("<|startoftext|>")},
        "do_lower_case": True,
        "eos_token": {"__type": "AddedToken", **special("<|endoftext|>")},
        "errors": "replace",
        "model_max_length": 77,
        "pad_token": pad_token,
        "tokenizer_class": "CLIPTokenizer",
        "unk_token": {"__type": "AddedToken", **special("<|endoftext|>")},
    })
    if special_tokens_map:
        write_json(folder / "special_tokens_map.json", {
            "bos_token": special("<|startoftext|>"), "eos_token": special("<|endoftext|>"),
            "pad_token": pad_token, "unk_token": special("<|endoftext|>")})
    return len(vocab)


# ---------------------------------------------------------------------------------------------- models


def write_json(path, value, indent=2):
    path.write_text(json.dumps(value, indent=indent) + "\n")


def randomize(model, dtype):
    """Moves every weight off its initial value (norms start at 1 and 0), then rounds to what the file will hold."""
    model.eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name and name.endswith("weight"):
                parameter.copy_(1 + 0.2 * torch.randn_like(parameter))
            elif name.endswith("bias"):
                parameter.copy_(0.1 * torch.randn_like(parameter))
            elif "embedding.weight" in name:
                parameter.copy_(torch.randn_like(parameter))
            elif "attn2.to_v" in name or "attn2.to_k" in name:
                parameter.mul_(2)
            parameter.copy_(parameter.to(dtype).float())
    return model


def unit_output(unet, dtype):
    """Rescales the last convolution so that predictions have about unit variance, as noise has."""
    with torch.no_grad():
        latent = torch.randn(2, unet.config.in_channels, 8, 8)
        text = torch.randn(2, 77, unet.config.cross_attention_dim)
        unet.conv_out.weight.div_(unet(latent, 500, text).sample.std())
        unet.conv_out.weight.copy_(unet.conv_out.weight.to(dtype).float())
    return unet


def save_part(folder, model, class_name, config_keys, dtype, rename=lambda name: name, extra=None):
    """Writes weights and a config with only `config_keys`: what is left out must come from the class's defaults."""
    folder.mkdir(parents=True)
    weights = {rename(name): value.to(dtype).contiguous() for name, value in model.state_dict().items()}
    weights.update(extra or {})
    file = "model" if class_name == "CLIPTextModel" else "diffusion_pytorch_model"
    save_file(weights, folder / f"{file}.safetensors", {"format": "pt"})
    config = model.config.to_dict() if class_name == "CLIPTextModel" else dict(model.config)
    named = {"architectures": [class_name]} if class_name == "CLIPTextModel" else {"_class_name": class_name}
    write_json(folder / "config.json", {**named, **{key: config[key] for key in config_keys}})


def write_index(folder, **overrides):
    parts = {
        "feature_extractor": ["transformers", "CLIPImageProcessor"],
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
        "scheduler": ["diffusers", "PNDMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    write_json(folder / "model_index.json", {
        "_class_name": "StableDiffusionPipeline", "_diffusers_version": diffusers.__version__,
        "requires_safety_checker": False, **parts, **overrides})


def old_attention_name(name):
    """The names that the VAE's attention had before diffusers 0.12, which published checkpoints still carry."""
    for new, old in [("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")]:
        name = name.replace(f"mid_block.attentions.0.{new}.", f"mid_block.attentions.0.{old}.")
    return name


class Fixture:
    """A tiny model, and the folder it is written to."""

    def __init__(self, name):
        self.name = name
        self.root = HERE / name
        self.folder = self.root / "model"
        self.text = self.unet = self.vae = self.tokenizer = None
        shutil.rmtree(self.root, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.expected = {}

    def tokens(self, text):
        return self.tokenizer(
            text, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids

    def encode_text(self, text):
        return self.text(self.tokens(text)).last_hidden_state


def sd1_tiny():
    """Stable Diffusion 1's layout: prefixed text weights, old attention names in the VAE, sparse configs, f16."""
    fixture = Fixture("sd1-tiny")
    torch.manual_seed(1)
    vocab_size = write_tokenizer(fixture.folder / "tokenizer", "<|endoftext|>", special_tokens_map=True)
    text = randomize(CLIPTextModel(CLIPTextConfig(
        vocab_size=vocab_size, hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4,
        max_position_embeddings=77, hidden_act="quick_gelu", bos_token_id=0, eos_token_id=2, pad_token_id=1,
    )), torch.float16)
    save_part(
        fixture.folder / "text_encoder", text, "CLIPTextModel",
        ["bos_token_id", "eos_token_id", "pad_token_id", "hidden_size", "intermediate_size", "num_attention_heads",
         "num_hidden_layers", "vocab_size", "model_type"], torch.float16,
        rename=lambda name: "text_model." + name,
        extra={"text_model.embeddings.position_ids": torch.arange(77)[None]})
    unet = unit_output(randomize(UNet2DConditionModel(
        sample_size=8, layers_per_block=2, block_out_channels=(8, 16, 16, 16), norm_num_groups=4,
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3, cross_attention_dim=32, attention_head_dim=2,
    ), torch.float16), torch.float16)
    save_part(
        fixture.folder / "unet", unet, "UNet2DConditionModel",
        ["attention_head_dim", "block_out_channels", "cross_attention_dim", "norm_num_groups", "sample_size"],
        torch.float16)
    vae = randomize(AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 16, 16), layers_per_block=2, norm_num_groups=4, sample_size=64,
    ), torch.float16)
    save_part(
        fixture.folder / "vae", vae, "AutoencoderKL",
        ["block_out_channels", "down_block_types", "up_block_types", "layers_per_block", "norm_num_groups"],
        torch.float16, rename=old_attention_name)
    scheduler = PNDMScheduler(**BETAS, skip_prk_steps=True, set_alpha_to_one=False, steps_offset=1)
    (fixture.folder / "scheduler").mkdir()
    config = {key: value for key, value in scheduler.config.items() if key in (
        "num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "skip_prk_steps", "set_alpha_to_one",
        "steps_offset")}
    write_json(fixture.folder / "scheduler/scheduler_config.json", {
        "_class_name": "PNDMScheduler", **config, "trained_betas": None, "clip_sample": False})
    write_index(fixture.folder)
    fixture.text, fixture.unet, fixture.vae = text, unet, vae
    fixture.tokenizer = CLIPTokenizer.from_pretrained(fixture.folder / "tokenizer")
    return fixture


def sd2_tiny():
    """Stable Diffusion 2's layout: linear projections, heads by level, v prediction, "!" as padding; f32, f16, bf16."""
    fixture = Fixture("sd2-tiny")
    torch.manual_seed(2)
    vocab_size = write_tokenizer(fixture.folder / "tokenizer", "!", special_tokens_map=True)
    text = randomize(CLIPTextModel(CLIPTextConfig(
        vocab_size=vocab_size, hidden_size=40, intermediate_size=96, num_hidden_layers=4, num_attention_heads=5,
        max_position_embeddings=77, hidden_act="gelu", projection_dim=32, layer_norm_eps=1e-5,
        bos_token_id=0, eos_token_id=2, pad_token_id=1,
    )), torch.float16)
    save_part(
        fixture.folder / "text_encoder", text, "CLIPTextModel", sorted(text.config.to_dict().keys() - {
            "architectures"}), torch.float16)
    unet = unit_output(randomize(UNet2DConditionModel(
        sample_size=12, layers_per_block=2, block_out_channels=(8, 16, 24), norm_num_groups=8,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"), cross_attention_dim=40,
        attention_head_dim=(1, 2, 4), use_linear_projection=True, upcast_attention=True,
    ), torch.float32), torch.float32)
    save_part(
        fixture.folder / "unet", unet, "UNet2DConditionModel",
        sorted(key for key in unet.config if not key.startswith("_")), torch.float32)
    vae = randomize(AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(8, 16, 16), layers_per_block=1, norm_num_groups=8, sample_size=48, scaling_factor=0.2,
    ), torch.bfloat16)
    save_part(
        fixture.folder / "vae", vae, "AutoencoderKL",
        sorted(key for key in vae.config if not key.startswith("_")), torch.bfloat16)
    scheduler = DDIMScheduler(
        **BETAS, clip_sample=False, set_alpha_to_one=False, steps_offset=1, prediction_type="v_prediction")
    scheduler.save_pretrained(fixture.folder / "scheduler")
    write_index(
        fixture.folder, scheduler=["diffusers", "DDIMScheduler"], feature_extractor=[None, None],
        safety_checker=[None, None], image_encoder=[None, None])
    fixture.text, fixture.unet, fixture.vae = text, unet, vae
    fixture.tokenizer = CLIPTokenizer.from_pretrained(fixture.folder / "tokenizer")
    return fixture


def variant_tiny():
    """A UNet and a VAE alone, with every size given by level and the switches the other two leave alone."""
    fixture = Fixture("variant-tiny")
    torch.manual_seed(3)
    unet = unit_output(randomize(UNet2DConditionModel(
        sample_size=(7, 10), in_channels=3, out_channels=3, layers_per_block=(1, 2, 1), block_out_channels=(12, 18, 24),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=20,
        attention_head_dim=(2, 3, 4), transformer_layers_per_block=(1, 2, 1), norm_num_groups=6,
        norm_eps=1e-6, flip_sin_to_cos=False, freq_shift=1, center_input_sample=True, conv_in_kernel=1,
        conv_out_kernel=5, act_fn="swish", time_embedding_dim=28,
    ), torch.float16), torch.float16)
    save_part(
        fixture.folder / "unet", unet, "UNet2DConditionModel",
        sorted(key for key in unet.config if not key.startswith("_")), torch.float16)
    vae = randomize(AutoencoderKL(
        in_channels=3, out_channels=3, latent_channels=3, down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2, block_out_channels=(8, 12), layers_per_block=1, norm_num_groups=4,
        scaling_factor=0.5, use_quant_conv=False, use_post_quant_conv=False, mid_block_add_attention=False,
    ), torch.float16)
    save_part(
        fixture.folder / "vae", vae, "AutoencoderKL",
        sorted(key for key in vae.config if not key.startswith("_")), torch.float16)
    write_index(
        fixture.folder, scheduler=[None, None], feature_extractor=[None, None], safety_checker=[None, None],
        text_encoder=[None, None], tokenizer=[None, None])
    fixture.unet, fixture.vae = unet, vae
    return fixture


# ---------------------------------------------------------------------------------------------- expectations


def module_tensors(fixture, latent_sizes):
    """Inputs and outputs of each part: whole tensors, named PART.CASE.WHAT."""
    tensors = {}
    generator = torch.Generator().manual_seed(7)
    if fixture.text is not None:
        for case, text in [("prompt", PROMPT), ("negative", NEGATIVE), ("empty", ""), ("long", "green heart, " * 40)]:
            output = fixture.text(fixture.tokens(text), output_hidden_states=True)
            tensors[f"text.{case}.ids"] = fixture.tokens(text)
            tensors[f"text.{case}.last_hidden_state"] = output.last_hidden_state
            for skip in (1, 2):  # StableDiffusionPipeline.encode_prompt's clip_skip
                hidden = output.hidden_states[-(skip + 1)]
                tensors[f"text.{case}.clip_skip_{skip}"] = fixture.text.final_layer_norm(hidden)
        # The definition checked once: no layer skipped is the last hidden state.
        assert torch.equal(fixture.text.final_layer_norm(output.hidden_states[-1]), output.last_hidden_state)
        pair = torch.cat([fixture.tokens(PROMPT), fixture.tokens(NEGATIVE)])
        tensors["text.pair.ids"] = pair
        tensors["text.pair.last_hidden_state"] = fixture.text(pair).last_hidden_state

    channels, width = fixture.unet.config.in_channels, fixture.unet.config.cross_attention_dim
    for batch in (1, 2):
        for height, w in latent_sizes:
            latent = torch.randn(batch, channels, height, w, generator=generator)
            text = torch.randn(batch, 77, width, generator=generator)
            for timestep in (981, 1, 499.5):
                case = f"unet.{batch}x{height}x{w}"
                tensors[f"{case}.latent"] = latent
                tensors[f"{case}.conditioning"] = text
                output = fixture.unet(latent, torch.tensor(timestep), text).sample
                tensors[f"{case}.t{timestep:g}.output"] = output

    factor = 2 ** (len(fixture.vae.config.block_out_channels) - 1)
    channels = fixture.vae.config.latent_channels
    for batch in (1, 2):
        for height, w in latent_sizes:
            case = f"vae.{batch}x{height}x{w}"
            latent = torch.randn(batch, channels, height, w, generator=generator)
            tensors[f"{case}.latent"] = latent
            # What a pipeline decodes: latents in the UNet's scale.
            tensors[f"{case}.decoded"] = fixture.vae.decode(latent / fixture.vae.config.scaling_factor).sample
            image = torch.rand(batch, 3, height * factor, w * factor, generator=generator) * 2 - 1
            distribution = fixture.vae.encode(image).latent_dist
            tensors[f"{case}.image"] = image
            tensors[f"{case}.moments"] = distribution.parameters
            tensors[f"{case}.encoded"] = distribution.mode() * fixture.vae.config.scaling_factor
            if batch == 2:
                break
    return {name: value.contiguous() for name, value in tensors.items()}


def check_reading(fixture, tensors):
    """The folder is one that diffusers and transformers read themselves, to the same weights."""
    unet = UNet2DConditionModel.from_pretrained(fixture.folder / "unet", torch_dtype=torch.float32)
    vae = AutoencoderKL.from_pretrained(fixture.folder / "vae", torch_dtype=torch.float32)
    pairs = [(unet, fixture.unet), (vae, fixture.vae)]
    if fixture.text is not None:
        text = CLIPTextModel.from_pretrained(fixture.folder / "text_encoder", dtype=torch.float32)
        pairs.append((text, fixture.text))
    for read, made in pairs:
        expected = made.state_dict()
        assert read.state_dict().keys() == expected.keys()
        assert all(torch.equal(value, expected[name]) for name, value in read.state_dict().items())
    case = next(name[: -len(".latent")] for name in tensors if name.startswith("unet.") and name.endswith(".latent"))
    output = unet(tensors[f"{case}.latent"], 981, tensors[f"{case}.conditioning"]).sample
    assert torch.allclose(output, tensors[f"{case}.t981.output"], rtol=1e-4, atol=1e-5)


def picture(width, height):
    """A made-up picture with edges, ramps and colours."""
    y, x = numpy.mgrid[0:height, 0:width]
    red = 255 * x / (width - 1)
    green = 255 * (((x // 8) + (y // 8)) % 2)
    blue = 255 * (numpy.hypot(x - width / 2, y - height / 2) < min(width, height) / 3)
    return Image.fromarray(numpy.stack([red, green, blue], axis=-1).astype(numpy.uint8))


def run_chain(fixture, name, steps, *, branches, eta=0.0, cfg=7.5, seed=42, width, height, batch=1, strength=None):
    """One DDIM run as StableDiffusionPipeline does it, or its img2img form when there is a strength."""
    prediction_type = "v_prediction" if fixture.name == "sd2-tiny" else "epsilon"
    scheduler = DDIMScheduler(
        **BETAS, clip_sample=False, set_alpha_to_one=False, steps_offset=1, timestep_spacing="leading",
        prediction_type=prediction_type)
    scheduler.set_timesteps(steps)
    uncond, positive, negative = (fixture.encode_text(text) for text in ("", PROMPT, NEGATIVE))
    generator = torch.Generator().manual_seed(seed)
    factor = 2 ** (len(fixture.vae.config.block_out_channels) - 1)
    noise = torch.randn(batch, fixture.unet.config.in_channels, height // factor, width // factor, generator=generator)
    tensors = {"uncond": uncond, "positive": positive, "negative": negative}
    timesteps = scheduler.timesteps
    if strength is None:
        latent = noise
    else:
        image = picture(width, height)
        image.save(fixture.root / "chains" / f"{name}.png")
        pixels = torch.from_numpy(numpy.array(image)).permute(2, 0, 1)[None].float() / 127.5 - 1
        encoded = fixture.vae.encode(pixels).latent_dist.mode() * fixture.vae.config.scaling_factor
        tensors["encoded"] = encoded
        timesteps = timesteps[steps - min(int(steps * strength), steps) :]
        latent = scheduler.add_noise(encoded, noise, timesteps[:1])
    tensors["latent.0"] = latent
    for index, timestep in enumerate(timesteps):
        def predict(text):
            return fixture.unet(latent, timestep, text.expand(batch, -1, -1)).sample
        if branches == 3:  # uncond + s (positive - negative)
            prediction = predict(uncond) + cfg * (predict(positive) - predict(negative))
        else:  # the negative prompt takes the unconditional one's place
            base = predict(negative)
            prediction = base + cfg * (predict(positive) - base)
        latent = scheduler.step(prediction, int(timestep), latent, eta=eta, generator=generator).prev_sample
        tensors[f"latent.{index + 1}"] = latent
    tensors["image"] = fixture.vae.decode(latent / fixture.vae.config.scaling_factor).sample

    tensors = {key: value.contiguous() for key, value in tensors.items()}
    save_file(tensors, fixture.root / "chains" / f"{name}.safetensors")
    write_json(fixture.root / "chains" / f"{name}.json", {
        "model": f"{fixture.name}/model",
        "sampler": "DDIMScheduler: steps_offset 1, leading, set_alpha_to_one False, clip_sample False",
        "prediction_type": prediction_type,
        "guidance": "uncond + cfg (positive - negative)" if branches == 3 else "negative + cfg (positive - negative)",
        "branches": branches, "uncond": "", "prompt": PROMPT, "negative": NEGATIVE, "cfg": cfg, "seed": seed,
        "steps": steps, "eta": eta, "width": width, "height": height, "batch": batch,
        "strength": strength, "image": f"{name}.png" if strength is not None else None,
        "timesteps": timesteps.tolist(),
        "tensors": {
            "latent.0": "where sampling starts", "latent.K": "after K steps", "image": "decoded, not clamped",
            "uncond, positive, negative": "conditioning",
            **({"encoded": "mean of the encoded image times scaling_factor"} if strength is not None else {})}})


def write_chains(fixture, width, height):
    (fixture.root / "chains").mkdir()
    size = dict(width=width, height=height)
    run_chain(fixture, "ddim-12-three-branch", 12, branches=3, **size)
    run_chain(fixture, "ddim-20-three-branch", 20, branches=3, **size)
    run_chain(fixture, "ddim-20-two-branch", 20, branches=2, **size)
    run_chain(fixture, "ddim-12-three-branch-eta-0.5", 12, branches=3, eta=0.5, seed=7, **size)
    run_chain(fixture, "ddim-20-two-branch-eta-0.5", 20, branches=2, eta=0.5, seed=7, **size)
    run_chain(fixture, "ddim-12-three-branch-batch-2", 12, branches=3, batch=2, seed=1234567890123, **size)
    run_chain(fixture, "img2img-20-two-branch", 20, branches=2, strength=0.6, **size)


FIXTURES = {
    "sd1-tiny": lambda: (sd1_tiny(), [(8, 8), (6, 9)], (64, 64)),
    "sd2-tiny": lambda: (sd2_tiny(), [(8, 12), (5, 7)], (48, 32)),
    "variant-tiny": lambda: (variant_tiny(), [(7, 10)], None),
}


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    with torch.no_grad():
        for name in sys.argv[1:] or FIXTURES:
            fixture, latent_sizes, image_size = FIXTURES[name]()
            tensors = module_tensors(fixture, latent_sizes)
            check_reading(fixture, tensors)
            save_file(tensors, fixture.root / "modules.safetensors")
            if image_size:
                write_chains(fixture, *image_size)
    versions = {"python": platform.python_version()}
    for module in (torch, diffusers, transformers, tokenizers, safetensors, numpy, PIL):
        versions[module.__name__] = module.__version__
    (HERE / "VERSIONS").write_text("".join(f"{name} {version}\n" for name, version in versions.items()))


if __name__ == "__main__":
    main()
