"""One schedule, as the class of diffusers behind a convention computes it."""

from dataclasses import dataclass
from types import SimpleNamespace

import diffusers
import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_img2img import StableDiffusionImg2ImgPipeline

import comfy_curves


@dataclass
class Kind:
    name: str
    has_sigmas: bool = False
    has_spacing: bool = True


CLASSES = {
    "ddim": Kind("DDIMScheduler"),
    "ddpm": Kind("DDPMScheduler"),
    "plms": Kind("PNDMScheduler"),
    "k": Kind("EulerDiscreteScheduler", True),
    "euler_ancestral": Kind("EulerAncestralDiscreteScheduler", True),
    "lms": Kind("LMSDiscreteScheduler", True),
    "heun": Kind("HeunDiscreteScheduler", True),
    "dpm2": Kind("KDPM2DiscreteScheduler", True),
    "dpm2_ancestral": Kind("KDPM2AncestralDiscreteScheduler", True),
    "dpm": Kind("DPMSolverMultistepScheduler", True),
    "dpm_singlestep": Kind("DPMSolverSinglestepScheduler", True, False),
    "unipc": Kind("UniPCMultistepScheduler", True),
    "deis": Kind("DEISMultistepScheduler", True),
    "lcm": Kind("LCMScheduler", False, False),
    "tcd": Kind("TCDScheduler", False, False),
}
K_CLASSES = ("k", "euler_ancestral", "lms")
CURVES = dict(karras="use_karras_sigmas", exponential="use_exponential_sigmas", beta="use_beta_sigmas")


def class_config(convention, config, parameters):
    """What a user of diffusers would write for these parameters of NoiseSchedule."""
    names = dict(
        spacing="timestep_spacing", offset="steps_offset", zero_snr="rescale_betas_zero_snr",
        original_steps="original_inference_steps", beta_schedule="beta_schedule", beta_start="beta_start",
        beta_end="beta_end")
    config = dict(config) | {names[key]: value for key, value in parameters.items() if key in names}
    if "prediction" in parameters:
        config["prediction_type"] = {"v": "v_prediction", "epsilon": "epsilon"}[parameters["prediction"]]
    if "curve" in parameters:
        config |= {key: curve == parameters["curve"] for curve, key in CURVES.items()}
    if "end" in parameters:
        if convention in ("ddim", "plms"):
            config["set_alpha_to_one"] = parameters["end"] == "zero"
        else:
            config["final_sigmas_type"] = parameters["end"]
    if convention == "plms":
        config["skip_prk_steps"] = True
    return config


