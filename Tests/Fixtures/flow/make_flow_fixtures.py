"""Writes what diffusers' schedulers compute for flow models: flow.json says which cases there are and has the lists of
sigmas and times, flow.safetensors what the methods make of given velocities and noises at every step.

usage: python make_flow_fixtures.py      (diffusers 0.42.1, torch 2.15.0, numpy 2)

Where diffusers has no class (LMS, Euler ancestral) the formula is computed here in double precision.
"""

import json
import math
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers.utils import logging
from diffusers.pipelines.flux.pipeline_flux import calculate_shift
from diffusers.pipelines.flux2.pipeline_flux2_klein import compute_empirical_mu
from safetensors.torch import save_file

logging.set_verbosity_error()
HERE = Path(__file__).resolve().parent
SHAPE = (1, 2, 3, 3)
EULER = "FlowMatchEulerDiscreteScheduler"
DEV = dict(
    _class_name=EULER, num_train_timesteps=1000, shift=3.0, use_dynamic_shifting=True, base_shift=0.5, max_shift=1.15,
    base_image_seq_len=256, max_image_seq_len=4096)
SCHNELL = dict(_class_name=EULER, num_train_timesteps=1000, shift=1.0, use_dynamic_shifting=False, base_shift=0.5)
SHIFT3 = dict(_class_name=EULER, num_train_timesteps=1000, shift=3.0)
TERMINAL = dict(DEV, base_shift=0.5, max_shift=0.9, max_image_seq_len=8192, shift_terminal=0.02)
LINEAR = dict(DEV, time_shift_type="linear")
SHORT = dict(SHIFT3, num_train_timesteps=500)
CONFIGS = [SHIFT3, DEV, SCHNELL, TERMINAL, LINEAR, SHORT]
CURVES = dict(karras="use_karras_sigmas", exponential="use_exponential_sigmas", beta="use_beta_sigmas")
CLASSES = {
    "k": EULER, "euler_ancestral": EULER, "lms": EULER, "heun": "FlowMatchHeunDiscreteScheduler",
    "lcm": "FlowMatchLCMScheduler", "dpm": "DPMSolverMultistepScheduler",
    "dpm_singlestep": "DPMSolverSinglestepScheduler", "unipc": "UniPCMultistepScheduler",
    "deis": "DEISMultistepScheduler"}
OF_DPM = ("dpm", "dpm_singlestep", "unipc", "deis")


def scheduler(convention, config, options=None, **more):
    """The class with its steps set as a pipeline would, or by itself with `spacing: linspace`."""
    options = dict(options or {})
    kind = getattr(diffusers, CLASSES[convention])
    if "curve" in options:
        config = dict(config) | {CURVES[options["curve"]]: True}
    if "shift" in options:
        config = dict(config, shift=options["shift"], use_dynamic_shifting=False)
    if convention in OF_DPM:
        config = dict(config, prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=config["shift"])
    config = {key: value for key, value in config.items() if key != "_class_name"}
    made = kind.from_config(dict(config, **more))
    steps = options["steps"]
    mu = None
    if config.get("use_dynamic_shifting"):
        if options.get("klein"):
            mu = compute_empirical_mu(options["tokens"], steps)
        else:
            mu = calculate_shift(
                options["tokens"], config["base_image_seq_len"], config["max_image_seq_len"], config["base_shift"],
                config["max_shift"])
    own = convention in ("heun", *OF_DPM) if options.get("spacing") in (None, "leading") else options["spacing"] == "linspace"
    if "sigmas" in options:
        made.set_timesteps(sigmas=np.array(options["sigmas"][:-1]), mu=mu)
    elif own:
        made.set_timesteps(steps, **({} if mu is None else dict(mu=mu)))
    else:
        made.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps), mu=mu)
    if convention == "deis":
        # The class repeats the last sigma and leaves the picture noisy.
        made.sigmas[-1] = 0
    return made


