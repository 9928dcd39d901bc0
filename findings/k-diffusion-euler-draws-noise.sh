#!/usr/bin/env bash
# k-diffusion 0.1.1.post1 (torch 2.13.0): its deterministic samplers draw noise at every step and throw it away.
#
# Guess:    Euler, Heun and DPM2 without churn need no random numbers and leave the generator alone, as LMS and DPM++ 2M do.
# Instead:  sample_euler, sample_heun and sample_dpm_2 draw one tensor of the latent's shape from the global generator at each step (the last one
#           included) before they look whether s_churn asks for it. sample_lms and sample_dpmpp_2m draw nothing.
# Output:   draws in 6 steps: euler 6, heun 6, dpm_2 6, lms 0, dpmpp_2m 0.
# Matters:  with one seeded generator a run's second picture, or an ancestral half after a plain one, depends on the sampler and the number of steps before
#           it. Pictures made that way are matched only by drawing and discarding as well.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6 scipy==1.17.1 torchsde==0.2.6 torchdiffeq==0.2.5 tqdm==4.70.1 pillow==12.3.0 safetensors==0.8.0
"$work/venv/bin/pip" install --quiet --no-deps --no-compile k-diffusion==0.1.1.post1
"$work/venv/bin/python" -W ignore - <<'PY'
import importlib.util, sys, types
# The samplers alone: the package's __init__ imports training code and its many packages, and utils imports torchvision for pictures only.
package = types.ModuleType("k_diffusion")
package.__path__ = list(importlib.util.find_spec("k_diffusion").submodule_search_locations)
sys.modules["k_diffusion"] = package
vision = types.ModuleType("torchvision.transforms")
vision.functional = None
sys.modules.update({"torchvision": types.ModuleType("torchvision"), "torchvision.transforms": vision})
import torch
from k_diffusion import sampling

def denoiser(x, sigma):  # of N(0, 1)
    return x / (1 + sigma.view(-1, 1, 1, 1) ** 2)

sigmas = sampling.get_sigmas_karras(6, 0.03, 14.6)

def draws(sampler):
    x = torch.ones(1, 4, 8, 8) * 14.6
    torch.manual_seed(0)
    states = []
    for _ in range(20):
        states.append(torch.get_rng_state())
        torch.randn_like(x)
    torch.manual_seed(0)
    sampler(denoiser, x, sigmas, disable=True)
    after = torch.get_rng_state()
    return next(count for count, state in enumerate(states) if torch.equal(state, after))

seen = {name: draws(getattr(sampling, "sample_" + name)) for name in ("euler", "heun", "dpm_2", "lms", "dpmpp_2m")}
print("draws in 6 steps:", seen)
assert seen == {"euler": 6, "heun": 6, "dpm_2": 6, "lms": 0, "dpmpp_2m": 0}
PY
