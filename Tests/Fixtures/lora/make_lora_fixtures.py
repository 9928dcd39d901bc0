"""Writes LoRA files of every format for the model in ../sd1-tiny, and what the formats' own libraries compute with them.

usage: python make_lora_fixtures.py     (torch, diffusers, transformers as in ../VERSIONS; lycoris-lora 4.1.3, peft 0.21.2)

`NAME.safetensors` is a file as it is published. `outputs.safetensors` has, for each file and strength, the UNet's prediction
`NAME.STRENGTH.unet` and the text encoder's states `NAME.STRENGTH.text`, computed by the forward pass of lycoris-lora's or PEFT's
modules; and the inputs. Ranks and alphas differ from module to module, and some have no alpha.
"""

import copy
import random
import re
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from lycoris.modules.full import FullModule
from lycoris.modules.loha import LohaModule
from lycoris.modules.locon import LoConModule
from lycoris.modules.lokr import LokrModule
from lycoris.modules.norms import NormModule
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from safetensors.torch import save_file
from transformers import CLIPTextModel

HERE = Path(__file__).resolve().parent
MODEL = HERE.parent / "sd1-tiny" / "model"
STRENGTHS = [1.0, 0.6, -0.5]
UNET = UNet2DConditionModel.from_pretrained(MODEL / "unet", torch_dtype=torch.float32).eval()
TEXT = CLIPTextModel.from_pretrained(MODEL / "text_encoder", torch_dtype=torch.float32).eval()
torch.manual_seed(21)
LATENT, CONTEXT = torch.randn(1, 4, 8, 8), torch.randn(1, 77, UNET.config.cross_attention_dim)
IDS = torch.randint(0, TEXT.config.vocab_size, (1, 12))

LINEAR = [
    "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q", "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k",
    "mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0", "up_blocks.1.attentions.1.transformer_blocks.0.ff.net.0.proj",
]  # fmt: skip
CONV = ["down_blocks.0.resnets.0.conv1", "up_blocks.0.resnets.0.conv_shortcut", "down_blocks.0.attentions.0.proj_in", "conv_in"]
WIDE = ["down_blocks.1.resnets.0.conv2", "mid_block.attentions.0.transformer_blocks.0.attn1.to_v"]
NORM = ["down_blocks.0.resnets.0.norm1", "mid_block.attentions.0.transformer_blocks.0.norm2"]
TEXTS = ["encoder.layers.0.self_attn.q_proj", "encoder.layers.1.mlp.fc2", "encoder.layers.1.self_attn.out_proj"]


def outputs(unet, text):
    with torch.no_grad():
        return unet(LATENT, 500, CONTEXT).sample.contiguous(), text(IDS).last_hidden_state.contiguous()


def fresh():
    return copy.deepcopy(UNET), copy.deepcopy(TEXT)


# ---------------------------------------------------------------------------------------------- kohya's names, LyCORIS


def kohya_name(name, is_text):
    return ("lora_te_text_model_" if is_text else "lora_unet_") + name.replace(".", "_")


def lycoris(seed, kind, names, texts, strength, ranks=(2, 3, 4), models=None, **options):
    """The outputs, and the tensors of a file, with modules of one kind on the layers named."""
    unet, text = models or fresh()
    rng, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    tensors, modules = {}, []
    for name, is_text in [(name, False) for name in names] + [(name, True) for name in texts]:
        prefix = "text_model." if is_text and not hasattr(text, "encoder") else ""
        layer = (text if is_text else unet).get_submodule(prefix + name)
        rank = rng.choice(ranks)
        alpha = rng.choice([1, 2, rank, 8])
        ranked = {} if kind in (NormModule, FullModule) else {"lora_dim": rank, "alpha": alpha}
        module = kind(kohya_name(name, is_text), layer, 1.0, **ranked, **options).eval()
        for value in module.parameters():
            value.data = (0.5 * torch.randn(value.shape, generator=generator) / max(1, value[0].numel()) ** 0.5).half().float()
        if getattr(module, "wd", False):
            module.dora_scale.data += 1
        if kind is FullModule:
            state = {"diff": module.weight.data.clone()} | ({} if module.bias is None else {"diff_b": module.bias.data.clone()})
        elif kind is NormModule:
            state = {"w_norm": module.w_norm.data, "b_norm": module.b_norm.data}
        else:
            state = module.custom_state_dict()
        if "alpha" in state:
            own = state.pop("alpha")
            # What scripts of several years have written; a whole number of its rank may be left out.
            kinds = [torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.float64]
            if alpha != rank and not (hasattr(module, "use_w1") and module.use_w1 and module.use_w2):
                state["alpha"] = own.to(rng.choice(kinds))
        tensors |= {f"{module.lora_name}.{key}": value.detach().clone().contiguous() for key, value in state.items()}
        modules.append(module)
    for module in modules:
        module.multiplier = strength
        module.apply_to()
    return outputs(unet, text), tensors