def schedule_cases():
    for steps in (1, 2, 4, 28):
        for convention in CLASSES:
            for config in ((SCHNELL, SHIFT3) if steps < 28 else (SHIFT3,)):
                yield convention, config, dict(steps=steps)
        for convention in ("k", "unipc", "lcm"):
            for tokens in ((256, 1024, 4096, 6400) if steps == 4 else (1024,)):
                yield convention, DEV, dict(steps=steps, tokens=tokens)
            yield convention, LINEAR, dict(steps=steps, tokens=1024) if convention != "unipc" else dict(steps=steps, tokens=256)
        yield "dpm", DEV, dict(steps=steps, tokens=1024)
        yield "deis", DEV, dict(steps=steps, tokens=1024)
        for tokens in ((256, 1024, 4096, 4300, 4301, 6400) if steps == 4 else (1024,)):
            yield "k", DEV, dict(steps=steps, tokens=tokens, klein=True)
        if steps > 1:  # Of one step it is NaN there.
            yield "k", TERMINAL, dict(steps=steps, tokens=4096)
            yield "unipc", TERMINAL, dict(steps=steps, tokens=4096)
        yield "k", SHIFT3, dict(steps=steps, spacing="linspace")
        yield "k", DEV, dict(steps=steps, spacing="linspace", tokens=1024)
        yield "unipc", SHIFT3, dict(steps=steps, spacing="trailing")
    for curve in CURVES:
        yield "k", SHIFT3, dict(steps=4, spacing="linspace", curve=curve)
        yield "k", DEV, dict(steps=9, curve=curve, tokens=1024)
        yield "lcm", SHIFT3, dict(steps=5, curve=curve)
    yield "k", SHIFT3, dict(steps=3, sigmas=[1.0, 0.8, 0.3, 0.0])
    yield "k", DEV, dict(steps=3, sigmas=[0.9, 0.5, 0.1, 0.0], tokens=1024)
    yield "unipc", SHIFT3, dict(steps=3, sigmas=[1.0, 0.8, 0.3, 0.0])
    yield "k", DEV, dict(steps=4, shift=2.5)
    yield "k", SHORT, dict(steps=6, spacing="linspace")


def numbers(values):
    """In single precision, in the fewest digits that say it."""
    return [float(str(np.float32(value))) for value in values]


# Methods: every step of the class from the same start, whatever it makes, with the same velocities and noises.

def by_class(made, start, velocities, noises):
    """Yields the sample after each evaluation, in double precision.

    In single precision DEIS' first step, which divides by a signal of 0.0003, is off by 1e-4.
    """
    torch.set_default_dtype(torch.float64)
    made.set_begin_index(0)
    made.sigmas = made.sigmas.double()
    sample, velocities, noises = start.double(), velocities.double(), noises.double()
    for index, time in enumerate(made.timesteps):
        more = dict(variance_noise=noises[index]) if isinstance(made, diffusers.DPMSolverMultistepScheduler) else {}
        if isinstance(made, diffusers.DEISMultistepScheduler) and index == len(made.timesteps) - 1:
            # To the clean level, where its formula of the second order divides by nothing.
            sample = sample - made.sigmas[index] * velocities[index]
        else:
            sample = made.step(velocities[index], time, sample, **more).prev_sample
        yield sample
    torch.set_default_dtype(torch.float32)


def euler_ancestral(made, start, velocities, noises):
    """ComfyUI's sample_euler_ancestral_RF with eta 1."""
    sample, sigmas = start.double(), made.sigmas.double()
    for index in range(len(sigmas) - 1):
        sigma, target = sigmas[index], sigmas[index + 1]
        denoised = sample - sigma * velocities[index].double()
        if target == 0:
            sample = denoised
        else:
            down = target * (1 + (target / sigma - 1))
            alpha, alpha_down = 1 - target, 1 - down
            renoise = (target**2 - down**2 * alpha**2 / alpha_down**2) ** 0.5
            sample = (down / sigma) * sample + (1 - down / sigma) * denoised
            sample = (alpha / alpha_down) * sample + noises[index].double() * renoise
        yield sample


