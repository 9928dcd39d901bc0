"""Times UpscaleImage on an RRDBNet of the size of RealESRGAN_x4plus beside spandrel on PyTorch, in f32.

usage: python3 upscaler.py --stepgraph PATH [--weights FILE.safetensors] [--size 256] [--rounds 3] [--tile 256]

Needs torch, spandrel, numpy, safetensors and Pillow. Without `--weights` they are random: only their shape takes time. The two take turns, a process
each, so that a machine that slows down slows down both; spandrel runs the picture whole and in tiles of `--tile` pixels with a
margin of 32, of which the faster counts. Prints the median and the minimum in seconds, without loading and after a first picture
for both, the peak resident memory, the ratios, and the largest difference of the pictures in steps of 255.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MARGIN = 32

GRAPH = """stepgraph: 1
nodes:
  upscaler: {{node: LoadUpscaler, with: {{path: {weights}}}}}
  first:    {{node: LoadImage, with: {{path: first.png}}}}
  second:   {{node: LoadImage, with: {{path: second.png}}}}
  warm:     {{node: UpscaleImage, in: {{upscaler: upscaler, image: first}}, with: {{tile: {tile}}}}}
  timed:    {{node: UpscaleImage, in: {{upscaler: upscaler, image: second}}, with: {{tile: {tile}}}}}
  kept:     {{node: SaveTensor, in: {{tensor: warm}}, with: {{path: warm.safetensors}}}}
  save:     {{node: SaveTensor, in: {{tensor: timed}}, with: {{path: ours.safetensors}}}}
"""


def write_weights(path):
    """RealESRGAN_x4plus' shapes with random numbers: 23 blocks, 64 features, growth 32."""
    import numpy as np
    from safetensors.numpy import save_file

    random, tensors = np.random.default_rng(0), {}

    def conv(name, inputs, outputs):
        tensors[f"{name}.weight"] = (random.standard_normal((outputs, inputs, 3, 3)) * (9 * inputs) ** -0.5).astype(np.float32)
        tensors[f"{name}.bias"] = (random.standard_normal(outputs) * 0.01).astype(np.float32)

    conv("conv_first", 3, 64)
    for block in range(23):
        for dense in (1, 2, 3):
            for i in range(5):
                conv(f"body.{block}.rdb{dense}.conv{i + 1}", 64 + 32 * i, 64 if i == 4 else 32)
    for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr"):
        conv(name, 64, 64)
    conv("conv_last", 64, 3)
    save_file(tensors, path)


def peer(folder, weights, tile):
    """In a process of its own: the time of one picture, whole (`tile` 0) or in tiles."""
    import numpy as np
    import spandrel
    import torch
    from PIL import Image
    from safetensors.torch import load_file, save_file

    model = spandrel.ModelLoader().load_from_state_dict(load_file(weights)).eval()

    def picture(name):
        pixels = np.asarray(Image.open(folder / name).convert("RGB"), dtype=np.float32) / 255
        return torch.from_numpy(pixels.transpose(2, 0, 1)[None].copy())

    def enlarge(x):
        if not tile:
            return model(x)
        scale, (height, width) = model.scale, x.shape[2:]
        result = torch.zeros(1, 3, height * scale, width * scale)
        inner = tile - 2 * MARGIN
        for top in range(0, height, inner):
            for left in range(0, width, inner):
                y, z = max(top - MARGIN, 0), max(left - MARGIN, 0)
                part = model(x[..., y : top + inner + MARGIN, z : left + inner + MARGIN])
                part = part[..., (top - y) * scale :, (left - z) * scale :]
                part = part[..., : min(inner, height - top) * scale, : min(inner, width - left) * scale]
                place = result[..., top * scale :, left * scale :]
                place[..., : part.shape[2], : part.shape[3]] = part
        return result

    with torch.inference_mode():
        enlarge(picture("first.png"))
        start = time.perf_counter()
        made = enlarge(picture("second.png"))
        seconds = time.perf_counter() - start
    save_file({"tensor": made.clamp(0, 1) * 2 - 1}, folder / "theirs.safetensors")
    print(json.dumps({"seconds": seconds, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))


def measured(command, folder):
    """Runs a command; its peak resident memory in MB and what it printed."""
    wrapper = (
        "import resource, subprocess, sys; p = subprocess.run(sys.argv[1:], stdout=sys.stdout);"
        "print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024); sys.exit(p.returncode)"
    )
    done = subprocess.run([sys.executable, "-c", wrapper, *command], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return int(done.stdout.split("peak")[-1]), done.stdout


def ours(program, folder):
    """Stepgraph's time of the second picture and its peak memory."""
    command = [program, "run", "graph.yaml", "--no-cache", "--quiet", "--events", "events.jsonl"]
    peak, _ = measured(command, folder)
    for line in (folder / "events.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "finished" and event["node"] == "timed":
            return {"seconds": event["seconds"], "peak": peak}
    raise SystemExit("the run tells of no picture")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--stepgraph", default="stepgraph")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tile", type=int, default=256)
    parser.add_argument("--peer", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        return peer(options.peer, options.weights, options.tile)

    import numpy as np
    from PIL import Image
    from safetensors.numpy import load_file

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = options.weights or folder / "x4plus.safetensors"
        if not options.weights:
            write_weights(weights)
        random = np.random.default_rng(1)
        for picture in ("first", "second"):
            small = random.integers(0, 256, (options.size // 8, options.size // 8, 3), dtype=np.uint8)
            Image.fromarray(small).resize((options.size, options.size), Image.BICUBIC).save(folder / f"{picture}.png")
        (folder / "graph.yaml").write_text(GRAPH.format(weights=weights.resolve(), tile=options.tile))
        program = str(Path(options.stepgraph).resolve()) if "/" in options.stepgraph else options.stepgraph
        results = {"stepgraph": [], "spandrel, whole": [], "spandrel, tiles": []}
        for _ in range(options.rounds):
            results["stepgraph"].append(ours(program, folder))
            for contender, tile in (("spandrel, whole", 0), ("spandrel, tiles", max(options.tile // 2, 4 * MARGIN))):
                command = [sys.executable, __file__, "--peer", str(folder), "--weights", str(weights), "--tile", str(tile)]
                _, text = measured(command, folder)
                results[contender].append(json.loads(text.splitlines()[0]))
                if tile == 0:
                    made, expected = (load_file(folder / f"{who}.safetensors")["tensor"] for who in ("ours", "theirs"))
                    difference = float(np.abs(made - expected).max() * 127.5)
        best = min(min(run["seconds"] for run in results[c]) for c in results if c != "stepgraph")
        least = min(min(run["peak"] for run in results[c]) for c in results if c != "stepgraph")
        for contender, runs in results.items():
            seconds = [run["seconds"] for run in runs]
            peak = max(run["peak"] for run in runs)
            print(
                f"{contender:16} median {statistics.median(seconds):7.2f} s, minimum {min(seconds):7.2f}, peak {peak} MB, "
                f"{min(seconds) / best:.2f} of the time and {peak / least:.2f} of the memory of spandrel's best"
            )
        print(f"largest difference {difference:.3f} of 255")


if __name__ == "__main__":
    main()
