"""Makes the models of the comparison with ComfyUI: its own classes with few layers, and random weights that follow from their names.

usage: models.py COMFYUI FOLDER      (by the Python that runs ComfyUI)

FOLDER becomes ComfyUI's folder of models. SD 1.x has the 320 channels, and all of them the text encoder and the VAE, by which
ComfyUI knows them; what it has other numbers for is in `tiny.py`.
"""

import pathlib
import sys
import zlib

import numpy
import torch
from safetensors.torch import save_file

comfyui, folder = sys.argv[1:]
sys.path.insert(0, comfyui)
import comfy.cli_args  # noqa: E402

comfy.cli_args.args.cpu = True
import comfy.cldm.cldm  # noqa: E402
import comfy.clip_model  # noqa: E402
import comfy.ldm.flux.model  # noqa: E402
import comfy.ldm.lumina.model  # noqa: E402
import comfy.ldm.models.autoencoder  # noqa: E402
import comfy.ops  # noqa: E402
import comfy.text_encoders.llama  # noqa: E402
import comfy.text_encoders.t5  # noqa: E402
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel  # noqa: E402
from tiny import ENCODERS, Z_IMAGE  # noqa: E402

PLACE = dict(device="meta", dtype=torch.float16, operations=comfy.ops.disable_weight_init)
CLIP = dict(
    hidden_size=768, intermediate_size=3072, num_attention_heads=12, num_hidden_layers=12, vocab_size=49408, max_position_embeddings=77,
    hidden_act="quick_gelu", eos_token_id=49407)
BIG = CLIP | dict(hidden_size=1280, intermediate_size=5120, num_attention_heads=20, hidden_act="gelu") | ENCODERS["clip_g"]
T5 = dict(dense_act_fn="gelu_pytorch_tanh", is_gated_act=True, model_type="t5", vocab_size=32128) | ENCODERS["t5xxl"]
VAE = dict(
    double_z=True, resolution=256, in_channels=3, out_ch=3, ch=128, ch_mult=[1, 2, 4, 4], num_res_blocks=2, attn_resolutions=[], dropout=0.0)
SD = dict(
    image_size=32, in_channels=4, model_channels=320, num_res_blocks=[1, 1], channel_mult=[1, 1], transformer_depth=[1, 0],
    transformer_depth_middle=1, context_dim=768, num_heads=8, use_spatial_transformer=True, legacy=False)
SD_OUT = dict(out_channels=4, transformer_depth_output=[1, 1, 0, 0])
XL = SD | dict(
    model_channels=64, num_res_blocks=[1, 1, 1], channel_mult=[1, 2, 4], transformer_depth=[0, 1, 2], transformer_depth_middle=2,
    context_dim=2048, num_heads=-1, num_head_channels=64, use_linear_in_transformer=True, adm_in_channels=2816, num_classes="sequential")
XL_OUT = dict(out_channels=4, transformer_depth_output=[0, 0, 1, 1, 2, 2])
FLUX = dict(
    in_channels=16, out_channels=16, vec_in_dim=768, context_in_dim=64, hidden_size=256, mlp_ratio=4.0, num_heads=2, depth=2,
    depth_single_blocks=2, axes_dim=[16, 56, 56], theta=10000, patch_size=2, qkv_bias=True, txt_ids_dims=[])
NEXT = dict(
    patch_size=2, in_channels=16, dim=Z_IMAGE, n_layers=1, n_heads=9, n_kv_heads=9, qk_norm=True, cap_feat_dim=64, axes_dims=[32, 48, 48],
    axes_lens=[1536, 512, 512], rope_theta=256.0, ffn_dim_multiplier=8.0 / 3.0, z_image_modulation=True, time_scale=1000.0, pad_tokens_multiple=32)


