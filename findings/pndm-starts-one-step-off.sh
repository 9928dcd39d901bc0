#!/usr/bin/env bash
# diffusers 0.42.1 (torch 2.13.0): PNDM, Stable Diffusion 1's own scheduler, ends at the wrong level in image to image.
#
# Guess:    image to image with PNDMScheduler (skip_prk_steps) starts at times[k:] and loses nothing: the first step there is of the first
#           order, or is taken twice as at the beginning of a whole run.
# Instead:  it is taken twice, by a counter of calls, but times[k:] has no doubled time (t0, t1, t1, t2, ... doubles the second one of the
#           whole run): the second call redoes the step, and from the third on the latent is a step noisier than the time that the model
#           and the formula are told. With a known noise, the same everywhere, which any method of the kind follows exactly, 20
#           steps from step 0 end at 1.02873, where 1.02873 is right; cut at 5: 0.92109, at 8 (strength 0.6): 0.97662, at 13: 1.04842.
# Output:   those numbers.
# Matters:  latents of StableDiffusionImg2ImgPipeline with the scheduler that the models ship with are no reference. Putting `counter` past
#           1 after the first call gives orders 1, 2, 3, ... of the class's own formula, and the right end.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet diffusers==0.42.1 torch==2.13.0 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'PY'
import torch
from diffusers import PNDMScheduler

def end(first, counts=True):
    scheduler = PNDMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, skip_prk_steps=True)
    scheduler.set_timesteps(20)
    times, levels = scheduler.timesteps[first:], scheduler.alphas_cumprod
    picture, noise = torch.ones(1), torch.ones(1)
    at = lambda level: level.sqrt() * picture + (1 - level).sqrt() * noise
    sample = at(levels[times[0]])
    for index, time in enumerate(times):
        sample = scheduler.step(noise, time, sample).prev_sample
        if not counts and index == 0:
            scheduler.counter = 2
    return sample.item(), at(scheduler.final_alpha_cumprod).item()

for first, expected in [(0, 1.02873), (5, 0.92109), (8, 0.97662), (13, 1.04842)]:
    ended, right = end(first)
    print(f"cut at {first}: {ended:.5f}, right is {right:.5f}, with the counter put past 1 {end(first, counts=first == 0)[0]:.5f}")
    assert abs(ended - expected) < 2e-5 and abs(right - 1.02873) < 2e-5
    assert abs(end(first, counts=first == 0)[0] - right) < 2e-5
PY