def lms(made, start, velocities, noises):
    """k-diffusion's sample_lms of order 4 by sigma, whose derivative is the velocity."""
    sample, sigmas = start.double(), made.sigmas.double().numpy()
    for index in range(len(sigmas) - 1):
        order = min(index + 1, 4)
        for place in range(order):
            nodes = [sigmas[index - other] for other in range(order)]
            others = nodes[:place] + nodes[place + 1:]
            polynomial = np.poly1d(np.poly(others) if others else [1.0]) / math.prod(nodes[place] - other for other in others)
            integral = polynomial.integ()
            weight = integral(sigmas[index + 1]) - integral(sigmas[index])
            sample = sample + weight * velocities[index - place].double()
        yield sample


def lcm(made, start, velocities, noises):
    """The class draws its noise itself: the same noises, handed over."""
    made.set_begin_index(0)
    drawn = iter(noises)
    module = diffusers.schedulers.scheduling_flow_match_lcm
    original, module.randn_tensor = module.randn_tensor, lambda *args, **more: next(drawn)
    sample = start
    for index, time in enumerate(made.timesteps):
        sample = made.step(velocities[index], time, sample).prev_sample
        yield sample
    module.randn_tensor = original


METHODS = {
    "euler": ("k", {}, by_class), "heun": ("heun", {}, by_class), "euler-ancestral": ("euler_ancestral", {}, euler_ancestral),
    "lms": ("lms", {}, lms), "lcm": ("lcm", {}, lcm),
    "dpmpp-2m": ("dpm", dict(solver_order=2), by_class), "dpmpp-3m": ("dpm", dict(solver_order=3), by_class),
    "dpmpp-2m-sde": ("dpm", dict(solver_order=2, algorithm_type="sde-dpmsolver++"), by_class),
    "dpmpp-singlestep": ("dpm_singlestep", dict(solver_order=3), by_class),
    "unipc": ("unipc", dict(solver_order=2), by_class), "unipc-3": ("unipc", dict(solver_order=3), by_class),
    "deis": ("deis", dict(solver_order=2), by_class), "deis-3": ("deis", dict(solver_order=3), by_class)}


def main():
    schedules, seen = [], set()
    for convention, config, options in schedule_cases():
        identity = json.dumps([convention, config, options], sort_keys=True)
        if identity in seen:
            continue
        seen.add(identity)
        if convention == "unipc" and config.get("time_shift_type") == "linear":
            continue
        made = scheduler(convention, config, options)
        sigmas = made.sigmas if convention != "heun" else torch.cat([made.sigmas[:1], made.sigmas[1:-1:2], made.sigmas[-1:]])
        schedules.append(dict(
            convention=convention, config=CONFIGS.index(config), options=options, sigmas=numbers(sigmas), times=numbers(made.timesteps)))

    generator = torch.Generator().manual_seed(16)
    draw = lambda: torch.randn(SHAPE, generator=generator)
    tensors = dict(start=draw(), velocity=torch.stack([draw() for _ in range(55)]), noise=torch.stack([draw() for _ in range(28)]))
    runs = []
    for name, (convention, more, walk) in METHODS.items():
        for steps in (1, 4, 28):
            made = scheduler(convention, SHIFT3, dict(steps=steps), **more)
            samples = list(walk(made, tensors["start"], tensors["velocity"], tensors["noise"]))
            assert all(torch.isfinite(sample).all() for sample in samples), (name, steps)
            tensors[f"{name}.{steps}"] = torch.stack(samples).float()
            runs.append(dict(name=name, convention=convention, steps=steps))
    (HERE / "flow.json").write_text(json.dumps(dict(
        versions=dict(diffusers=diffusers.__version__, torch=torch.__version__, numpy=np.__version__),
        configs=CONFIGS, schedules=schedules, runs=runs), separators=(",", ":")) + "\n")
    save_file({name: value.contiguous() for name, value in tensors.items()}, HERE / "flow.safetensors")
    print(len(schedules), "schedules,", len(runs), "runs")


main()
