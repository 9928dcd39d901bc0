#!/usr/bin/env python3
"""Train the emoji demo model, from the font to the exported weights.

    python3 train.py

Needs the Debian packages fonts-noto-color-emoji, unicode-data and
unicode-cldr-core, and from PyPI torch, diffusers, transformers, safetensors,
pillow, numpy and matplotlib.  Uses a GPU if there is one.  After an
interruption the same command goes on from the last checkpoint in the work
folder.
"""

import argparse
import os
import shutil
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch import multiprocessing

from training import common, curve, data, diffusion, export, text, vae

HERE = Path(__file__).resolve().parent


def arguments():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, default=HERE / "work")
    parser.add_argument("--output", type=Path, default=HERE / "model")
    parser.add_argument(
        "--start", type=Path, help="a model to train on, not from noise"
    )
    parser.add_argument("--processes", type=int, help="that train together, CPU only")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--vae-steps", type=int, default=2500)
    parser.add_argument("--unet-steps", type=int, default=8000)
    parser.add_argument("--decoder-steps", type=int, default=500)
    parser.add_argument("--batch", type=int, default=16, help="pictures a step")
    parser.add_argument("--font", default=data.FONT)
    parser.add_argument("--emoji-test", default=data.EMOJI_TEST)
    parser.add_argument("--annotations", default=data.ANNOTATIONS)
    options = parser.parse_args()
    if torch.cuda.is_available():
        options.processes = 1
    elif not options.processes:
        options.processes = max(1, min(os.cpu_count() or 1, options.batch // 4))
    return options


def log(message):
    """Print with the time of day, in the first process only."""
    if common.rank() == 0:
        print(time.strftime("%H:%M:%S"), message, flush=True)


def run(rank, options):
    """Run the stages, as one of the processes that train together."""
    if options.processes > 1:
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // options.processes))
        dist.init_process_group(
            "gloo",
            init_method=f"file://{options.work.resolve()}/rendezvous",
            rank=rank,
            world_size=options.processes,
        )
    seed, batch = options.seed, options.batch
    subjects = data.load_subjects(
        emoji_test=options.emoji_test, annotated=options.annotations
    )
    others, testing = data.other_subjects(subjects, emoji_test=options.emoji_test)
    sprites, more, unseen = (
        data.render_all(part, seed, font_path=options.font)
        for part in (subjects, others, testing)
    )
    unseen = unseen[:, 0]
    allowed = data.allowed_pairs(subjects)
    log(f"rendered {len(subjects)} subjects, {len(others)} more to learn pictures from")

    if options.start:
        autoencoder, learning = vae.load(options.start / "vae"), []
    else:
        autoencoder, learning = vae.train(
            np.concatenate([sprites, more]),
            np.concatenate([allowed, np.ones((len(more), allowed.shape[1]), bool)]),
            unseen,
            options.work / "vae.pt",
            options.vae_steps,
            seed,
            2 * batch,
            log=log,
        )
    latents = vae.encode_all(autoencoder, sprites, options.work / "latents.pt", log)
    if not options.start:
        latents = vae.normalise(autoencoder, latents)
    scale = autoencoder.config.scaling_factor
    spreads = " ".join(f"{x:.2f}" for x in latents.std(dim=(0, 1, 2, 4, 5)) * scale)
    log(f"latents: scaling factor {scale}, spreads {spreads}")

    words = options.work / "tokenizer"
    if rank == 0:
        if options.start:
            shutil.copytree(options.start / "tokenizer", words, dirs_exist_ok=True)
        else:
            text.write_tokenizer(words, subjects, options.emoji_test, seed)
    if options.processes > 1:
        dist.barrier()
    tokenizer = text.load_tokenizer(words)
    source = diffusion.Latents(latents * scale, allowed, subjects, tokenizer, seed)

    def export_model(model, errors, autoencoder=autoencoder):
        export.model_folder(options.output, autoencoder, model, words)
        curve.draw(options.work / "learning.png", learning, errors)

    model, errors = diffusion.train(
        source,
        options.work / "unet.pt",
        options.unet_steps,
        seed,
        batch,
        log=log,
        every=export_model,
        start=options.start,
    )

    autoencoder = vae.finish_decoder(
        autoencoder,
        latents,
        sprites,
        allowed,
        unseen,
        options.work / "decoder.pt",
        options.decoder_steps,
        seed,
        batch,
        log=log,
    )
    if rank == 0:
        export_model(model, errors, autoencoder)
        log(f"exported to {options.output}")


def main():
    """Start the processes."""
    options = arguments()
    options.work.mkdir(parents=True, exist_ok=True)
    (options.work / "rendezvous").unlink(missing_ok=True)
    if options.processes > 1:
        multiprocessing.spawn(run, (options,), options.processes)
    else:
        run(0, options)


if __name__ == "__main__":
    main()
