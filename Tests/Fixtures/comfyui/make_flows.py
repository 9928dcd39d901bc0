"""What a tiny FLUX.1 dev predicts at the samples that ComfyUI 0.8.0's samplers evaluated it at, for ComfyUIFlowTests.

usage: make_flows.py REFERENCE WEIGHTS

REFERENCE has cases.json, states.safetensors (the sample at each evaluation) and latents.safetensors (what SaveLatent wrote) of
ComfyUI's runs, WEIGHTS the tiny model and its conditioning, both of which `make_tiny2.py` in REFERENCE writes. The model is
diffusers' class, which equals ComfyUI's to 2e-7 on these weights. Ran with torch 2.15 and diffusers 0.42.1.
"""

import json
import pathlib
import sys

import torch
from diffusers import FluxPipeline, FluxTransformer2DModel
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "transformers"))
from make_transformers import flux_original  # noqa: E402

HERE = pathlib.Path(__file__).parent
CONFIG = dict(
    in_channels=64, num_layers=2, num_single_layers=2, attention_head_dim=128, num_attention_heads=2, joint_attention_dim=4096,
    pooled_projection_dim=768, guidance_embeds=True, axes_dims_rope=(16, 56, 56))
SAMPLING, SHIFT = "SamplerCustomAdvanced", (1.15, 0.5, 1024, 1024)


def build(path):
    model = FluxTransformer2DModel(**CONFIG).eval()
    original = {name: value.float() for name, value in load_file(path).items()}
    shapes = {name: list(value.shape) for name, value in model.state_dict().items()}
    weights = {}
    for name, parts in flux_original(shapes).items():
        value = original[name]
        if "adaLN" in name:
            shift, scale = value.chunk(2)
            value = torch.cat([scale, shift])
        first = 0
        for part in parts:
            weights[part] = value[first : first + shapes[part][0]]
            first += shapes[part][0]
    model.load_state_dict(weights)
    return model


def predict(model, sample, sigma, guidance, states, pooled):
    n, channels, height, width = sample.shape
    output = model(
        hidden_states=FluxPipeline._pack_latents(sample, n, channels, height, width), timestep=torch.full([n], sigma),
        guidance=torch.full([n], guidance), pooled_projections=pooled.expand(n, -1), encoder_hidden_states=states.expand(n, -1, -1),
        txt_ids=torch.zeros(states.shape[1], 3),
        img_ids=FluxPipeline._prepare_latent_image_ids(n, height // 2, width // 2, "cpu", torch.float32)).sample
    return FluxPipeline._unpack_latents(output, height * 8, width * 8, 8)


def settings(prompt):
    """What decides a run that this fixture takes: sampler, curve, steps; None for any other."""
    nodes = {node["class_type"]: node["inputs"] for node in prompt.values()}
    flux = nodes.get("ModelSamplingFlux")
    known = {
        "UNETLoader", "ModelSamplingFlux", "GivenConditioning", "FluxGuidance", "EmptySD3LatentImage", "RandomNoise", "BasicScheduler",
        "KSamplerSelect", "BasicGuider", SAMPLING, "SaveLatent", "SaveSigmas"}
    if not set(nodes) <= known or SAMPLING not in nodes or flux is None :
        return None
    if (flux["max_shift"], flux["base_shift"], flux["width"], flux["height"]) != SHIFT or nodes["FluxGuidance"]["guidance"] != 3.5:
        return None
    schedule = nodes["BasicScheduler"]
    if schedule["denoise"] != 1 or schedule["steps"] != 6:
        return None
    text = nodes["GivenConditioning"]
    return dict(
        sampler=nodes["KSamplerSelect"]["sampler_name"], curve=schedule["scheduler"], steps=schedule["steps"],
        seed=nodes["RandomNoise"]["noise_seed"], batch=nodes["EmptySD3LatentImage"]["batch_size"]), text["cond"], text["pooled"]


def main():
    reference, weights = map(pathlib.Path, sys.argv[1:])
    cases = json.loads((reference / "cases.json").read_text())
    states, latents = load_file(reference / "states.safetensors"), load_file(reference / "latents.safetensors")
    texts = load_file(weights / "conditioning.safetensors")
    model = build(weights / "flux1-dev-tiny.safetensors")
    samplers = {path.stem for path in (HERE.parents[2] / "Graphs/samplers/comfyui").glob("*.yaml")}
    runs, tensors = [], {}
    with torch.no_grad():
        for name, case in sorted(cases.items()):
            found = name.startswith("flux1-dev/") and settings(case["prompt"])
            if not found or found[0]["sampler"] not in samplers or f"{name}/x00" not in states:
                continue
            run, states_name, pooled_name = found
            short = f"{run['sampler']}_{run['curve']}"
            # Of a method in one and in several pictures, or by other seeds, one says as much.
            if any(run["name"] == short for run in runs):
                continue
            sigmas = case["sigma_of_evaluation"]
            for evaluation, sigma in enumerate(sigmas):
                sample = states[f"{name}/x{evaluation:02}"]
                tensors[f"{short}.noise.{evaluation}"] = predict(
                    model, sample, sigma, 3.5, texts[states_name], texts[pooled_name]).contiguous()
            tensors[f"empty.{run['batch']}"] = torch.zeros_like(sample)
            tensors[f"{short}.{run['steps']}"] = latents[name]
            runs.append(run | dict(name=short, sigmas=sigmas))
    save_file(tensors, HERE / "flows.safetensors")
    (HERE / "flows.json").write_text(json.dumps(dict(width=96, height=64, mu=1.15, runs=runs), indent=1) + "\n")
    print(len(runs), [run["name"] for run in runs])


main()
