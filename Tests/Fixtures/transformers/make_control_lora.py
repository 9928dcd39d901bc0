"""Writes what diffusers computes with the tiny FLUX.1 dev, flux-kontext, once a LoRA in the form of FLUX.1 Canny's and Depth's has
made it see a picture beside the latent: FluxControlPipeline.load_lora_weights gives x_embedder twice its inputs.

usage: python make_control_lora.py

control-lora.json has the modules as [name in the authors' layout, name in diffusers', rank, out, in], and the norms whose numbers
take the place of the model's as [name, name, count]. Numbers follow from the authors' names: NAME.down, NAME.up and NAME.bias,
which is of the second factor, and NAME.scale. There is no alpha, which means the rank, and ranks are
equal, as diffusers needs them. control-lora.safetensors has the velocity at
STRENGTH for the inputs of case 0 of flux-control. It was written with the versions of flux-kontext, and peft 0.21.2.
"""

import json

import torch
from diffusers import FluxControlPipeline, FluxPipeline
from make_transformers import HERE, build, numbers
from safetensors.torch import load_file, save_file

STRENGTH = 0.8
MODULES = [("img_in", "x_embedder"), ("txt_in", "context_embedder"), ("vector_in.out_layer", "time_text_embed.text_embedder.linear_2"),
           ("double_blocks.0.img_attn.proj", "transformer_blocks.0.attn.to_out.0"),
           ("double_blocks.1.txt_mlp.2", "transformer_blocks.1.ff_context.net.2"),
           ("single_blocks.1.linear2", "single_transformer_blocks.1.proj_out")]
NORMS = [("double_blocks.0.img_attn.norm.query_norm", "transformer_blocks.0.attn.norm_q"),
         ("double_blocks.1.txt_attn.norm.key_norm", "transformer_blocks.1.attn.norm_added_k"),
         ("single_blocks.0.norm.key_norm", "single_transformer_blocks.0.attn.norm_k")]


def main():
    torch.set_num_threads(1)
    model, config, _, _ = build("flux-kontext")
    shapes = {key: list(value.shape) for key, value in model.state_dict().items()}
    modules, norms, state = [], [], {}
    for name, slot in MODULES:
        rank, (out, into) = 4, shapes[f"{slot}.weight"]
        into = 2 * into if name == "img_in" else into
        modules.append([name, slot, rank, out, into])
        state[f"transformer.{slot}.lora_A.weight"] = numbers(f"{name}.down", [rank, into], 0.3, 0).float()
        state[f"transformer.{slot}.lora_B.weight"] = numbers(f"{name}.up", [out, rank], 0.3, 0).float()
        state[f"transformer.{slot}.lora_B.bias"] = numbers(f"{name}.bias", [out], 0.3, 0).float()
    for name, slot in NORMS:
        norms.append([name, slot, *shapes[f"{slot}.weight"]])
        state[f"transformer.{slot}.weight"] = numbers(f"{name}.scale", shapes[f"{slot}.weight"], 0.25, 1).float()
    pipeline = FluxControlPipeline(
        scheduler=None, vae=None, text_encoder=None, tokenizer=None, text_encoder_2=None, tokenizer_2=None, transformer=model)
    pipeline.load_lora_weights(state, adapter_name="control")
    pipeline.set_adapters("control", STRENGTH)
    inputs = load_file(HERE / "flux-control.safetensors")
    latent, concat = inputs["0.latent"], inputs["0.concat"]
    n, channels, height, width = latent.shape
    packed = [FluxPipeline._pack_latents(part, n, channels, height, width) for part in (latent, concat)]
    with torch.no_grad():
        out = model(
            hidden_states=torch.cat(packed, dim=2), timestep=torch.ones(n), guidance=torch.full([n], 3.5),
            pooled_projections=inputs["0.pooled"], encoder_hidden_states=inputs["0.states"],
            txt_ids=torch.zeros(inputs["0.states"].shape[1], 3),
            img_ids=FluxPipeline._prepare_latent_image_ids(n, height // 2, width // 2, "cpu", torch.float32)).sample
    lists = [json.dumps(entry, separators=(",", ":")) for entry in (modules, norms)]
    (HERE / "control-lora.json").write_text(f'{{"strength": {STRENGTH},\n"modules": {lists[0]},\n"norms": {lists[1]}}}\n')
    output = FluxPipeline._unpack_latents(out, height * 8, width * 8, 8)
    save_file({"output": output.contiguous()}, HERE / "control-lora.safetensors")


if __name__ == "__main__":
    main()
