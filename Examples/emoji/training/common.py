"""Things all stages share: settings, checkpoints, progress, the averages."""

import copy
import math
import os
import time
from contextlib import contextmanager
from pathlib import Path

import torch
import torch.distributed as dist
from torch.nn.attention import SDPBackend, sdpa_kernel

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def computes_bf16():
    """Whether this device computes faster in bf16 than in f32."""
    if DEVICE.type == "cuda":
        return torch.cuda.is_bf16_supported()
    info = Path("/proc/cpuinfo")
    return info.exists() and "avx512_bf16" in info.read_text()


BF16 = computes_bf16()


@contextmanager
def fast():
    """Compute in bf16 where it helps; plain attention suits this few tokens."""
    autocast = torch.autocast(DEVICE.type, torch.bfloat16, enabled=BF16)
    with autocast, sdpa_kernel(SDPBackend.MATH):
        yield


def save_checkpoint(path, **state):
    """Write a checkpoint so that an interruption never leaves half a file."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)


def load_checkpoint(path):
    """Read a checkpoint, or None where there is none."""
    if not Path(path).exists():
        return None
    return torch.load(path, map_location="cpu", weights_only=False)


def parameter_count(module):
    """The number of parameters, in millions."""
    return sum(p.numel() for p in module.parameters()) / 1e6


class Ema:
    """The exponential moving average of a module's parameters."""

    def __init__(self, module, decay):
        self.module = copy.deepcopy(module).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, module, step):
        """Take one step; the average is quicker while it is young."""
        decay = min(self.decay, (1 + step) / (10 + step))
        mine, theirs = list(self.module.parameters()), list(module.parameters())
        torch._foreach_lerp_(mine, theirs, 1 - decay)


class Clock:
    """Steps done of those to do, and the time they took, across interruptions."""

    def __init__(self, steps, step=0, seconds=0.0):
        self.steps, self.step, self.seconds = steps, step, seconds
        self.last = time.monotonic()

    @property
    def done(self):
        """Whether that was all."""
        return self.step >= self.steps

    @property
    def fraction(self):
        """How much of this stage is done, from 0 to 1."""
        return min(1.0, self.step / max(self.steps, 1))

    def tick(self):
        """Count one step."""
        now = time.monotonic()
        self.seconds += now - self.last
        self.last = now
        self.step += 1

    def state(self):
        """What a checkpoint has to keep."""
        return {"step": self.step, "seconds": self.seconds}

    def __str__(self):
        left = self.seconds / max(self.step, 1) * max(self.steps - self.step, 0)
        return (
            f"step {self.step} of {self.steps}, {self.seconds / 60:.1f} min, "
            f"{left / 60:.0f} min left"
        )


def rank():
    """This process's number among those that train together."""
    return dist.get_rank() if dist.is_initialized() else 0


def world():
    """How many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def count_step(parameters, clock, every=10):
    """Count one step; now and then, average the parameters over the processes.

    One process of one thread for each core is much faster than one process of
    many threads where the cores are busy with other work too: the threads would
    wait for each other in every operation, the processes only here.
    """
    clock.tick()
    if world() > 1 and (clock.step % every == 0 or clock.done):
        # As they lie in memory, in whichever order: all processes have the same.
        views = [p.detach().as_strided((p.numel(),), (1,)) for p in parameters]
        flat = torch.cat(views)
        dist.all_reduce(flat)
        flat /= world()
        for view, part in zip(views, flat.split([view.numel() for view in views])):
            view.copy_(part)


def cosine(fraction, warmup=0.02, floor=0.01):
    """The learning rate's factor: a short warm-up, then a cosine to the floor."""
    if fraction < warmup:
        return max(fraction / warmup, 0.02)
    x = (fraction - warmup) / (1 - warmup)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(x * math.pi))


def set_rate(optimizer, rate):
    """Set the learning rate of all groups."""
    for group in optimizer.param_groups:
        group["lr"] = rate
