#!/usr/bin/env python3
"""Measure the demo model on pictures that stepgraph draws.

    python3 evaluate.py --stepgraph ../../.build/release/stepgraph

Counts how many pictures show what their prompts name, on which background, and
what guidance, negative prompts, seeds, sampling methods and a second pass at twice
the size do.  A picture shows an emoji if that one's training pictures are the
nearest, backgrounds removed and small shifts allowed.  Needs what train.py needs
but torch and its family.
"""

import argparse
import json
import random
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageFont

from training import data

HERE = Path(__file__).resolve().parent
GRAPHS = HERE.parent.parent / "Graphs"
NEUTRAL = np.float32(0.5)
SHIFT = 3


def arguments():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--stepgraph", default="stepgraph", help="the program")
    parser.add_argument("--model", type=Path, default=HERE / "model")
    parser.add_argument("--work", type=Path, default=HERE / "work" / "evaluation")
    parser.add_argument("--count", type=int, default=200, help="captions")
    parser.add_argument("--some", type=int, default=100, help="captions per guidance")
    parser.add_argument("--seed", type=int, default=0, help="of choice and wording")
    parser.add_argument("--guidance", type=float, default=3)
    parser.add_argument("--json", type=Path, help="also write the measures here")
    parser.add_argument("--font", default=data.FONT)
    parser.add_argument("--emoji-test", default=data.EMOJI_TEST)
    parser.add_argument("--annotations", default=data.ANNOTATIONS)
    return parser.parse_args()


# What to draw


@dataclass
class Wish:
    """A picture to draw, and what it should show."""

    subject: int
    background: str | None
    prompt: str
    seed: int
    guidance: float
    negative: str = ""
    method: str | None = None  # in place of txt2img.yaml's DDIM


def captions(subjects, allowed, options):
    """Captions of different names that tell the background, drawn evenly."""
    rng = random.Random(options.seed)
    order = []
    while len(order) < options.count:
        order += rng.sample(range(len(subjects)), len(subjects))
    backgrounds = list(data.BACKGROUNDS)
    wishes = []
    for number, i in enumerate(order[: options.count]):
        known = [b for b, shown in zip(backgrounds, allowed[i]) if shown]
        background = known[number % len(known)]
        prompt = worded(subjects[i], background, rng)
        wishes.append(Wish(i, background, prompt, 1000 + number, options.guidance))
    return wishes


def worded(subject, background, rng):
    """A caption, worded as in training, that tells both."""
    name = data.with_article(data.name_of(subject, rng))
    return f"{name} on {data.with_article(background)} background"


def bare(subject):
    """A prompt that names a subject alone."""
    return data.with_article(subject.names[0])


def workflow(wishes, model):
    """One workflow that draws all pictures, named 0000.png and so on."""
    nodes = {}
    for number, wish in enumerate(wishes):
        name = f"{number:04}"
        settings = {
            "model": str(model.resolve()),
            "prompt": wish.prompt,
            "negative": wish.negative,
            "seed": wish.seed,
            "cfg": wish.guidance,
            "out": f"{name}.png",
        }
        graph = GRAPHS / "txt2img.yaml"
        if wish.method:
            graph = HERE.parent / "one-sampler.yaml"
            settings["method"] = str(GRAPHS / "samplers" / f"{wish.method}.yaml")
            settings["latent"] = f"{name}-latent.safetensors"
            settings["pixels"] = f"{name}-pixels.safetensors"
        nodes[f"p{name}"] = {"graph": str(graph), "with": settings}
    # YAML reads JSON.
    return json.dumps({"stepgraph": 1, "nodes": nodes}, indent=1)


