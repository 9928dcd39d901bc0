"""Writes guidance.safetensors and parts.json: what ComfyUI 0.8.0 makes of guidance and of parts of a run.

usage: make_guidance.py COMFYUI

COMFYUI is a checkout of its repository, whose requirements are installed. guidance.safetensors has clean latents before and after
the nodes RescaleCFG, CFGZeroStar and CFGNorm, of a diffusion at sigma 3 and of a flow at 0.75. parts.json has the evaluations, from
the first to before the last, at which something acts that ConditioningSetTimestepRange gives a start and an end.
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file

sys.path.insert(0, sys.argv[1])
sys.argv = sys.argv[:1] + ["--cpu"]

import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()
import comfy.model_sampling as model_sampling  # noqa: E402
import comfy.samplers as samplers  # noqa: E402
from comfy_extras.nodes_cfg import CFGNorm, CFGZeroStar  # noqa: E402
from comfy_extras.nodes_model_advanced import RescaleCFG  # noqa: E402

HERE = pathlib.Path(__file__).parent
SCALE = 4.5


class Patched:
    """Keeps the functions that a node gives a model."""

    def __init__(self):
        self.options = {}

    def clone(self):
        return Patched()

    def set_model_sampler_cfg_function(self, function, **_):
        self.options["sampler_cfg_function"] = function

    def set_model_sampler_post_cfg_function(self, function, **_):
        self.options.setdefault("sampler_post_cfg_function", []).append(function)


def guidance():
    torch.manual_seed(5)
    shape = (2, 4, 3, 5)
    tensors = {}
    nodes = {
        "rescale": RescaleCFG().patch(Patched(), 0.7)[0], "zero_star": CFGZeroStar.execute(Patched())[0],
        "norm": CFGNorm.execute(Patched(), 1.25)[0],
    }
    for kind, sigma in (("diffusion", 3.0), ("flow", 0.75)):
        x = torch.randn(shape) * (1 + sigma)
        positive = torch.randn(shape)
        negative = positive + 0.5 * torch.randn(shape)
        tensors |= {f"{kind}.x": x, f"{kind}.positive": positive, f"{kind}.negative": negative}
        for name, patched in nodes.items():
            tensors[f"{kind}.{name}"] = samplers.cfg_function(
                None, positive, negative, SCALE, x, torch.full((2,), sigma), model_options=patched.options)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, HERE / "guidance.safetensors")


def models():
    def of(kind, *settings):
        class Sampling(kind, model_sampling.EPS):
            pass

        sampling = Sampling()
        if settings:
            sampling.set_parameters(**settings[0])
        return sampling

    return {
        "diffusion": of(model_sampling.ModelSamplingDiscrete),
        "flow, shift 1": of(model_sampling.ModelSamplingDiscreteFlow, dict(shift=1.0, multiplier=1.0)),
        "flow, shift 3": of(model_sampling.ModelSamplingDiscreteFlow, dict(shift=3.0, multiplier=1.0)),
        "flow, mu 1.15": of(model_sampling.ModelSamplingFlux, dict(shift=1.15)),
        "flow, mu 2.02": of(model_sampling.ModelSamplingFlux, dict(shift=2.02)),
    }


def acting(sampling, sigmas, start, end):
    """The first evaluation at which a conditioning is not left out, and the one after the last."""
    condition = {"timestep_start": sampling.percent_to_sigma(start), "timestep_end": sampling.percent_to_sigma(end), "model_conds": {}, "uuid": 0}
    latent = torch.zeros(1, 4, 2, 2)
    places = [i for i, sigma in enumerate(sigmas[:-1]) if samplers.get_area_and_mult(dict(condition), latent, sigma.view(1)) is not None]
    assert places == list(range(places[0], places[-1] + 1)) if places else True
    return [places[0], places[-1] + 1] if places else [0, 0]


def parts():
    ranges = [(0, 1), (0, 0.3), (0.3, 1), (0.2, 0.7), (0.5, 0.5), (0.123, 0.877), (0, 0.05), (0.95, 1), (-1, 0.5), (0.5, 2), (0.1, 0.101)]
    found = {}
    for model, sampling in models().items():
        for curve in ("simple", "normal", "karras", "sgm_uniform", "beta"):
            for steps in (1, 4, 7, 10, 20, 25):
                sigmas = samplers.calculate_sigmas(sampling, curve, steps)
                found.setdefault(model, {}).setdefault(curve, {})[str(steps)] = [acting(sampling, sigmas, *range_) for range_ in ranges]
    (HERE / "parts.json").write_text(json.dumps(dict(ranges=ranges, models=found)) + "\n")


guidance()
parts()
