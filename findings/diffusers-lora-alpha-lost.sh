#!/usr/bin/env bash
# diffusers 0.42.1 (peft 0.21.2, transformers 5.24.0, torch 2.13.0): a LoRA saved the way the training scripts' code shows loses its alpha.
#
# Guess:    save_lora_weights(unet_lora_layers=get_peft_model_state_dict(unet)) writes all that load_lora_weights needs.
# Instead:  the file has no alpha, neither as tensors nor in its metadata, and the reader takes alpha = rank. Trained with rank 4 and alpha 16
#           (scale 4) the LoRA comes back with scale 1. Only the later argument unet_lora_adapter_metadata keeps the 16.
#           convert_state_dict_to_kohya writes alpha tensors, but invents them: always the rank.
# Output:   scale in training 4.0; after saving and loading 1.0, and 4.0 with the metadata; kohya's alpha 4.0 for a trained alpha of 16.
# Matters:  such files exist and cannot be told from right ones: "alpha absent means alpha = rank" is the rule of the readers, not a fact about
#           the training. A strength above 1 that "looks right" is often this. A writer must write alpha for every module.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile diffusers==0.42.1 peft==0.21.2 transformers==5.24.0 accelerate==1.15.0 torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - 2> "$work/errors" <<'PY' || { cat "$work/errors" >&2; exit 1; }
import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from diffusers.loaders import StableDiffusionLoraLoaderMixin as Loader
from diffusers.utils import convert_state_dict_to_diffusers, convert_state_dict_to_kohya
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors import safe_open

def unet():
    torch.manual_seed(0)
    return UNet2DConditionModel(sample_size=8, layers_per_block=1, block_out_channels=(8, 16), norm_num_groups=4, cross_attention_dim=8,
                                attention_head_dim=4, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
                                up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"))

def scales(model):
    return {scale for layer in model.modules() if hasattr(layer, "scaling") for scale in layer.scaling.values()}

trained = unet()
trained.add_adapter(LoraConfig(r=4, lora_alpha=16, target_modules=["to_q", "to_k"], init_lora_weights=False))
weights = get_peft_model_state_dict(trained)
print("in training", scales(trained))
assert scales(trained) == {4.0}

metadata = trained.peft_config["default"].to_dict()
for folder, extra, scale in (("plain", {}, 1.0), ("metadata", {"unet_lora_adapter_metadata": metadata}, 4.0)):
    StableDiffusionPipeline.save_lora_weights(folder, unet_lora_layers=convert_state_dict_to_diffusers(weights), **extra)
    with safe_open(f"{folder}/pytorch_lora_weights.safetensors", "pt") as file:
        assert not any("alpha" in name for name in file.keys())
        print(folder, "| metadata's keys:", sorted(file.metadata()), end=" | ")
    loaded = unet()
    state, alphas, kept = Loader.lora_state_dict(folder, unet_config=loaded.config, return_lora_metadata=True)
    Loader.load_lora_into_unet(state, alphas, loaded, metadata=kept)
    print("scale after loading", scales(loaded))
    assert scales(loaded) == {scale}

alphas = {float(value) for name, value in convert_state_dict_to_kohya(weights).items() if name.endswith(".alpha")}
print("kohya's alphas", alphas)
assert alphas == {4.0}
PY
