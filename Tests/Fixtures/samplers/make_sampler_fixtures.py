"""Writes what diffusers' schedulers make of the tiny models' predictions, at every step, for the graphs in Graphs/samplers.

usage: python make_sampler_fixtures.py      (torch 2.15.0, diffusers 0.42.1, transformers as ../VERSIONS says)

`samplers.json` lists the runs: the graph, its params, and the class that was asked. `MODEL.safetensors` holds for each run
NAME.timesteps, NAME.start, NAME.latent [evaluations, n, c, h, w], what each evaluation gave, and NAME.denoised where the
class tells it; of long runs every fifth evaluation and the last. All latents are in the variance-preserving scale: those
of the k-diffusion classes are divided by sqrt(1 + sigma^2).
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import torch
from diffusers import (
    DDIMScheduler, DDPMScheduler, DEISMultistepScheduler, DPMSolverMultistepScheduler, DPMSolverSinglestepScheduler,
    EulerAncestralDiscreteScheduler, EulerDiscreteScheduler, HeunDiscreteScheduler, KDPM2AncestralDiscreteScheduler,
    KDPM2DiscreteScheduler, LCMScheduler, LMSDiscreteScheduler, PNDMScheduler, TCDScheduler, UNet2DConditionModel,
    UniPCMultistepScheduler)
from safetensors.torch import save_file
from transformers import CLIPTextModel, CLIPTokenizer

HERE = Path(__file__).resolve().parent
BETAS = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
LEADING = dict(timestep_spacing="leading", steps_offset=1)
TEXTS = dict(uncond="", positive="a red apple on a blue background", negative="blurry, a cat's face")
CFG = 7.5
# Latents [n, 4, h, w], as small as the models take.
MODELS = {"sd1-tiny": ("epsilon", (1, 4, 8, 8)), "sd2-tiny": ("v_prediction", (2, 4, 4, 8))}


@dataclass
class Method:
    """A graph and the class it follows, with what the class needs besides betas and prediction type."""

    graph: str
    scheduler: type
    config: dict = field(default_factory=dict)
    # Arguments of `step`.
    step: dict = field(default_factory=dict)
    # Whether the class draws noise from the generator.
    draws: bool = False


K = (EulerDiscreteScheduler, EulerAncestralDiscreteScheduler, LMSDiscreteScheduler, HeunDiscreteScheduler,
     KDPM2DiscreteScheduler, KDPM2AncestralDiscreteScheduler)
NO_CLIP = dict(clip_sample=False)
SIGMA_MIN = dict(final_sigmas_type="sigma_min")

METHODS = {
    "ddim": Method("ddim", DDIMScheduler, dict(LEADING, set_alpha_to_one=False, **NO_CLIP)),
    "ddpm": Method("ddpm", DDPMScheduler, dict(LEADING, variance_type="fixed_small", **NO_CLIP), draws=True),
    "plms": Method("plms", PNDMScheduler, dict(LEADING, skip_prk_steps=True, set_alpha_to_one=False)),
    "euler": Method("euler", EulerDiscreteScheduler, LEADING),
    "euler-ancestral": Method("euler-ancestral", EulerAncestralDiscreteScheduler, LEADING, draws=True),
    "lms": Method("lms", LMSDiscreteScheduler, LEADING),
    "heun": Method("heun", HeunDiscreteScheduler, LEADING),
    "dpm2": Method("dpm2", KDPM2DiscreteScheduler, LEADING),
    "dpm2-ancestral": Method("dpm2-ancestral", KDPM2AncestralDiscreteScheduler, LEADING, draws=True),
    "dpm-solver": Method(
        "dpm-solver", DPMSolverMultistepScheduler, dict(LEADING, algorithm_type="dpmsolver", **SIGMA_MIN)),
    "dpm-solver-singlestep": Method(
        "dpm-solver-singlestep", DPMSolverSinglestepScheduler, dict(algorithm_type="dpmsolver", **SIGMA_MIN)),
    "dpmpp-2m": Method("dpmpp-2m", DPMSolverMultistepScheduler, LEADING),
    "dpmpp-3m": Method("dpmpp-3m", DPMSolverMultistepScheduler, dict(LEADING, solver_order=3)),
    "dpmpp-2m-sde": Method(
        "dpmpp-2m-sde", DPMSolverMultistepScheduler, dict(LEADING, algorithm_type="sde-dpmsolver++"), draws=True),
    "dpmpp-singlestep": Method("dpmpp-singlestep", DPMSolverSinglestepScheduler),
    "unipc": Method("unipc", UniPCMultistepScheduler, LEADING),
    "deis": Method("deis", DEISMultistepScheduler, LEADING),
    "lcm": Method("lcm", LCMScheduler, draws=True),
    "tcd": Method("tcd", TCDScheduler, draws=True),
}


@dataclass
class Run:
    method: str
    steps: int = 12
    # Params of the graph, and what they are called by the class.
    params: dict = field(default_factory=dict)
    config: dict = field(default_factory=dict)
    step: dict = field(default_factory=dict)

    @property
    def every(self):
        """Which evaluations are kept: every one, or every so many-th."""
        return 5 if self.steps >= 50 else 1

    @property
    def is_basic(self):
        return self.steps <= 12 and self.params.keys() <= {"curve", "spacing", "eta", "algorithm"}

    @property
    def name(self):
        words = [f"{key}-{value}" for key, value in self.params.items()]
        return "-".join([self.method, str(self.steps), *words])


def runs():
    for method in METHODS:
        yield from (Run(method, steps) for steps in (12, 4, 50))
    karras = dict(params={"curve": "karras"}, config={"use_karras_sigmas": True})
    for method in ("euler", "lms", "heun", "dpm2", "dpm2-ancestral", "dpm-solver", "dpm-solver-singlestep", "dpmpp-2m",
                   "dpmpp-3m", "dpmpp-2m-sde", "dpmpp-singlestep", "unipc", "deis"):
        yield Run(method, **karras)
    for spacing in ("linspace", "trailing"):
        for method in ("euler", "euler-ancestral", "dpmpp-2m"):
            yield Run(method, params={"spacing": spacing}, config={"timestep_spacing": spacing})
    for eta in (0.5, 1.0):
        yield Run("ddim", params={"eta": eta}, step={"eta": eta})
    for eta in (0.0, 1.0):
        yield Run("tcd", params={"eta": eta}, step={"eta": eta})
    for method in ("dpm-solver", "dpm-solver-singlestep", "dpmpp-2m", "dpmpp-singlestep", "dpmpp-2m-sde", "unipc", "deis"):
        for order in (1, 3):
            yield Run(method, params={"order": order}, config={"solver_order": order})
    for method in ("dpm-solver", "dpm-solver-singlestep", "dpmpp-2m", "dpmpp-singlestep", "dpmpp-2m-sde"):
        yield Run(method, params={"type": "heun"}, config={"solver_type": "heun"})
    for method in ("dpm-solver-singlestep", "dpmpp-singlestep"):
        yield Run(method, params={"order": 3, "type": "heun"}, config={"solver_order": 3, "solver_type": "heun"})
    yield Run("dpmpp-3m", 16)
    yield Run("dpm-solver", 16, params={"order": 3}, config={"solver_order": 3})
    yield Run("deis", 16, params={"order": 3}, config={"solver_order": 3})
    for steps in (11, 13):
        for method in ("dpm-solver-singlestep", "dpmpp-singlestep"):
            yield Run(method, steps, params={"order": 3}, config={"solver_order": 3})
    yield Run("dpm-solver", params={"algorithm": "sde-dpmsolver"}, config={"algorithm_type": "sde-dpmsolver"})
    yield Run("dpmpp-singlestep", params={"algorithm": "sde-dpmsolver++"}, config={"algorithm_type": "sde-dpmsolver++"})
    yield Run("lms", params={"order": 2}, step={"order": 2})
    yield Run("unipc", params={"type": "bh1", "order": 3, "end": "sigma_min"},
              config={"solver_type": "bh1", "solver_order": 3, **SIGMA_MIN})


class Model:
    def __init__(self, name):
        folder = HERE.parent / name / "model"
        self.prediction_type, self.shape = MODELS[name]
        self.unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32)
        tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
        encoder = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32)
        self.texts = {
            key: encoder(tokenizer(text, padding="max_length", max_length=77, truncation=True, return_tensors="pt")
                         .input_ids).last_hidden_state
            for key, text in TEXTS.items()}

    def predict(self, latent, timestep):
        outputs = {key: self.unet(latent, timestep, text.expand(latent.shape[0], -1, -1)).sample
                   for key, text in self.texts.items()}
        return outputs["uncond"] + CFG * (outputs["positive"] - outputs["negative"])


def sample(model, run, seed):
    method = METHODS[run.method]
    scheduler = method.scheduler(**{**BETAS, **method.config, "prediction_type": model.prediction_type, **run.config})
    scheduler.set_timesteps(run.steps)
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(model.shape, generator=generator)
    is_k = isinstance(scheduler, K)
    step = dict(method.step, **run.step)
    if method.draws or step.get("eta") or "sde" in str(run.config.get("algorithm_type")):
        step["generator"] = generator
    latent = noise * scheduler.init_noise_sigma
    tensors = {"timesteps": scheduler.timesteps.float()}
    tensors["start"] = scheduler.scale_model_input(latent, scheduler.timesteps[0]) if is_k else latent
    latents, denoised = [], []
    for index, timestep in enumerate(scheduler.timesteps):
        model_input = scheduler.scale_model_input(latent, timestep)
        output = scheduler.step(model.predict(model_input, timestep), timestep, latent, **step)
        latent = output.prev_sample
        latents.append(latent / (1 + level_after(scheduler, index) ** 2) ** 0.5 if is_k else latent)
        denoised.append(getattr(output, "pred_original_sample", getattr(output, "denoised", None)))
    kept = [index for index in range(len(latents)) if (index + 1) % run.every == 0 or index + 1 == len(latents)]
    tensors["latent"] = torch.stack([latents[index] for index in kept])
    if denoised[0] is not None and run.steps == 12 and not run.params:
        tensors["denoised"] = torch.stack(denoised)
    return tensors


def level_after(scheduler, index):
    """The sigma of the sample that evaluation `index` of a k-diffusion class gives."""
    if index + 1 == len(scheduler.timesteps):
        return 0.0
    if isinstance(scheduler, KDPM2DiscreteScheduler) and index % 2 == 0:
        return scheduler.sigmas_interpol[index + 1]
    if isinstance(scheduler, KDPM2AncestralDiscreteScheduler) and index % 2 == 0:
        return scheduler.sigmas_interpol[index]
    return scheduler.sigmas[index + 1]


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    listed = []
    with torch.no_grad():
        for name in MODELS:
            model, tensors = Model(name), {}
            for seed, run in enumerate(runs()):
                # One model is enough for the long runs, and for what does not depend on the kind of prediction.
                if name != "sd1-tiny" and not run.is_basic:
                    continue
                for key, value in sample(model, run, seed).items():
                    assert value.isfinite().all(), (name, run.name, key)
                    tensors[f"{run.name}.{key}"] = value.float().clone()
                n, _, height, width = model.shape
                factor = 8 if name == "sd1-tiny" else 4
                listed.append({
                    "model": name, "name": run.name, "graph": METHODS[run.method].graph, "steps": run.steps, "every": run.every,
                    "evaluations": len(tensors[f"{run.name}.timesteps"]), "params": {key: str(value) for key, value in run.params.items()}, "seed": seed,
                    "width": width * factor, "height": height * factor, "batch": n,
                    "reference": METHODS[run.method].scheduler.__name__})
            save_file(tensors, HERE / f"{name}.safetensors")
    settings = {"uncond": TEXTS["uncond"], "prompt": TEXTS["positive"], "negative": TEXTS["negative"], "cfg": CFG}
    lines = ",\n".join("    " + json.dumps(run) for run in listed)
    (HERE / "samplers.json").write_text(f'{{\n  "settings": {json.dumps(settings)},\n  "runs": [\n{lines}\n  ]\n}}\n')


if __name__ == "__main__":
    main()