def run(options, folder, text):
    """Run a workflow in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "workflow.yaml").write_text(text)
    program = options.stepgraph
    if "/" in program:
        program = str(Path(program).resolve())
    command = [program, "run", "workflow.yaml", "--no-cache"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def draw(options, part, wishes):
    """Draw the pictures with stepgraph; (n, 64, 64, 3) in 0..1."""
    print(f"\n{part}: {len(wishes)} pictures", flush=True)
    folder = options.work / part
    run(options, folder, workflow(wishes, options.model))
    return load(folder, len(wishes))


def load(folder, count):
    """Read 0000.png and so on; (n, 64, 64, 3) in 0..1."""
    pictures = [
        np.asarray(Image.open(folder / f"{i:04}.png").convert("RGB"))
        for i in range(count)
    ]
    return np.stack(pictures).astype(np.float32) / 255


# What pictures show


def border_colour(picture):
    """The median colour along the border."""
    edge = [picture[:2], picture[-2:], picture[:, :2], picture[:, -2:]]
    return np.median(np.concatenate([part.reshape(-1, 3) for part in edge]), axis=0)


def background_of(picture):
    """The name of the background whose colour is nearest to the border's."""
    colour = border_colour(picture) * 255
    return min(
        data.BACKGROUNDS,
        key=lambda name: np.square(np.array(data.BACKGROUNDS[name]) - colour).sum(),
    )


def without_background(pictures, colour):
    """Lay what differs from the background over grey, and halve the size."""
    distance = np.abs(pictures - colour).max(axis=-1, keepdims=True)
    alpha = np.clip((distance - 0.06) / 0.12, 0, 1)
    result = alpha * pictures + (1 - alpha) * NEUTRAL
    half = data.SIZE // 2
    return result.reshape(*result.shape[:-3], half, 2, half, 2, 3).mean(axis=(-4, -2))


def shifted(picture, far=SHIFT):
    """The picture moved by up to `far` pixels each way; (n, height, width, 3)."""
    height, width = picture.shape[:2]
    padded = np.pad(picture, ((far, far), (far, far), (0, 0)), mode="edge")
    return np.stack(
        [
            padded[y : y + height, x : x + width]
            for y in range(2 * far + 1)
            for x in range(2 * far + 1)
        ]
    )


class Gallery:
    """All training pictures, to find the nearest in."""

    def __init__(self, sprites):
        self.sprites = sprites.astype(np.float32) / 255
        self.known = {}

    def ranking(self, picture):
        """The subjects, the nearest first."""
        background = background_of(picture)
        if background not in self.known:
            ours = np.array(data.BACKGROUNDS[background], dtype=np.float32)
            flat = without_background(data.composite(self.sprites, ours), ours / 255)
            flat = flat.reshape(-1, flat[0, 0].size)
            self.known[background] = flat, np.square(flat).sum(axis=1)
        known, squares = self.known[background]
        moved = without_background(shifted(picture), border_colour(picture))
        moved = moved.reshape(len(moved), -1)
        distances = squares - 2 * moved @ known.T + np.square(moved).sum(1)[:, None]
        best = distances.min(axis=0).reshape(len(self.sprites), -1).min(axis=1)
        return np.argsort(best)


def measure(gallery, wishes, pictures):
    """Shares of pictures: right name first, among five, right background."""
    first, five, ground = [], [], []
    for wish, picture in zip(wishes, pictures):
        ranking = gallery.ranking(picture)
        first.append(ranking[0] == wish.subject)
        five.append(wish.subject in ranking[:5])
        if wish.background:
            ground.append(background_of(picture) == wish.background)
    result = {"pictures": len(wishes), "first": np.mean(first), "five": np.mean(five)}
    if ground:
        result["background"] = np.mean(ground)
    shown = ", ".join(f"{key} {value:.1%}" for key, value in list(result.items())[1:])
    print(f"  {shown}", flush=True)
    return {key: float(value) for key, value in result.items()}


