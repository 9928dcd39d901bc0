#!/usr/bin/env bash
# diffusers 0.42.1 (torch 2.13.0): LMS that begins in the middle of its list takes its first steps up to 1.7 times too far.
#
# Guess:    set_begin_index(k), which image to image calls, starts LMSDiscreteScheduler at step k as a fresh one: by the first order, then
#           the second, as its predictions come in.
# Instead:  the order is taken from the place in the list, min(k + 1, 4), and not from how many predictions there are: the only
#           prediction gets the weight of the newest of four, and the weights that would balance it are dropped by zip(). With a
#           derivative of 1 everywhere, which any consistent method follows exactly, the first step moves sigma' - sigma times
#           1.27 (k = 1), 1.44, 1.58, 1.64, 1.72 (k = 5) of 10 leading steps.
# Output:   the ratios above; 1 for k = 0.
# Matters:  an image-to-image latent of this class at high k is no reference. DPM-Solver, DEIS and UniPC count what they have. Right is the
#           class as if the rest of its list were the whole (`timesteps` and `sigmas` cut off), whose ratio is 1.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet diffusers==0.42.1 torch==2.13.0 numpy==2.4.6 scipy==1.17.0
"$work/venv/bin/python" -W ignore - <<'PY'
import torch
from diffusers import LMSDiscreteScheduler

def first_step(begin, cut=False):
    scheduler = LMSDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
                                     timestep_spacing="leading", steps_offset=1)
    scheduler.set_timesteps(10)
    if cut:
        scheduler.timesteps, scheduler.sigmas = scheduler.timesteps[begin:], scheduler.sigmas[begin:]
        begin = 0
    else:
        scheduler.set_begin_index(begin)
    sigma, target = scheduler.sigmas[begin], scheduler.sigmas[begin + 1]
    sample = torch.ones(1, 1) * sigma
    moved = scheduler.step(torch.ones(1, 1), scheduler.timesteps[begin], sample).prev_sample - sample
    return (moved / (target - sigma)).item()

for begin, expected in enumerate([1, 1.2743, 1.4410, 1.5755, 1.6439, 1.7216]):
    ratio, cut = first_step(begin), first_step(begin, cut=True)
    print(f"begin {begin}: {ratio:.4f} of the step, {cut:.4f} with the rest of the list as the whole")
    assert abs(ratio - expected) < 2e-4 and abs(cut - 1) < 1e-5
PY
