"""Writes what diffusers' schedulers compute: schedules.json says which cases there are, schedules.safetensors holds
their numbers.

usage: python make_schedule_fixtures.py      (diffusers 0.42.1, torch 2.15.0)

A case is what a scheduler_config.json and NoiseSchedule's parameters say. Its tensor has a row of times and one of
levels, and for conventions whose step does not go to the next level a row of the levels that it goes from and one of
those it goes to; of more than 60 evaluations it has every 23rd.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import torch
from diffusers.utils import logging
from safetensors.torch import save_file

import comfy_curves
from ddim_steps import step_cases
from reference import CLASSES, CURVES, Reference

HERE = Path(__file__).resolve().parent
SD1 = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, set_alpha_to_one=False)
ZERO_SNR = dict(SD1, rescale_betas_zero_snr=True, prediction_type="v_prediction")
NOISES = {
    "defaults": {},
    "sd1": SD1,
    "cosine": dict(beta_schedule="squaredcos_cap_v2"),
    "zero-snr": ZERO_SNR,
    "trained": dict(num_train_timesteps=8, trained_betas=[0.01, 0.02, 0.03, 0.05, 0.08, 0.13, 0.21, 0.34]),
    "short": dict(num_train_timesteps=1),
    "odd": dict(num_train_timesteps=777, beta_schedule="scaled_linear", beta_start=0.0015, beta_end=0.0195),
}
SPACED = [name for name, kind in CLASSES.items() if kind.has_spacing]
SIGMA = [name for name, kind in CLASSES.items() if kind.has_sigmas]
CURVED = [name for name in SIGMA if name != "euler_ancestral"]
ZERO_SNR_CLASSES = ["ddim", "ddpm", "k", "euler_ancestral", "dpm", "unipc", "lcm", "tcd"]
# Keys of which each class follows those that its constructor has.
KEYS = [
    dict(timestep_spacing="trailing", steps_offset=3, set_alpha_to_one=True, final_sigmas_type="sigma_min"),
    dict(timestep_spacing="leading", use_karras_sigmas=True, sigma_min=0.1, sigma_max=9.0, lambda_min_clipped=-3.0),
    dict(timestep_spacing="linspace", use_exponential_sigmas=True, final_sigmas_type="sigma_min"),
    dict(timestep_spacing="leading", use_beta_sigmas=True, sigma_max=7.0),
    dict(timestep_spacing="leading", rescale_betas_zero_snr=True, prediction_type="v_prediction"),
    dict(timestep_spacing="leading", interpolation_type="log_linear"),
    dict(timestep_spacing="trailing", interpolation_type="log_linear", use_karras_sigmas=True),
    dict(timestep_spacing="leading", timestep_type="continuous", prediction_type="v_prediction"),
]
# Betas whose rescaled level of time 998 is below the one that stands for 0 at time 999.
MORE_NOISE = [
    dict(beta_end=0.022), dict(beta_end=0.02, beta_schedule="linear"), dict(beta_end=0.03),
    dict(beta_start=0.003, beta_end=0.05)]
ALIGNED = [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029]  # Sabour and others 2024


def all_cases():
    """(convention, config, parameters): every class with every spacing, and what its class can do besides."""
    for name in CLASSES:
        spacings = ["leading", "trailing", "linspace"] if name in SPACED else [None]
        for spacing in spacings:
            for steps in (1, 2, 3, 4, 12, 50, 999):
                config = dict(SD1) if spacing is None else dict(SD1, timestep_spacing=spacing)
                if steps == 999:
                    if name in ("lcm", "tcd"):
                        continue  # more than the 50 steps of distillation
                    config["steps_offset"] = 0  # with 1, the DPM family's first time would be 1000
                yield name, config, dict(steps=steps)
        for config in NOISES.values():
            if config.get("num_train_timesteps", 1000) == 1000:
                yield name, config, dict(steps=12)
        # The same asked of NoiseSchedule over a config that says something else.
        betas = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
        yield name, dict(NOISES["odd"]), dict(betas, steps=7) | ({"original_steps": 37} if name in ("lcm", "tcd") else {})
        yield name, dict(NOISES["cosine"]), dict(steps=9, prediction="v", beta_schedule="linear")
        for steps, strength in [(12, 0.3), (12, 0.55), (12, 0.95), (20, 0.6), (4, 0.25)]:
            if name not in ("lcm", "tcd") or int(50 * strength) >= steps:
                yield name, SD1, dict(steps=steps, strength=strength)
    for name in SPACED:
        yield name, SD1, dict(steps=12, spacing="leading", offset=0)
        yield name, dict(SD1, timestep_spacing="trailing"), dict(steps=12, spacing="leading", offset=7)
        for noise in ("odd", "trained"):
            yield name, dict(NOISES[noise], timestep_spacing="trailing"), dict(steps=5)
    for name in CURVED:
        for curve in CURVES:
            for steps in (1, 2, 4, 12, 50):
                yield name, dict(SD1, timestep_spacing="leading"), dict(steps=steps, curve=curve)
            for noise in ("defaults", "cosine", "sd1"):
                yield name, dict(NOISES[noise], **{CURVES[curve]: True}), dict(steps=9)
            yield name, SD1, dict(steps=12, curve=curve, strength=0.55)
        yield name, dict(SD1, sigma_min=0.1, sigma_max=10.0), dict(steps=8, curve="exponential")
        yield name, dict(SD1, use_karras_sigmas=True), dict(steps=8, curve="none")
    for name in ZERO_SNR_CLASSES:
        for steps in (4, 12, 50):
            yield name, dict(ZERO_SNR, timestep_spacing="trailing"), dict(steps=steps)
        yield name, dict(SD1, timestep_spacing="trailing"), dict(steps=4, prediction="v", zero_snr=True)
        yield name, ZERO_SNR, dict(steps=12, zero_snr=False)
        if name in CURVED:
            yield name, dict(ZERO_SNR, timestep_spacing="trailing"), dict(steps=12, curve="karras")
    for name in ("ddim", "plms"):
        for end in ("zero", "sigma_min"):
            yield name, SD1, dict(steps=12, end=end)
        yield name, dict(SD1, set_alpha_to_one=True), dict(steps=12)
    for name in CLASSES:
        for keys in KEYS:
            if name == "k" and "interpolation_type" in keys:
                continue  # the class draws one sigma too many, and ends at the last but one
            yield name, dict(SD1, **keys), dict(steps=6)
    for name in ZERO_SNR_CLASSES:
        for noise in MORE_NOISE:
            for spacing in ("leading", "trailing", "linspace"):
                yield name, dict(ZERO_SNR, timestep_spacing=spacing, **noise), dict(steps=7)
    for name in ("k", "dpm", "dpm_singlestep", "unipc"):
        yield name, dict(SD1, final_sigmas_type="sigma_min"), dict(steps=12)
        for curve in ("none", "karras"):
            yield name, SD1, dict(steps=12, end="sigma_min", curve=curve)
    for name in ("dpm", "dpm_singlestep"):
        for curve in ("none", "karras"):
            yield name, dict(NOISES["cosine"], lambda_min_clipped=-5.1), dict(steps=12, curve=curve)
    for name in ("ddpm", "k", "heun", "dpm", "dpm_singlestep", "lcm", "tcd"):
        yield name, SD1, dict(timesteps=[999, 850, 736, 645, 545, 455, 343, 233, 124, 24])
        yield name, SD1, dict(timesteps=[999, 759, 499, 259], strength=0.5)
    yield "k", SD1, dict(timesteps=[990.5, 400.25, 3.75])
    yield "k", SD1, dict(sigmas=ALIGNED)
    yield "k", dict(SD1, timestep_spacing="leading"), dict(sigmas=[10.0, 3.0, 1.0, 0.3, 0.0], strength=0.5)
    for name in ("k", "dpm"):
        for curve in comfy_curves.CURVES:
            for steps in (1, 4, 12, 50):
                yield name, SD1, dict(steps=steps, curve=curve)


def lines(part):
    """A list as JSON with a line for each entry."""
    entries = [json.dumps(entry, separators=(",", ":")) for entry in (part if isinstance(part, list) else [part])]
    return "[\n" + ",\n".join(entries) + "\n]" if isinstance(part, list) else entries[0]


def main():
    tensors, cases, configs = {}, [], []
    for noise, config in NOISES.items():
        tensors[f"levels.{noise}"] = torch.from_numpy(Reference("ddim", config, {}).training_levels())
    for name, config, parameters in all_cases():
        reference = Reference(name, config, parameters)
        rows = np.array(reference.rows(), dtype=np.float64)
        if not np.isfinite(rows).all():
            print("no numbers:", name, config, parameters)
            continue
        count = rows.shape[1]
        if count > 60:
            rows = rows[:, ::23]
        tensors[str(len(cases))] = torch.from_numpy(np.ascontiguousarray(rows.astype(np.float32)))
        if config not in configs:
            configs.append(config)
        cases.append(dict(
            convention=name, config=configs.index(config), parameters=parameters, count=count,
            end=reference.end_level(), noise=reference.starts_from_noise()))
    steps = step_cases(tensors, SD1)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, HERE / "schedules.safetensors")
    parts = dict(noises=NOISES, sd1=SD1, configs=configs, schedules=cases, steps=steps)
    text = ",\n".join(f'"{key}":{lines(part)}' for key, part in parts.items())
    (HERE / "schedules.json").write_text("{\n" + text + "\n}\n")
    print(len(cases), "schedules")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.set_verbosity_error()
    main()
