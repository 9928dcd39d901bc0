"""Draws the learning curves."""

import os
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot


def draw(path, autoencoder, unet):
    """Write a PNG: PSNR of the autoencoder, and errors of the UNet in five ranges.

    `autoencoder` and `unet` are what their training returned.
    """
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 3.6), dpi=100)
    minutes = [row[0] for row in autoencoder]
    left.plot(minutes, [row[1] for row in autoencoder], label="in training")
    left.plot(minutes, [row[2] for row in autoencoder], label="outside")
    left.set(title="Autoencoder", xlabel="minutes", ylabel="PSNR, dB")
    left.legend()
    minutes, errors = [row[0] for row in unet], [row[1] for row in unet]
    for i in range(5):
        values = [means[i] for means in errors]
        right.plot(minutes, values, label=f"{200 * i} to {200 * i + 199}")
    right.set(title="UNet", xlabel="minutes", ylabel="squared error of the latents")
    right.set_yscale("log")
    right.legend(title="steps", fontsize="small", loc="upper right")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    figure.tight_layout()
    part = Path(path).with_suffix(".part.png")
    figure.savefig(part)
    pyplot.close(figure)
    os.replace(part, path)