def numbers(family, name, shape):
    draw = numpy.random.Generator(numpy.random.PCG64(zlib.crc32(f"{family}/{name}".encode())))
    values = draw.standard_normal(shape, dtype=numpy.float32)
    if name.endswith("bias") or name.endswith("pad_token"):
        return 0.05 * values
    if len(shape) == 1:
        return 1 + 0.1 * values
    if "embedding" in name and "relative" not in name or "embed_tokens" in name:
        return 0.05 * values
    # Those of time are stronger, so that a wrong time shows.
    gain = 2 if "time_embed" in name or "time_in" in name or "t_embedder" in name else 1
    return gain * values / numpy.sqrt(numpy.prod(shape[1:]))


def weights(family, module, prefix=""):
    return {
        prefix + name: torch.from_numpy(numpy.ascontiguousarray(numbers(family, name, tuple(value.shape)), numpy.float32))
        for name, value in module.state_dict().items() if value.dtype.is_floating_point}


def straight(unet):
    """A way for the sample through the network as it is, by silu(a) - silu(-a) = a in eight channels, so that what is random only
    disturbs a model that takes noise away."""
    channels, last = unet["out.0.weight"].shape[0], max(int(name.split(".")[1]) for name in unet if name.startswith("output_blocks."))
    block = f"output_blocks.{last}."
    first, skip, out = (unet[name + ".weight"] for name in ("input_blocks.0.0", block + "0.skip_connection", "out.2"))
    first[:8], skip[:8], out[:, :8] = 0, 0, 0
    out[:, 8:] *= 0.4
    for k in range(4):
        first[k, k, 1, 1], first[k + 4, k, 1, 1], out[k, k, 1, 1], out[k, k + 4, 1, 1] = 1, -1, 1, -1
    for k in range(8):
        skip[k, skip.shape[1] - channels + k, 0, 0] = 1
    for name in ("input_blocks.0.0.bias", block + "0.skip_connection.bias", "out.0.bias"):
        unet[name][:8] = 0
    unet["out.0.weight"][:8] = 1
    for name in (block + "0.out_layers.3", block + "1.proj_out"):
        if name + ".weight" in unet:
            unet[name + ".weight"][:8] *= 0.05
            unet[name + ".bias"][:8] = 0
    return unet


def unet(family, config):
    values = straight(weights(family, UNetModel(**config, **PLACE)))
    return {f"model.diffusion_model.{name}": value for name, value in values.items()}


def vae(channels, prefix):
    config = VAE | dict(z_channels=channels)
    has_outer = channels == 4
    model = comfy.ldm.models.autoencoder
    with torch.device("meta"):
        made = model.AutoencoderKL(embed_dim=channels, ddconfig=config) if has_outer else model.AutoencodingEngine(
            regularizer_config={"target": "comfy.ldm.models.autoencoder.DiagonalGaussianRegularizer"},
            encoder_config={"target": "comfy.ldm.modules.diffusionmodules.model.Encoder", "params": config},
            decoder_config={"target": "comfy.ldm.modules.diffusionmodules.model.Decoder", "params": config})
    return weights(f"vae{channels}", made, prefix)


def clip(config, prefix):
    model = comfy.clip_model.CLIPTextModel(config, PLACE["dtype"], "meta", PLACE["operations"])
    return {name: value for name, value in weights("clip", model, prefix).items() if "text_projection" not in name or config is BIG}


def open_clip(values):
    """bigG's names in the files of SDXL: those of OpenCLIP."""
    names = {
        "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
        "text_model.embeddings.position_embedding.weight": "positional_embedding", "text_model.final_layer_norm": "ln_final"}
    parts = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj", "self_attn.out_proj": "attn.out_proj"}
    made = {}
    for name, value in values.items():
        for old, new in (names | parts).items():
            name = name.replace(old, new)
        made[name.replace("text_model.encoder.layers", "transformer.resblocks")] = value
    for name in [name for name in made if ".self_attn.q_proj." in name]:
        stem, kind = name.split(".self_attn.q_proj.")
        joined = torch.cat([made.pop(f"{stem}.self_attn.{part}_proj.{kind}") for part in "qkv"])
        made[f"{stem}.attn.in_proj_{kind}"] = joined
    made["text_projection"] = made.pop("text_projection.weight").T.contiguous()
    return {f"conditioner.embedders.1.model.{name}": value for name, value in made.items()}


