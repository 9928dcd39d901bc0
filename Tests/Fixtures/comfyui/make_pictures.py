"""Writes siglip.safetensors, clip.safetensors, redux.safetensors, uso.safetensors and pictures.safetensors: tiny random encoders of
pictures, a style model and a style projector, and what ComfyUI 0.8.0 makes of a picture with them.

usage: make_pictures.py COMFYUI

COMFYUI is a checkout of its repository, whose requirements are installed.
"""

import pathlib
import sys

import torch
from safetensors.torch import save_file

sys.path.insert(0, sys.argv[1])
sys.argv = sys.argv[:1] + ["--cpu"]

import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()
import comfy.clip_model as clip_model  # noqa: E402
import comfy.ops  # noqa: E402
from comfy.ldm.flux.redux import ReduxImageEncoder  # noqa: E402
from comfy.ldm.modules.encoders.noise_aug_modules import CLIPEmbeddingNoiseAugmentation  # noqa: E402
from comfy.model_base import unclip_adm  # noqa: E402
from comfy_extras.nodes_model_patch import SigLIPMultiFeatProjModel  # noqa: E402

HERE = pathlib.Path(__file__).parent
SIZE = 28
COMMON = dict(
    num_channels=3, hidden_size=64, image_size=SIZE, intermediate_size=96, num_attention_heads=2, num_hidden_layers=3, patch_size=14)
KINDS = {
    "siglip": dict(hidden_act="gelu_pytorch_tanh", model_type="siglip_vision_model"),
    "clip": dict(hidden_act="quick_gelu", model_type="clip_vision_model", projection_dim=48),
}
NORMS = {
    "siglip": dict(mean=[0.5] * 3, std=[0.5] * 3),
    "clip": dict(mean=[0.48145466, 0.4578275, 0.40821073], std=[0.26862954, 0.26130258, 0.27577711]),
}


def seeded(module):
    for name, value in sorted(module.named_parameters()):
        value.data = 0.3 * torch.randn(value.shape) / max(1, value[0].numel()) ** 0.5 if value.ndim > 1 else 0.1 * torch.randn(value.shape)
        if "norm" in name and name.endswith("weight"):
            value.data += 1
    return module.eval()


@torch.no_grad()
def main():
    torch.manual_seed(3)
    # Of this one no level of the resized picture is near the border of two, where who rounds how would show.
    picture = torch.rand(1, 30, 44, 3, generator=torch.Generator().manual_seed(2118))
    tensors = {"picture": picture.movedim(-1, 1)}
    states = None
    for name, settings in KINDS.items():
        model = seeded(clip_model.CLIPVisionModelProjection(COMMON | settings, torch.float32, "cpu", comfy.ops.manual_cast))
        save_file({key: value.contiguous() for key, value in model.state_dict().items()}, HERE / f"{name}.safetensors")
        for crop in (True, False):
            pixels = clip_model.clip_preprocess(picture, size=SIZE, crop=crop, **NORMS[name])
            out = model(pixel_values=pixels.float(), intermediate_output=-2)
            tensors[f"{name}.{'center' if crop else 'none'}.states"] = out[0]
            if name == "siglip" and crop:
                # Of fewer than 20 layers the first stands for those that are not there.
                hidden = model(pixel_values=pixels.float(), intermediate_output="all")[1]
                deep = torch.stack((hidden[:, 0], hidden[:, 0], hidden[:, 1]))
            if name == "clip":
                tensors[f"clip.{'center' if crop else 'none'}.pooled"] = out[2]
        states = tensors["siglip.center.states"]
    redux = seeded(ReduxImageEncoder(64, 32))
    save_file({key: value.contiguous() for key, value in redux.state_dict().items()}, HERE / "redux.safetensors")
    tensors["redux"] = redux(states)
    projector = seeded(
        SigLIPMultiFeatProjModel(
            siglip_token_nums=4, style_token_nums=3, siglip_token_dims=64, hidden_size=40, operations=comfy.ops.manual_cast))
    save_file(
        {f"feature_embedder.{key}": value.contiguous() for key, value in projector.state_dict().items()}, HERE / "uso.safetensors")
    tensors["uso"] = projector(deep)
    augmentor = CLIPEmbeddingNoiseAugmentation(
        noise_schedule_config=dict(timesteps=1000, beta_schedule="squaredcos_cap_v2"), timestep_dim=48)

    class Seen:
        image_embeds = tensors["clip.center.pooled"]

    class Other:
        image_embeds = tensors["clip.none.pooled"]

    for name, given in {
        "one": [(Seen, 0.75, 0.0)], "noisy": [(Seen, 1.0, 0.3)], "two": [(Seen, 0.75, 0.0), (Other, 0.5, 0.1)]
    }.items():
        conditions = [dict(clip_vision_output=seen, strength=strength, noise_augmentation=noise) for seen, strength, noise in given]
        tensors[f"unclip.{name}"] = unclip_adm(conditions, "cpu", augmentor, seed=1234 - 10)[:, :48]
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, HERE / "pictures.safetensors")


main()