LYCORIS = {
    "kohya": (1, LoConModule, LINEAR + CONV, TEXTS, {}),
    "locon-tucker": (2, LoConModule, ["down_blocks.0.resnets.0.conv1", "conv_in", *LINEAR[:1]], [], {"use_tucker": True}),
    "dora": (3, LoConModule, LINEAR + CONV[:3], TEXTS, {"weight_decompose": True}),
    "dora-inputs": (4, LoConModule, LINEAR + CONV[:3], TEXTS[:1], {"weight_decompose": True, "wd_on_out": False}),
    "loha": (5, LohaModule, LINEAR + CONV, TEXTS, {}),
    "loha-tucker": (6, LohaModule, CONV[:1] + CONV[3:], [], {"use_tucker": True}),
    "lokr": (7, LokrModule, LINEAR + CONV, TEXTS, {"factor": 2}),
    "lokr-both": (8, LokrModule, WIDE, TEXTS, {"factor": 4, "decompose_both": True, "ranks": [1]}),
    "lokr-full": (9, LokrModule, LINEAR + CONV, TEXTS, {"factor": 4, "full_matrix": True}),
    "lokr-tucker": (10, LokrModule, WIDE[:1], [], {"factor": 2, "use_tucker": True, "ranks": [2]}),
    "full": (11, FullModule, LINEAR + CONV, TEXTS, {}),
    "norms": (12, NormModule, NORM, ["encoder.layers.0.layer_norm1", "final_layer_norm"], {}),
}

ORIGINAL = {  # as kohya's scripts call layers of a model in the original layout
    "lora_unet_down_blocks_0_attentions_0": "lora_unet_input_blocks_1_1", "lora_unet_mid_block_attentions_0": "lora_unet_middle_block_1",
    "lora_unet_up_blocks_1_attentions_1": "lora_unet_output_blocks_4_1", "lora_unet_down_blocks_0_resnets_0_conv1": "lora_unet_input_blocks_1_0_in_layers_2",
    "lora_unet_up_blocks_0_resnets_0_conv_shortcut": "lora_unet_output_blocks_0_0_skip_connection", "lora_unet_conv_in": "lora_unet_input_blocks_0_0",
}  # fmt: skip


# ---------------------------------------------------------------------------------------------- PEFT's names


def peft(seed, strength, **options):
    """The outputs, and the tensors of PEFT's own files for UNet and text encoder."""
    unet, text = fresh()
    states = []
    torch.manual_seed(seed)
    for model, names in ((unet, LINEAR + CONV[:3]), (text, TEXTS)):
        ranks = {name: 2 + index % 3 for index, name in enumerate(names)}
        config = LoraConfig(
            r=4, lora_alpha=4, rank_pattern=ranks, alpha_pattern=ranks, init_lora_weights=False,
            target_modules="|".join(f".*{re.escape(name)}" for name in names), **options)
        wrapped = get_peft_model(model, config).eval()
        for name, value in wrapped.named_parameters():
            if "lora_" in name and "magnitude" not in name:
                value.data = (torch.randn(value.shape) / max(1, value[0].numel()) ** 0.5).half().float()
            if "magnitude" in name:
                value.data = (value.data * (1 + 0.3 * torch.rand(value.shape))).half().float()
        states.append({key: value.detach().clone().contiguous() for key, value in get_peft_model_state_dict(wrapped).items()})
        for layer in wrapped.modules():
            if isinstance(layer, LoraLayer):
                layer.set_scale("default", strength)
    return outputs(unet, text), states