def lora(family, model, names, rank=4):
    """Of layers by their names in LoRA's files and in the model."""
    made = {}
    for name, layer in names.items():
        out, inside = model[layer + ".weight"].shape[:2]
        made[name + ".lora_up.weight"] = torch.from_numpy(numbers(family, name + "up", (out, rank)))
        made[name + ".lora_down.weight"] = torch.from_numpy(numbers(family, name + "down", (rank, inside)))
        made[name + ".alpha"] = torch.tensor(2.0)
    return made


def save(name, tensors):
    path = pathlib.Path(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({key: value.half().contiguous() for key, value in tensors.items()}, path, {"format": "pt"})


def main():
    first_stage, text = vae(4, "first_stage_model."), clip(CLIP, "")
    sd = unet("sd", SD | SD_OUT)
    save("checkpoints/sd.safetensors", sd | first_stage | {f"cond_stage_model.transformer.{name}": value for name, value in text.items()})
    layer, encoder = "input_blocks.1.1.transformer_blocks.0.", "text_model.encoder.layers.3."
    save("loras/sd-style.safetensors", lora("lora", {name.removeprefix("model.diffusion_model."): value for name, value in (sd | text).items()}, {
        f"lora_unet_{layer.replace('.', '_')}attn1_to_q": layer + "attn1.to_q", f"lora_unet_{layer.replace('.', '_')}attn2_to_v": layer + "attn2.to_v",
        f"lora_te_{encoder.replace('.', '_')}mlp_fc1": encoder + "mlp.fc1"}))
    inpainting = SD | SD_OUT | dict(in_channels=9)
    save("checkpoints/sd-inpainting.safetensors", unet("sd-inpainting", inpainting) | first_stage | {
        f"cond_stage_model.transformer.{name}": value for name, value in text.items()})
    net = weights("control", comfy.cldm.cldm.ControlNet(**SD, hint_channels=3, **PLACE), "control_model.")
    save("controlnet/sd-edges.safetensors", net)
    save("checkpoints/sdxl.safetensors", unet("sdxl", XL | XL_OUT) | first_stage | open_clip(clip(BIG, "")) | {
        f"conditioner.embedders.0.transformer.{name}": value for name, value in text.items()})
    save("text_encoders/clip_l.safetensors", text)
    save("text_encoders/t5xxl.safetensors", weights("t5", comfy.text_encoders.t5.T5(T5, PLACE["dtype"], "meta", PLACE["operations"])))
    qwen = comfy.text_encoders.llama.Qwen3_4B(dict(ENCODERS["qwen3_4b"]), PLACE["dtype"], "meta", PLACE["operations"])
    save("text_encoders/qwen_3_4b.safetensors", weights("qwen", qwen))
    save("vae/ae.safetensors", vae(16, ""))
    dev = weights("flux", comfy.ldm.flux.model.Flux(**FLUX, guidance_embed=True, **PLACE))
    save("diffusion_models/flux1-dev.safetensors", dev)
    layer = "double_blocks.0.img_attn.qkv"
    save("loras/flux-style.safetensors", lora("lora", dev, {f"lora_unet_{layer.replace('.', '_')}": layer}))
    save("diffusion_models/flux1-schnell.safetensors", weights("schnell", comfy.ldm.flux.model.Flux(**FLUX, guidance_embed=False, **PLACE)))
    save("diffusion_models/z_image_turbo.safetensors", weights("z-image", comfy.ldm.lumina.model.NextDiT(**NEXT, **PLACE)))


main()
