"""Exports workflows, and compares what a ComfyUI draws by them with what Stepgraph draws.

usage: compare.py COMFYUI PYTHON [--stepgraph PATH] [--folder FOLDER] [--only TEXT] [--imported]

COMFYUI is a checkout of ComfyUI 0.8.0, PYTHON the Python that runs it, on a CPU. The workflows are those of `cases.py`, the models
those of `models.py`, in FOLDER. Of each case the relative error of the latent is told, ||ours - theirs|| / ||theirs||, and how many
of the picture's bytes differ, and by how much. It fails where an error is above 1e-4.

Needs numpy, safetensors and Pillow.
"""

import argparse
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy
import PIL.Image
from safetensors.numpy import load, load_file

import cases
from server import HERE, OPTIONS, Failed, running

ROOT = HERE.parents[3]
LIMIT = 1e-4


def pictures(folder):
    """A picture to begin with, one with an alpha channel, one of a size that no latent has, and a mask."""
    folder.mkdir(parents=True, exist_ok=True)
    y, x = numpy.mgrid[0:72, 0:104].astype(numpy.float64)
    colours = numpy.stack([120 + 90 * numpy.sin(x / 9 + y / 17), 2.2 * x, 255 - 3 * y], -1)
    colours[20:50, 30:70] = [200, 40, 60]
    colours = colours.clip(0, 255).astype(numpy.uint8)
    round = (((x - 52) / 30) ** 2 + ((y - 36) / 22) ** 2 < 1).astype(numpy.uint8) * 255
    PIL.Image.fromarray(colours).save(folder / "picture.png")
    PIL.Image.fromarray(colours[:67, :101]).save(folder / "odd.png")
    PIL.Image.fromarray(round).convert("RGB").save(folder / "mask.png")
    PIL.Image.fromarray(numpy.concatenate([colours, 255 - round[..., None]], -1)).save(folder / "alpha.png")


def prepare(folder, comfyui, python):
    if not (folder / "models/checkpoints").exists():
        subprocess.run([python, HERE / "models.py", comfyui, folder / "models"], check=True)
    upscaler = next((ROOT / "Examples/emoji/upscaler").glob("*.safetensors"))
    (folder / "models/upscale_models").mkdir(exist_ok=True)
    shutil.copy(upscaler, folder / "models/upscale_models/x4.safetensors")
    pictures(folder / "input")


class Case:
    def __init__(self, folder, name, workflow):
        self.name, self.folder, self.path = name, folder, f"out/{name.replace('/', '_')}"
        # Paths in a file are relative to it.
        self.file = folder / f"{name.replace('/', '_')}.yaml"
        self.file.write_text(workflow.text(self.path))

    def stepgraph(self, program, *arguments):
        environment = {"XDG_CACHE_HOME": str(self.folder / "cache"), **os.environ}
        done = subprocess.run([program, *arguments], cwd=self.folder, capture_output=True, text=True, env=environment)
        if done.returncode:
            raise Failed(done.stderr.strip())
        return done.stdout

    def prompt(self, program):
        return self.stepgraph(program, "export", self.file)

    def theirs(self, prompt, server):
        """Their latent and pictures, which are kept: a prompt makes the same ones again."""
        kept = self.folder / "theirs" / hashlib.sha256(f"{OPTIONS} {prompt}".encode()).hexdigest()
        if not kept.exists():
            found = server.outputs(json.loads(prompt))
            kept.mkdir(parents=True)
            for ending, files in found.items():
                for index, data in enumerate(files):
                    (kept / f"{index}{ending}").write_bytes(data)
        return load((kept / "0.latent").read_bytes())["latent_tensor"], [pixels(path) for path in sorted(kept.glob("*.png"))]

    def imported(self, program, prompt):
        """Takes what import makes of the exported prompt in the workflow's place."""
        exported = self.file.with_suffix(".json")
        exported.write_text(prompt)
        self.file = self.folder / f"{self.file.stem}.imported.yaml"
        self.stepgraph(program, "import", exported, "--models", self.folder, "-o", self.file)

    def ours(self, program):
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        self.stepgraph(program, "run", self.file, "--quiet")
        found = sorted((self.folder / "out").glob("*.png"))
        return load_file(self.folder / (self.path + ".latent"))["latent_tensor"], [pixels(path) for path in found]


def pixels(path):
    return numpy.asarray(PIL.Image.open(io.BytesIO(path.read_bytes())).convert("RGB")).astype(int)


def difference(ours, theirs):
    if ours.shape != theirs.shape:
        raise Failed(f"ours is {list(ours.shape)}, theirs {list(theirs.shape)}")
    return ours.astype(numpy.float64) - theirs.astype(numpy.float64)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("comfyui", type=pathlib.Path)
    parser.add_argument("python", type=pathlib.Path)
    parser.add_argument("--stepgraph", type=pathlib.Path, default=ROOT / ".build/release/stepgraph")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("comfyui-comparison"))
    parser.add_argument("--only", default="", help="cases whose names contain one of these texts, separated by commas")
    parser.add_argument("--imported", action="store_true", help="draw what import makes of the exported prompts, in place of the workflows")
    options = parser.parse_args()
    folder, program = options.folder.resolve(), options.stepgraph.resolve()
    prepare(folder, options.comfyui, options.python)
    failed, largest, count = [], 0, 0
    with running(options.comfyui, options.python, folder) as server:
        for name, workflow in cases.cases().items():
            if not any(text in name for text in options.only.split(",")):
                continue
            try:
                case = Case(folder, name, workflow)
                prompt = case.prompt(program)
                reference, references = case.theirs(prompt, server)
                if options.imported:
                    case.imported(program, prompt)
                latent, images = case.ours(program)
                error = numpy.linalg.norm(difference(latent, reference)) / numpy.linalg.norm(reference.astype(numpy.float64))
                if len(images) != len(references):
                    raise Failed(f"{len(images)} pictures, theirs are {len(references)}")
                bytes = numpy.abs(numpy.concatenate([difference(a, b).ravel() for a, b in zip(images, references)]))
                told = f"{error:.1e}  {name}: {100 * (bytes > 0).mean():.2f} % of the bytes, by {bytes.max():.0f}"
                largest, count = max(largest, error), count + 1
                # A latent that is no number is no match.
                if not error <= LIMIT:
                    failed.append(name)
            except Failed as reason:
                told = f"failed   {name}: {reason}"
                failed.append(name)
            print(told, flush=True)
    print(f"{count} drawn, the largest error is {largest:.1e}; failed: {', '.join(failed) or 'none'}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