# ---------------------------------------------------------------------------------------------- other files


def write_demo():
    """A small change of the model that Stepgraph ships."""
    model = HERE.parents[2] / "Examples" / "emoji" / "model"
    unet = UNet2DConditionModel.from_pretrained(model / "unet", torch_dtype=torch.float32)
    torch.manual_seed(41)
    tensors = {}
    for name, layer in unet.named_modules():
        if name.endswith("attn2.to_v"):
            for role, shape in (("lora_down", (2, layer.in_features)), ("lora_up", (layer.out_features, 2))):
                tensors[f"{kohya_name(name, False)}.{role}.weight"] = 0.1 * torch.randn(shape).half()
            tensors[f"{kohya_name(name, False)}.alpha"] = torch.tensor(1.0)
    save_file(tensors, HERE / "demo.safetensors")


def write_for_sdxl():
    """Two modules as SDXL has them: one for a layer that no other family has, one as wide as SDXL's text."""
    deep = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_1_attn1_to_q"
    wide = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
    save_file({
        f"{deep}.lora_down.weight": torch.ones(1, 640), f"{deep}.lora_up.weight": torch.ones(640, 1),
        f"{wide}.lora_down.weight": torch.ones(1, 2048), f"{wide}.lora_up.weight": torch.ones(640, 1),
    }, HERE / "for-sdxl.safetensors")


def main():
    results = {"latent": LATENT, "context": CONTEXT, "ids": IDS}
    def note(name, strength, pair):
        results[f"{name}.{strength:g}.unet"], results[f"{name}.{strength:g}.text"] = pair

    results["none.unet"], results["none.text"] = outputs(*fresh())
    for name, (seed, kind, unets, texts, options) in LYCORIS.items():
        for strength in STRENGTHS:
            pair, tensors = lycoris(seed, kind, unets, texts, strength, **options)
            note(name, strength, pair)
        save_file(tensors, HERE / f"{name}.safetensors")
        print(name, sorted({key.split(".", 1)[1] for key in tensors}))
    models = fresh()
    for name, strength in (("kohya", 0.6), ("loha", -0.5)):
        seed, kind, unets, texts, options = LYCORIS[name]
        pair, _ = lycoris(seed, kind, unets, texts, strength, models=models, **options)
    results["stacked.unet"], results["stacked.text"] = pair
    renamed = {}
    for key, value in lycoris(*LYCORIS["kohya"][:4], 1.0)[1].items():
        module, _, role = key.partition(".")
        old = next((old for old in ORIGINAL if module.startswith(old)), None)
        renamed[(module if old is None else ORIGINAL[old] + module[len(old) :]) + "." + role] = value
    save_file(renamed, HERE / "kohya-original.safetensors")
    for name, options in (("peft", {}), ("peft-dora", {"use_dora": True})):
        for strength in STRENGTHS:
            pair, (unet, text) = peft(31, strength, **options)
            note(name, strength, pair)
        save_file(unet, HERE / f"{name}-unet.safetensors")
        save_file(text, HERE / f"{name}-text.safetensors")
        both = {key.replace("base_model.model.", "unet."): value for key, value in unet.items()}
        both |= {key.replace("base_model.model.", "text_encoder.text_model." if "text_model" not in key else "text_encoder."): value for key, value in text.items()}
        save_file(both, HERE / f"{name}-diffusers.safetensors")
    save_file(results, HERE / "outputs.safetensors")
    write_demo()
    write_for_sdxl()


if __name__ == "__main__":
    main()