class Reference:
    def __init__(self, convention, config, parameters):
        self.convention, self.parameters = convention, parameters
        self.config = class_config(convention, config, parameters)
        self.start = 0
        self.scheduler = getattr(diffusers, CLASSES[convention].name).from_config(self.config)
        if parameters:
            self.set_timesteps(self.scheduler)

    def training_levels(self):
        return self.scheduler.alphas_cumprod.numpy()

    def set_timesteps(self, scheduler):
        steps, strength = self.parameters.get("steps", 20), self.parameters.get("strength", 1.0)
        lists = {key: self.parameters[key] for key in ("timesteps", "sigmas") if key in self.parameters}
        count = len(lists.get("timesteps", [])) or len(lists.get("sigmas", [0])) - 1 or steps
        curve = comfy_curves.CURVES.get(self.parameters.get("curve"))
        if curve:
            sigmas = ((1 - scheduler.alphas_cumprod) / scheduler.alphas_cumprod).sqrt().numpy()
            self.from_sigmas([float(sigma) for sigma in curve(sigmas, steps)])
        elif self.convention in ("lcm", "tcd"):
            scheduler.set_timesteps(**(lists or dict(num_inference_steps=steps)), strength=strength)
        elif lists:
            scheduler.set_timesteps(**lists)
        else:
            scheduler.set_timesteps(steps)
        if strength < 1 and self.convention not in ("lcm", "tcd"):
            pipeline = SimpleNamespace(scheduler=scheduler)
            times, _ = StableDiffusionImg2ImgPipeline.get_timesteps(pipeline, count, strength, "cpu")
            self.start = len(scheduler.timesteps) - len(times)

    def from_sigmas(self, sigmas):
        """A list of sigmas: Euler's class takes it; DPM's takes none, and gets Euler's times rounded."""
        euler = diffusers.EulerDiscreteScheduler.from_config(self.config)
        euler.set_timesteps(sigmas=sigmas)
        if self.convention in K_CLASSES:
            self.scheduler = euler
        else:
            self.scheduler.timesteps, self.scheduler.sigmas = euler.timesteps.round(), euler.sigmas

    # What the tests compare.

    def rows(self):
        times = self.scheduler.timesteps[self.start :]
        if CLASSES[self.convention].has_sigmas:
            return [times.tolist(), self.sigma_levels()[self.start :]]
        levels = self.scheduler.alphas_cumprod[times].tolist()
        if self.convention == "ddim":
            return [times.tolist(), levels, levels, self.levels_at(times - self.stride())]
        if self.convention == "plms":
            sources, targets = zip(*self.plms_formulas(times))
            return [times.tolist(), levels, self.levels_at(sources), self.levels_at(targets)]
        return [times.tolist(), levels]

    def stride(self):
        return self.scheduler.config.num_train_timesteps // self.scheduler.num_inference_steps

    def levels_at(self, times):
        levels, end = self.scheduler.alphas_cumprod, self.scheduler.final_alpha_cumprod
        return [float(levels[int(time)] if time >= 0 else end) for time in times]

    def plms_formulas(self, times):
        """The times between which the class's own step goes, overheard."""
        heard = []
        original = self.scheduler._get_prev_sample

        def listen(sample, timestep, prev_timestep, model_output):
            heard.append((int(timestep), int(prev_timestep)))
            return original(sample, timestep, prev_timestep, model_output)

        self.scheduler._get_prev_sample = listen
        for time in times:
            self.scheduler.step(torch.zeros(1), time, torch.zeros(1))
        return heard

    def sigma_levels(self):
        sigmas = self.scheduler.sigmas.double().numpy()[: len(self.scheduler.timesteps)]
        if self.convention.startswith("dpm2"):
            middle = self.scheduler.sigmas_interpol.double().numpy()
            shift = 1 if self.convention == "dpm2_ancestral" else 0
            sigmas[1::2] = middle[1 - shift : len(sigmas) - shift : 2]
        return (1 / (1 + sigmas**2)).tolist()

    def end_level(self):
        if CLASSES[self.convention].has_sigmas:
            return float(1 / (1 + self.scheduler.sigmas.double().numpy()[-1] ** 2))
        if self.convention == "tcd":
            return float(self.scheduler.alphas_cumprod[0])  # its last step goes to time 0
        return 1.0 if self.convention in ("ddpm", "lcm") else float(self.scheduler.final_alpha_cumprod)

    def starts_from_noise(self):
        if self.parameters.get("strength", 1.0) < 1:
            return False
        if self.parameters.get("curve") in comfy_curves.CURVES and self.convention in K_CLASSES:
            # ComfyUI starts from the variance of the sample where it starts at the greatest sigma.
            levels = self.scheduler.alphas_cumprod
            return bool(np.isclose(self.scheduler.sigmas[0], ((1 - levels[-1]) / levels[-1]) ** 0.5, rtol=1e-5, atol=0))
        scale = float(self.scheduler.init_noise_sigma)
        starts = scale == 1 or self.scheduler.config.timestep_spacing == "leading"
        if scale != 1 and self.scheduler.sigmas.max() < 100:  # beyond, sigma and sqrt(sigma^2 + 1) are one
            assert starts != np.isclose(scale, float(self.scheduler.sigmas.max()), rtol=1e-6)
        return starts
