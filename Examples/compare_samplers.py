#!/usr/bin/env python3
"""Draws Graphs/compare-samplers.yaml and writes a table of every sampling method's time and distance beside it.

Time is that of the method's own nodes in the event log, without the cache and without loading the model: the least of
--repeat runs, which take turns so that a machine that slows down slows all. Distance is the root mean square difference from the solution that all deterministic methods are on their
way to: Heun's method from the same noise in 200 steps, 399 evaluations, a method of second order that has converged by
then, as two others in 200 steps confirm (the last lines of the table). Methods that add noise end in pictures of their
own, so that their distance tells little of their quality. Methods also differ in the times at which they evaluate the
model. Needs nothing but Python and the built command.

    python3 Examples/compare_samplers.py --stepgraph .build/release/stepgraph --out compare-samplers.png
"""

import argparse
import json
import math
import pathlib
import struct
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SAMPLERS = ROOT / "Graphs" / "samplers"
REFERENCE, REFERENCE_STEPS = "heun", 200
WITNESSES = ["euler", "dpm2"]
ADDS_NOISE = {"ddpm", "dpm2-ancestral", "dpmpp-2m-sde", "euler-ancestral", "lcm", "tcd"}


def read_tensor(path):
    """The numbers of the one tensor in a safetensors file, which is in 32-bit floats."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    start, end = header["tensor"]["data_offsets"]
    return struct.unpack(f"<{(end - start) // 4}f", data[8 + length + start : 8 + length + end])


def distance(a, b):
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b)) / len(a))


class Measurement:
    """One method's results: latent, pixels in 0...255, seconds, evaluations of the model."""

    def __init__(self, command, method, steps, settings):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            files = {
                "latent": folder / "latent.safetensors",
                "pixels": folder / "pixels.safetensors",
                "out": folder / "out.png",
            }
            settings = {**settings, **files, "method": SAMPLERS / f"{method}.yaml", "steps": steps}
            run(command, ROOT / "Examples" / "one-sampler.yaml", settings, folder / "events", ["--no-cache"])
            events = [json.loads(line) for line in (folder / "events").read_text().splitlines()]
            self.seconds = self.time(events)
            self.evaluations = sum(e["event"] == "finished" and e["type"] == "CFGCombine" for e in events)
            self.latent = read_tensor(files["latent"])
            self.pixels = [255 * min(max(x / 2 + 0.5, 0), 1) for x in read_tensor(files["pixels"])]

    @staticmethod
    def time(events):
        finished = [e for e in events if e["event"] == "finished" and e["node"].startswith("sample/")]
        loading = sum(e["seconds"] for e in events if e["event"] == "loaded" and e["part"] == "unet")
        return sum(e["seconds"] for e in finished) - loading


def run(command, graph, settings, events=None, options=()):
    arguments = [command, "run", graph, "--quiet", *options]
    for name, value in settings.items():
        arguments += ["--set", f"{name}={value}"]
    if events:
        arguments += ["--events", events]
    subprocess.run([str(a) for a in arguments], check=True)


def decibels(rms):
    return "inf" if rms == 0 else f"{20 * math.log10(255 / rms):.1f}"


def table(reference, rows):
    lines = [
        "| method | evaluations | time | latent RMS | pixel RMS | PSNR |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, m in rows:
        latent, pixels = distance(m.latent, reference.latent), distance(m.pixels, reference.pixels)
        time = f"{1000 * m.seconds:.0f} ms" if m.seconds < 1 else f"{m.seconds:.1f} s"
        lines.append(f"| {name} | {m.evaluations} | {time} | {latent:.3f} | {pixels:.1f} | {decibels(pixels)} dB |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stepgraph", default=".build/release/stepgraph", help="the built command")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("compare-samplers.png"), help="the sheet")
    parser.add_argument("--repeat", type=int, default=3, help="runs to take the shortest time of")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--set", action="append", default=[], metavar="param=value", help="prompt, seed, cfg, model, ...")
    options = parser.parse_args()
    settings = dict(setting.split("=", 1) for setting in options.set)

    run(
        options.stepgraph, ROOT / "Graphs" / "compare-samplers.yaml",
        {**settings, "steps": options.steps, "out": options.out})
    print(options.out)

    methods = {}
    for _ in range(options.repeat):
        for path in sorted(SAMPLERS.glob("*.yaml")):
            measured = Measurement(options.stepgraph, path.stem, options.steps, settings)
            known = methods.setdefault(path.stem, measured)
            known.seconds = min(known.seconds, measured.seconds)
    converged = {m: Measurement(options.stepgraph, m, REFERENCE_STEPS, settings) for m in [REFERENCE, *WITNESSES]}
    reference = converged[REFERENCE]
    rows = [(name + (" *" if name in ADDS_NOISE else ""), m) for name, m in methods.items()]
    rows.sort(key=lambda row: (row[0].endswith("*"), distance(row[1].latent, reference.latent)))
    rows += [(f"{name}, {REFERENCE_STEPS} steps", m) for name, m in converged.items()]
    text = "\n".join([
        f"Sampling methods in {options.steps} steps. Distances are to {REFERENCE} in {REFERENCE_STEPS} steps from the same"
        " noise: latents, and pixels in 0...255. Methods marked * add noise: their distance is to another picture.",
        "",
        *table(reference, rows),
        "",
    ])
    options.out.with_suffix(".md").write_text(text)
    print(options.out.with_suffix(".md"), end="\n\n")
    print(text, end="")


if __name__ == "__main__":
    main()
