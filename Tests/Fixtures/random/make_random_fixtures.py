"""Writes normals.safetensors: consecutive draws of torch.randn on a CPU, and of its CUDA generator, imitated with numpy by
the formula of stable-diffusion-webui's rng_philox.py.

usage: python make_random_fixtures.py      (torch 2.15.0, numpy 2.4.6)

Tensors are called GENERATOR.SEED.COUNT.DRAW; names ending in /64 hold every 64th number of a large draw.
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

SEEDS = [0, 42, 2**32 + 5]
COUNTS = [1, 7, 15, 16, 17, 100, 65536]
DRAWS = 4
TWO_POW32_INV = np.float32(2.3283064e-10)
TWO_POW32_INV_2PI = np.float32(2.3283064e-10 * 6.2831855)


class Torch:
    def __init__(self, seed):
        self.generator = torch.Generator("cpu").manual_seed(seed)

    def randn(self, count):
        return torch.randn(count, generator=self.generator).numpy()


class Philox:
    """Philox 4x32-10 as cuRAND uses it for a tensor that has a thread for every number."""

    def __init__(self, seed):
        self.key = (seed & 0xFFFFFFFF, seed >> 32)
        self.draw = 0

    def randn(self, count):
        mask = np.uint64(0xFFFFFFFF)
        zeros = np.zeros(count, np.uint64)
        c = [zeros + np.uint64(self.draw), zeros, np.arange(count, dtype=np.uint64), zeros]
        k0, k1 = (np.uint64(k) for k in self.key)
        for _ in range(10):
            a, b = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
            c = [(b >> np.uint64(32)) ^ c[1] ^ k0, b & mask, (a >> np.uint64(32)) ^ c[3] ^ k1, a & mask]
            k0, k1 = (k0 + np.uint64(0x9E3779B9)) & mask, (k1 + np.uint64(0xBB67AE85)) & mask
        self.draw += 1
        radius = np.sqrt(-2 * np.log((c[0] + 0.5) * float(TWO_POW32_INV)))
        return (radius * np.sin((c[1] + 0.5) * float(TWO_POW32_INV_2PI))).astype(np.float32)


if __name__ == "__main__":
    tensors = {}
    for name, make in (("torch", Torch), ("philox", Philox)):
        for seed in SEEDS:
            for count in COUNTS:
                generator = make(seed)
                for draw in range(DRAWS):
                    values = generator.randn(count)
                    whole = count < 1000 or (name == "torch" and seed == 42 and draw == 1)
                    tensors[f"{name}.{seed}.{count}.{draw}" + ("" if whole else "/64")] = values if whole else values[::64].copy()
    save_file(tensors, Path(__file__).with_name("normals.safetensors"))
    print(Philox(0).randn(12))
