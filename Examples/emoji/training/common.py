"""Things all stages share: settings, checkpoints, progress, the averages."""

import copy
import os
import time
from contextlib import contextmanager
from pathlib import Path

import torch
import torch.distributed as dist
from torch.nn.attention import SDPBackend, sdpa_kernel

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


@contextmanager
def fast():
    """Compute in bf16; plain attention is the fastest with this few tokens."""
    with torch.autocast(DEVICE.type, torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
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
    """A time budget in place of a number of steps, kept across interruptions.

    The learning rate and the end of a stage depend on `fraction`: how much of
    the budget is spent, by steps if a number is given, else by minutes.
    """

    def __init__(self, minutes, steps=None, step=0, seconds=0.0):
        self.budget, self.steps = minutes * 60, steps
        self.step, self.seconds = step, seconds
        self.last = time.monotonic()
        self.done = self.fraction >= 1

    @property
    def fraction(self):
        """How much of this stage is done, from 0 to 1."""
        if self.steps:
            return min(1.0, self.step / self.steps)
        return min(1.0, self.seconds / self.budget)

    def state(self):
        """What a checkpoint has to keep."""
        return {"step": self.step, "seconds": self.seconds}

    def __str__(self):
        left = self.seconds / max(self.fraction, 1e-6) * (1 - self.fraction)
        return (
            f"step {self.step}, {self.fraction:.0%} done, "
            f"{self.seconds / 60:.1f} min, {left / 60:.0f} min left"
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
    wait for each other in every operation, the processes only here.  The time
    is averaged as well, so that all see the same clock and end together.
    """
    now = time.monotonic()
    clock.seconds += now - clock.last
    clock.last = now
    clock.step += 1
    if world() == 1:
        clock.done = clock.fraction >= 1
    elif clock.step % every == 0:
        # As they lie in memory, in whichever order: all processes have the same.
        views = [p.detach().as_strided((p.numel(),), (1,)) for p in parameters]
        flat = torch.cat(views + [torch.tensor([clock.seconds])])
        dist.all_reduce(flat)
        flat /= world()
        *parts, seconds = flat.split([view.numel() for view in views] + [1])
        for view, part in zip(views, parts):
            view.copy_(part)
        clock.seconds = seconds.item()
        clock.done = clock.fraction >= 1


def cosine(fraction, warmup=0.02, floor=0.01):
    """The learning rate's factor: a short warm-up, then a cosine to the floor."""
    if fraction < warmup:
        return max(fraction / warmup, 0.02)
    x = (fraction - warmup) / (1 - warmup)
    return floor + (1 - floor) * 0.5 * (
        1 + float(torch.cos(torch.tensor(x * torch.pi)))
    )


def set_rate(optimizer, rate):
    """Set the learning rate of all groups."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get("factor", 1.0)