def sheet(path, pictures, columns, scale=2):
    """Put all pictures on one sheet."""
    side = pictures[0].shape[0] * scale
    rows = (len(pictures) + columns - 1) // columns
    result = Image.new("RGB", (columns * side, rows * side), "white")
    for i, picture in enumerate(pictures):
        small = Image.fromarray((picture * 255).round().astype(np.uint8))
        large = small.resize((side, side), Image.LANCZOS)
        result.paste(large, (i % columns * side, i // columns * side))
    result.save(path, optimize=True)


# The measures


def compare_guidance(options, gallery, wishes, known):
    """The same captions and seeds at three guidances; `known` are the pictures of one."""
    results, rows = {}, []
    for guidance in sorted({1, options.guidance, 7.5}):
        some = [replace(wish, guidance=guidance) for wish in wishes]
        pictures = known
        if guidance != options.guidance:
            pictures = draw(options, f"guidance-{guidance:g}", some)
        results[f"{guidance:g}"] = measure(gallery, some, pictures)
        rows += list(pictures[:10])
    sheet(options.work / "guidance.png", rows, 10)
    return results


def compare_negatives(options, subjects, wishes):
    """How often backgrounds that no prompt names are blue, without and with a negative."""
    results = {}
    for negative in ("", "blue background"):
        some = [
            Wish(
                w.subject, None, bare(subjects[w.subject]), w.seed, w.guidance, negative
            )
            for w in wishes
        ]
        name = "negative" if negative else "no-negative"
        pictures = draw(options, name, some)
        blue = np.mean([background_of(picture) == "blue" for picture in pictures])
        print(f"  blue backgrounds {blue:.1%}", flush=True)
        results[name] = float(blue)
    return results


def compare_seeds(options, gallery, subjects, wishes, seeds=4):
    """How much pictures of one prompt differ, in levels of 0..255 of each pixel."""
    some = [
        Wish(w.subject, None, bare(subjects[w.subject]), seed, w.guidance)
        for w in wishes
        for seed in range(1, seeds + 1)
    ]
    pictures = draw(options, "seeds", some)
    sheet(options.work / "seeds.png", pictures, 2 * seeds)
    groups = pictures.reshape(-1, seeds, *pictures.shape[1:])
    distances = [
        np.sqrt(np.square(group[i] - group[j]).mean()) * 255
        for group in groups
        for i in range(seeds)
        for j in range(i)
    ]
    print(f"  distance {np.mean(distances):.1f}, at least {np.min(distances):.1f}")
    return {
        **measure(gallery, some, pictures),
        "distance": float(np.mean(distances)),
        "least": float(np.min(distances)),
    }


def compare_methods(options, gallery, wishes):
    """Each sampling method on the same captions and seeds."""
    results = {}
    for path in sorted((GRAPHS / "samplers").glob("*.yaml")):
        some = [replace(wish, method=path.stem) for wish in wishes]
        pictures = draw(options, f"method-{path.stem}", some)
        results[path.stem] = measure(gallery, some, pictures)
    return results


def distance(picture, drawn):
    """Root mean square, in levels of 0..255, to the font's own bitmap of an emoji.

    The bitmap is reduced to the sizes that training shows, as many times as large as
    the picture is, laid over the colour of the border, and shifted.
    """
    times = picture.shape[0] // data.SIZE
    moved = shifted(picture, SHIFT * times)
    colour = border_colour(picture) * 255
    errors = []
    for side in range(56 * times, 60 * times + 1, 2):
        sprite = data.reduced(drawn, side, size=picture.shape[0])
        difference = moved - data.composite(sprite, colour)
        errors.append(np.square(difference).mean(axis=(1, 2, 3)).min())
    return float(np.sqrt(min(errors)) * 255)


def compare_larger(options, subjects, wishes, small):
    """How near pictures of twice the size are to the font's own bitmaps.

    Those of hires-fix.yaml beside the small ones, which are its first pass, enlarged by
    Pillow; an emoji's bitmap has 136x128 pixels, so that 128x128 of them are known.
    """
    print(f"\nhires-fix: {len(wishes)} pictures", flush=True)
    nodes = {}
    for number, wish in enumerate(wishes):
        nodes[f"p{number:04}"] = {
            "graph": str(GRAPHS / "hires-fix.yaml"),
            "with": {
                "model": str(options.model.resolve()),
                "prompt": wish.prompt,
                "seed": wish.seed,
                "cfg": wish.guidance,
                "out": f"{number:04}.png",
            },
        }
    folder = options.work / "hires-fix"
    run(options, folder, json.dumps({"stepgraph": 1, "nodes": nodes}, indent=1))
    ways = {"hires-fix": load(folder, len(wishes))}
    for name, kind in {"bicubic": Image.BICUBIC, "lanczos": Image.LANCZOS}.items():
        larger = [
            Image.fromarray((picture * 255).round().astype(np.uint8)).resize(
                (2 * data.SIZE, 2 * data.SIZE), kind
            )
            for picture in small
        ]
        ways[name] = np.stack(larger).astype(np.float32) / 255
    font = ImageFont.truetype(options.font, data.STRIKE)
    drawn = [data.render(subjects[w.subject].character, font) for w in wishes]
    far = {
        name: np.array([distance(p, d) for p, d in zip(pictures, drawn)])
        for name, pictures in ways.items()
    }
    rows = [ways[name][:8] for name in ("bicubic", "hires-fix")]
    sheet(options.work / "larger.png", np.concatenate(rows), 8, 1)
    results = {}
    for name, distances in far.items():
        nearer = np.mean(far["hires-fix"] < distances)
        print(
            f"  {name}: distance {distances.mean():.2f}, median {np.median(distances):.2f};"
            f" hires-fix is nearer in {nearer:.1%}",
            flush=True,
        )
        results[name] = {"distance": float(distances.mean()), "nearer": float(nearer)}
    return results


def reconstruct(options, sprites):
    """Mean PSNR, in decibels, of pictures that no training saw, encoded and decoded."""
    print(f"\nautoencoder: {len(sprites)} pictures from outside", flush=True)
    colours = list(data.BACKGROUNDS.values())
    folder = options.work / "autoencoder"
    (folder / "in").mkdir(parents=True, exist_ok=True)
    nodes = {
        "model": {"node": "LoadModel", "with": {"path": str(options.model.resolve())}}
    }
    originals = []
    for i, sprite in enumerate(sprites):
        colour = colours[i % len(colours)]
        picture = data.composite(sprite.astype(np.float32) / 255, colour)
        picture = Image.fromarray((picture * 255).round().astype(np.uint8))
        picture.save(folder / "in" / f"{i:04}.png")
        originals.append(np.asarray(picture, dtype=np.float32) / 255)
        vae = {"vae": "model.vae"}
        nodes |= {
            f"load{i}": {"node": "LoadImage", "with": {"path": f"in/{i:04}.png"}},
            f"encode{i}": {"node": "Encode", "in": {**vae, "image": f"load{i}"}},
            f"decode{i}": {"node": "Decode", "in": {**vae, "latent": f"encode{i}"}},
            f"save{i}": {
                "node": "SavePNG",
                "in": {"image": f"decode{i}"},
                "with": {"path": f"{i:04}.png"},
            },
        }
    run(options, folder, json.dumps({"stepgraph": 1, "nodes": nodes}, indent=1))
    errors = np.square(load(folder, len(sprites)) - np.stack(originals))
    ratios = -10 * np.log10(errors.mean(axis=(1, 2, 3)))
    print(f"  {ratios.mean():.2f} dB, at least {ratios.min():.2f}", flush=True)
    return {"mean": float(ratios.mean()), "least": float(ratios.min())}


def main():
    """Draw, compare, count."""
    options = arguments()
    subjects = data.load_subjects(
        emoji_test=options.emoji_test, annotated=options.annotations
    )
    allowed = data.allowed_pairs(subjects)
    sprites = data.render_all(subjects, seed=0, font_path=options.font)
    gallery = Gallery(sprites)
    _, unseen = data.other_subjects(subjects, emoji_test=options.emoji_test)
    unseen = data.render_all(unseen, seed=0, variants=1, font_path=options.font)[:, 0]
    wishes = captions(subjects, allowed, options)
    rng = random.Random(options.seed)
    held_out = [
        Wish(i, b, worded(subjects[i], b, rng), 2000 + number, options.guidance)
        for number, (i, b) in enumerate(data.load_held_out(subjects))
    ]

    results = {"autoencoder": reconstruct(options, unseen)}
    pictures = draw(options, "captions", wishes)
    results["captions"] = measure(gallery, wishes, pictures)
    sheet(options.work / "samples.png", pictures[:40], 10)
    unknown = draw(options, "held-out", held_out)
    results["held-out"] = measure(gallery, held_out, unknown)
    sheet(options.work / "held-out.png", unknown, 10)
    some = wishes[: options.some]
    results["guidance"] = compare_guidance(
        options, gallery, some, pictures[: len(some)]
    )
    results["negative"] = compare_negatives(options, subjects, some)
    results["seeds"] = compare_seeds(options, gallery, subjects, wishes[:10])
    results["larger"] = compare_larger(
        options, subjects, some, pictures[: len(some)]
    )
    results["methods"] = compare_methods(options, gallery, wishes[:5])
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
