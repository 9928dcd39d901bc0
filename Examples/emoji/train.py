#!/usr/bin/env python3
"""Train the emoji demo model, from the font to the exported weights.

    python3 train.py --processes 2

Needs the Debian packages fonts-noto-color-emoji and unicode-data, and from
PyPI torch, diffusers, transformers, safetensors, pillow and numpy.  Uses a GPU
if there is one.  After an interruption the same command goes on from the last
checkpoint in the work folder.
"""

import argparse
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing

from training import common, data, diffusion, export, text, vae

HERE = Path(__file__).resolve().parent


def arguments():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, default=HERE / "work")
    parser.add_argument("--output", type=Path, default=HERE / "model")
    parser.add_argument("--processes", type=int, default=1, help="CPU only")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--vae-minutes", type=float, default=12)
    parser.add_argument("--vae-steps", type=int, help="in place of minutes")
    parser.add_argument("--unet-minutes", type=float, default=60)
    parser.add_argument("--unet-steps", type=int, help="in place of minutes")
    parser.add_argument("--decoder-minutes", type=float, default=10)
    parser.add_argument("--decoder-steps", type=int, help="in place of minutes")
    parser.add_argument("--font", default=data.FONT)
    parser.add_argument("--emoji-test", default=data.EMOJI_TEST)
    return parser.parse_args()


def log(message):
    """Print with the time of day, in the first process only."""
    if common.rank() == 0:
        print(time.strftime("%H:%M:%S"), message, flush=True)


def run(rank, options):
    """Run the stages, as one of the processes that train together."""
    if options.processes > 1:
        torch.set_num_threads(1)
        dist.init_process_group(
            "gloo",
            init_method=f"file://{options.work.resolve()}/rendezvous",
            rank=rank,
            world_size=options.processes,
        )
    subjects = data.load_subjects(emoji_test=options.emoji_test)
    sprites = data.render_all(subjects, options.seed, font_path=options.font)
    log(f"rendered {sprites.shape[0]} subjects, {sprites.shape[1]} variants")

    autoencoder = vae.train(
        sprites,
        options.work / "vae.pt",
        options.vae_minutes,
        options.vae_steps,
        options.seed,
        log=log,
    )
    latents = vae.encode_all(autoencoder, sprites, options.work / "latents.pt", log)
    latents = vae.normalise(autoencoder, latents)
    scale = autoencoder.config.scaling_factor
    log(f"latents: scaling factor {scale}, mean {latents.mean():.4f}")

    if rank == 0:
        folder = options.work / "tokenizer"
        text.write_tokenizer(folder, subjects, options.emoji_test, options.seed)
    if options.processes > 1:
        dist.barrier()
    tokenizer = text.load_tokenizer(options.work / "tokenizer")
    source = diffusion.Latents(latents, scale, subjects, tokenizer, options.seed)

    def export_model(model, autoencoder=autoencoder):
        place = (subjects, options.emoji_test, options.seed)
        export.model_folder(options.output, autoencoder, model, *place)
        log(f"exported to {options.output}")

    model = diffusion.train(
        source,
        options.work / "unet.pt",
        options.unet_minutes,
        options.unet_steps,
        options.seed,
        log=log,
        every=export_model,
    )

    autoencoder = vae.finish_decoder(
        autoencoder,
        latents,
        sprites,
        options.work / "decoder.pt",
        options.decoder_minutes,
        options.decoder_steps,
        options.seed,
        log=log,
    )
    if rank == 0:
        export_model(model, autoencoder)


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
