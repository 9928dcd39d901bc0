"""Writes what diffusers' schedulers make of the tiny model's predictions when they start in the middle of a run.

usage: python make_start_fixtures.py      (torch 2.15.0, diffusers 0.42.1, transformers as ../VERSIONS says)

`starts.json` lists the runs: the graph, the step that is the first, and how the class was started there:

- `index`: `set_begin_index`, as image to image does; where a class looks its place up by the time, nothing is to be set.
- `rest`: the class as if the rest of its list were the whole. LMS: with a begin index its class weights its only
  prediction as one of four.
- `counter`: PNDM's class with its counter put past the doubled first step, which is for step 0 alone.
- `list`: a fresh scheduler given times: those that NoiseSchedules in the documentation has for a schedule that goes on
  from another method's.

`starts.safetensors` holds for each run NAME.start and NAME.latent [evaluations, n, c, h, w], in the variance-preserving
scale; a run starts from sqrt(1 - a) z, z being draw 0 of its seed, and the noise of step k is draw k + 1.
"""

import json

import torch
from safetensors.torch import save_file

from make_sampler_fixtures import BETAS, CFG, HERE, K, METHODS, TEXTS, Model, level_after

STEPS, FIRST = 7, 3
# A method that goes on from another: the other's step FIRST is at another time than its own.
JOINED = [("dpmpp-2m", "ddim"), ("dpmpp-2m-sde", "euler"), ("euler", "dpmpp-2m"), ("heun", "deis"), ("lcm", "ddim"), ("tcd", "ddpm")]
TWO_STAGES = ("heun", "dpm2", "dpm2-ancestral")


def make(method, **config):
    entry = METHODS[method]
    return entry.scheduler(**{**BETAS, **entry.config, "prediction_type": "epsilon", **config})


def spread(method):
    scheduler = make(method)
    scheduler.set_timesteps(STEPS)
    return scheduler


def step_times(method):
    """The time at which each step starts."""
    times = spread(method).timesteps.double()
    return times[::2] if method in TWO_STAGES else times


def joined_times(method, other):
    """The rest of the steps of `method`, stretched so as to begin where `other` is."""
    own, start = step_times(method), step_times(other)[FIRST]
    times = own[FIRST:] * (start / own[FIRST])
    return [float(time) if isinstance(make(method), K) else round(float(time)) for time in times]


def started(method, other=None):
    """A scheduler, its times from the start on, the place of the first in its lists, and how it was started."""
    if other:
        scheduler = make(method)
        scheduler.set_timesteps(timesteps=joined_times(method, other))
        return scheduler, scheduler.timesteps, 0, "list"
    scheduler = spread(method)
    place = 2 * FIRST if method in TWO_STAGES else FIRST
    if method == "plms":
        # t0, t1, t1, t2, ...
        return scheduler, scheduler.timesteps[place + 1:], place + 1, "counter"
    if method == "lms":
        scheduler.timesteps, scheduler.sigmas = scheduler.timesteps[place:], scheduler.sigmas[place:]
        return scheduler, scheduler.timesteps, 0, "rest"
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(place)
    return scheduler, scheduler.timesteps[place:], place, "index"


def level(scheduler, time):
    """a_t between whole times as the k classes interpolate it: sigma is linear."""
    sigmas = ((1 - scheduler.alphas_cumprod) / scheduler.alphas_cumprod).sqrt().double()
    low = min(int(time), len(sigmas) - 2)
    sigma = sigmas[low] + (sigmas[low + 1] - sigmas[low]) * (float(time) - low)
    return 1 / (1 + sigma ** 2)


def sample(model, method, seed, other=None):
    scheduler, times, place, how = started(method, other)
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(model.shape, generator=generator)
    for _ in range(FIRST):
        torch.randn(model.shape, generator=generator)
    step = {"generator": generator} if METHODS[method].draws else {}
    is_k = isinstance(scheduler, K)
    a = level(scheduler, times[0])
    start = ((1 - a).sqrt() * noise).float()
    latent = start / a.sqrt().float() if is_k else start
    latents = []
    for index, time in enumerate(times):
        given = scheduler.scale_model_input(latent, time)
        latent = scheduler.step(model.predict(given, time), time, latent, **step).prev_sample
        if how == "counter" and index == 0:
            scheduler.counter = 2
        latents.append(latent / (1 + level_after(scheduler, place + index) ** 2) ** 0.5 if is_k else latent)
    return how, {"start": start, "latent": torch.stack(latents)}


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    model, listed, tensors = Model("sd1-tiny"), [], {}
    runs = [(method, None) for method in METHODS] + JOINED
    with torch.no_grad():
        for seed, (method, other) in enumerate(runs):
            name = f"{method}-after-{other}" if other else method
            how, result = sample(model, method, seed, other)
            for key, value in result.items():
                assert value.isfinite().all(), (name, key)
                tensors[f"{name}.{key}"] = value.float().clone()
            listed.append({
                "name": name, "graph": METHODS[method].graph, "after": other, "seed": seed, "how": how,
                "evaluations": len(result["latent"]), "reference": METHODS[method].scheduler.__name__})
    save_file(tensors, HERE / "starts.safetensors")
    texts = {"uncond": TEXTS["uncond"], "prompt": TEXTS["positive"], "negative": TEXTS["negative"]}
    head = {**texts, "cfg": CFG, "steps": STEPS, "first": FIRST, "size": 64}
    lines = ",\n".join("    " + json.dumps(run) for run in listed)
    (HERE / "starts.json").write_text(f'{{\n  "settings": {json.dumps(head)},\n  "runs": [\n{lines}\n  ]\n}}\n')


if __name__ == "__main__":
    main()
