"""Lets ComfyUI load models that are as its own but for their widths and depths.

Its detection has some numbers of the published models in it, which shapes could tell, and its text encoders come from fixed
settings. This file is put among its custom nodes; it replaces these numbers alone.
"""

import comfy.model_detection
import comfy.sd
import comfy.sd1_clip
import comfy.supported_models

# What is no published model's, in the words of the encoders' settings.
ENCODERS = {
    "clip_g": {"num_hidden_layers": 3},
    "t5xxl": {"d_model": 64, "d_ff": 128, "num_heads": 2, "d_kv": 32, "num_layers": 2},
    "qwen3_4b": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 3, "num_attention_heads": 2, "num_key_value_heads": 1},
}
# Its embedding of times has 1024 channels as in the published model, and its feed-forward layers 8 thirds of this, a multiple of 256.
Z_IMAGE = 1152


class TinySDXL(comfy.supported_models.SDXL):
    unet_config = comfy.supported_models.SDXL.unet_config | {"model_channels": 64, "transformer_depth": [0, 1, 2]}


class TinyZImage(comfy.supported_models.ZImage):
    unet_config = comfy.supported_models.ZImage.unet_config | {"dim": Z_IMAGE}


def denoiser(state_dict, prefix, metadata=None):
    config = detect_denoiser(state_dict, prefix, metadata=metadata)
    if config is not None and config.get("image_model") == "flux":
        config["num_heads"] = config["hidden_size"] // sum(config["axes_dim"])
    if config is not None and config.get("image_model") == "lumina2" and config["dim"] == Z_IMAGE:
        heads = Z_IMAGE // 128
        config |= dict(
            n_heads=heads, n_kv_heads=heads, axes_dims=[32, 48, 48], axes_lens=[1536, 512, 512], rope_theta=256.0,
            ffn_dim_multiplier=8.0 / 3.0, z_image_modulation=True, time_scale=1000.0, pad_tokens_multiple=32)
    return config


def text_encoder(state_dict):
    is_qwen3 = "model.layers.0.self_attn.q_norm.weight" in state_dict
    return comfy.sd.TEModel.QWEN3_4B if is_qwen3 else detect_text_encoder(state_dict)


def encoder(self, *args, model_options={}, **named):
    settings = {f"{name}_model_config": values for name, values in ENCODERS.items()}
    # Qwen3's class does not say which settings are its own.
    if "Qwen3" in type(self).__name__:
        model_options = model_options | {"model_name": "qwen3_4b"}
    make_encoder(self, *args, model_options=settings | model_options, **named)


detect_denoiser, comfy.model_detection.detect_unet_config = comfy.model_detection.detect_unet_config, denoiser
detect_text_encoder, comfy.sd.detect_te_model = comfy.sd.detect_te_model, text_encoder
make_encoder, comfy.sd1_clip.SDClipModel.__init__ = comfy.sd1_clip.SDClipModel.__init__, encoder
comfy.supported_models.models[:0] = [TinySDXL, TinyZImage]
NODE_CLASS_MAPPINGS = {}
