"""The sigmas of ComfyUI's schedulers, after their definition in its comfy/samplers.py and comfy/model_sampling.py.

`sigmas` are those of training, float32, by time; each function gives those of N steps and the 0 at the end.
"""

import numpy as np


def simple(sigmas, steps):
    """Entries of the table, a T / N-th of it apart, counted from its noisy end."""
    noisy_first = sigmas[::-1]
    return [noisy_first[int(step * (len(sigmas) / steps))] for step in range(steps)] + [0.0]


def ddim_uniform(sigmas, steps):
    """Entries of the table from the second on, T // N apart."""
    return list(sigmas[1 :: max(len(sigmas) // steps, 1)])[::-1] + [0.0]


def at(sigmas, times):
    """Sigmas at fractional times: linear in the logarithm."""
    return np.exp(np.interp(times, np.arange(len(sigmas)), np.log(sigmas.astype(np.float64))))


def normal(sigmas, steps):
    """Evenly spread times from the last to the first of training."""
    return [*at(sigmas, np.linspace(len(sigmas) - 1, 0, steps)), 0.0]


def sgm_uniform(sigmas, steps):
    """As normal with a step more, which is left out."""
    return [*at(sigmas, np.linspace(len(sigmas) - 1, 0, steps + 1)[:-1]), 0.0]


CURVES = dict(simple=simple, normal=normal, sgm_uniform=sgm_uniform, ddim_uniform=ddim_uniform)
