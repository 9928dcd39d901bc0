"""Increments of torchsde's BrownianTree as k-diffusion's BrownianTreeNoiseSampler asks for them, for BrownianTreeTests.

Ran with torch 2.15 and torchsde 0.2.6: python make_brownian.py
"""

import pathlib
import warnings

import torch
import torchsde
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
SHAPE = (1, 4, 3, 5)
ENDS = (0.0291671585, 14.6146412)
# Sigmas as a schedule has them, in single precision, among them the ends and a pair a millionth apart.
SIGMAS = [14.6146412, 9.3, 4.0861, 1.234567, 1.234566, 0.5, 0.0291671585]


def single(number):
    return float(torch.tensor(number, dtype=torch.float32))


tensors = {"sigmas": torch.tensor(SIGMAS)}
for seed in (0, 42, 2**63 + 5):
    start, end = (single(sigma) for sigma in ENDS)
    tree = torchsde.BrownianTree(start, torch.zeros(SHAPE), end, entropy=seed)
    steps = []
    for sigma, following in zip(SIGMAS, SIGMAS[1:]):
        sigma, following = single(sigma), single(following)
        steps.append(-tree(following, sigma) / (sigma - following) ** 0.5)
    tensors[str(seed)] = torch.stack(steps)
save_file(tensors, pathlib.Path(__file__).with_name("brownian.safetensors"))
