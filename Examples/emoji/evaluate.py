#!/usr/bin/env python3
"""Count how many pictures of prompts.txt show what their prompt names.

    python3 evaluate.py FOLDER              # holds 00.png, 01.png, ...
    python3 evaluate.py FOLDER --diffusers  # draws them there first

Each picture is compared with all training pictures, without their backgrounds
and with small shifts; the emoji of the nearest one should be the prompt's.
Needs what train.py needs: the font and emoji-test.txt.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from training import data

HERE = Path(__file__).resolve().parent
NEUTRAL = np.float32(0.5)
SHIFT = 3


def arguments():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prompts", type=Path, default=HERE / "prompts.txt")
    parser.add_argument("--sheet", type=Path, help="also write one PNG of all")
    parser.add_argument("--diffusers", action="store_true", help="draw with diffusers")
    parser.add_argument("--model", type=Path, default=HERE / "model")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=7.5)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--font", default=data.FONT)
    parser.add_argument("--emoji-test", default=data.EMOJI_TEST)
    return parser.parse_args()


def draw(options, prompts):
    """Draw the prompts' pictures with diffusers: DDIM, two branches."""
    import torch
    from diffusers import DDIMScheduler, StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(
        options.model, torch_dtype=torch.float32
    )
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    options.folder.mkdir(parents=True, exist_ok=True)
    seeds = [options.seed + i for i in range(len(prompts))]
    pictures = pipeline(
        prompts,
        height=data.SIZE,
        width=data.SIZE,
        num_inference_steps=options.steps,
        guidance_scale=options.guidance,
        generator=[torch.Generator().manual_seed(seed) for seed in seeds],
    ).images
    for i, picture in enumerate(pictures):
        picture.save(options.folder / f"{i:02}.png")


def border_colour(picture):
    """The median colour along the border."""
    edge = [picture[:2], picture[-2:], picture[:, :2], picture[:, -2:]]
    return np.median(np.concatenate([part.reshape(-1, 3) for part in edge]), axis=0)


def without_background(pictures, colour):
    """Lay what differs from the background over grey, and halve the size."""
    distance = np.abs(pictures - colour).max(axis=-1, keepdims=True)
    alpha = np.clip((distance - 0.06) / 0.12, 0, 1)
    result = alpha * pictures + (1 - alpha) * NEUTRAL
    half = data.SIZE // 2
    return result.reshape(*result.shape[:-3], half, 2, half, 2, 3).mean(axis=(-4, -2))


def shifted(picture):
    """The picture moved by up to SHIFT pixels each way."""
    padded = np.pad(picture, ((SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)), mode="edge")
    for y in range(2 * SHIFT + 1):
        for x in range(2 * SHIFT + 1):
            yield padded[y : y + data.SIZE, x : x + data.SIZE]


class Gallery:
    """All training pictures, to find the nearest in."""

    def __init__(self, subjects, sprites):
        self.subjects = subjects
        self.sprites = sprites.astype(np.float32) / 255
        self.cache = {}

    def nearest(self, picture):
        """The background's name, and the subjects by their distance."""
        colour = border_colour(picture)
        background = min(
            data.BACKGROUNDS,
            key=lambda name: np.abs(
                np.array(data.BACKGROUNDS[name]) / 255 - colour
            ).sum(),
        )
        if background not in self.cache:
            ours = np.array(data.BACKGROUNDS[background], dtype=np.float32)
            pictures = data.composite(self.sprites, ours)
            flat = without_background(pictures, ours / 255)
            self.cache[background] = flat.reshape(*flat.shape[:2], -1)
        known = self.cache[background]
        best = np.full(len(self.subjects), np.inf)
        for moved in shifted(picture):
            flat = without_background(moved, colour).reshape(-1)
            distance = np.square(known - flat).mean(axis=2).min(axis=1)
            best = np.minimum(best, distance)
        order = np.argsort(best)
        return background, [(self.subjects[i], best[i] ** 0.5) for i in order]


def wanted(prompt, subjects):
    """The subject that a prompt names: the one with the longest matching name."""
    padded = f" {prompt.lower()} ".replace(",", " ")
    found = [
        (len(name), -number, subject)
        for subject in subjects
        for number, name in enumerate(subject.names)
        if f" {name.lower()} " in padded
    ]
    return max(found, key=lambda entry: entry[:2])[2]


def write_sheet(path, pictures, columns=5, scale=2):
    """Put all pictures on one sheet, in the order of the prompts."""
    side = data.SIZE * scale
    rows = (len(pictures) + columns - 1) // columns
    sheet = Image.new("RGB", (columns * side, rows * side), "white")
    for i, picture in enumerate(pictures):
        large = picture.resize((side, side), Image.LANCZOS)
        sheet.paste(large, (i % columns * side, i // columns * side))
    sheet.save(path, optimize=True)


def main():
    """Draw if asked to, compare, count."""
    options = arguments()
    prompts = [p for p in options.prompts.read_text().splitlines() if p.strip()]
    if options.diffusers:
        draw(options, prompts)
    subjects = data.load_subjects(emoji_test=options.emoji_test)
    sprites = data.render_all(subjects, seed=0, font_path=options.font)
    gallery = Gallery(subjects, sprites)
    right, on_ground, pictures = 0, 0, []
    for i, prompt in enumerate(prompts):
        picture = Image.open(options.folder / f"{i:02}.png").convert("RGB")
        pictures.append(picture)
        pixels = np.asarray(picture, dtype=np.float32) / 255
        background, ranking = gallery.nearest(pixels)
        target = wanted(prompt, subjects)
        hit = ranking[0][0] == target
        right += hit
        asked = next(
            (b for b in data.BACKGROUNDS if f"{b} background" in prompt), "white"
        )
        on_ground += background == asked
        place = [subject for subject, _ in ranking].index(target) + 1
        print(
            f"{i:02} {'right' if hit else 'wrong'}  {prompt!r}: nearest "
            f"{ranking[0][0].key!r} ({ranking[0][1]:.3f}) on {background}"
            + ("" if hit else f"; {target.key!r} is number {place}")
        )
    print(f"{right} of {len(prompts)} right; {on_ground} on the right background")
    if options.sheet:
        write_sheet(options.sheet, pictures)


if __name__ == "__main__":
    main()
