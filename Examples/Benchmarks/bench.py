"""Times Stepgraph on a model folder, beside PyTorch where diffusers is installed.

usage: python3 bench.py --stepgraph PATH [--model DIR] [--size N] [--steps N] [--runs N]

Every run draws one picture with `Graphs/txt2img-cfg.yaml` and the cache off, and the event stream tells what each node
took. Runs of the two programs alternate, so that a machine that slows down slows down both. Prints the median and the
minimum of each node type in milliseconds, and the ratio of medians.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = {"TextEncode": "text encoder", "UNetPredict": "UNet forward", "Decode": "VAE decode"}


def time_stepgraph(options):
    """Seconds of every executed node, by type."""
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events.jsonl"
        settings = {"width": options.size, "height": options.size, "steps": options.steps, "out": f"{folder}/out.png"}
        settings["seed"] = time.time_ns() % 2**32
        if options.model:
            settings["model"] = options.model
        command = [options.stepgraph, "run", str(ROOT / "Graphs/txt2img-cfg.yaml"), "--no-cache", "--quiet"]
        command += ["--events", str(events)]
        for name, value in settings.items():
            command += ["--set", f"{name}={value}"]
        subprocess.run(command, check=True)
        seconds = defaultdict(list)
        for line in events.read_text().splitlines():
            event = json.loads(line)
            if event["event"] == "finished" and event.get("source") == "executed":
                seconds[event["type"]].append(event["seconds"])
        return seconds


def load_peer(options):
    """A function that times PyTorch's parts on the same shapes, or None when diffusers is not installed."""
    try:
        import torch
        from diffusers import AutoencoderKL, UNet2DConditionModel
        from transformers import CLIPTextModel
    except ImportError:
        return None
    folder = Path(options.model or ROOT / "Examples/emoji/model")
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32).eval()
    vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32).eval()
    text = CLIPTextModel.from_pretrained(folder / "text_encoder", torch_dtype=torch.float32).eval()
    side = options.size // 2 ** (len(vae.config.block_out_channels) - 1)

    @torch.no_grad()
    def run():
        seconds = defaultdict(list)

        def timed(name, function):
            start = time.perf_counter()
            result = function()
            seconds[name].append(time.perf_counter() - start)
            return result

        ids = torch.randint(0, text.config.vocab_size, (1, 77))
        states = timed("TextEncode", lambda: text(ids).last_hidden_state)
        latent = torch.randn(1, unet.config.in_channels, side, side)
        for step in range(2 * options.steps):
            timed("UNetPredict", lambda: unet(latent, 999 - step, states).sample)
        timed("Decode", lambda: vae.decode(latent).sample)
        return seconds

    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stepgraph", required=True, help="the executable")
    parser.add_argument("--model", help="a model folder in the diffusers layout; the demo model when left out")
    parser.add_argument("--size", type=int, default=64, help="width and height in pixels")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()

    peer = load_peer(options)
    ours, theirs = defaultdict(list), defaultdict(list)
    for _ in range(options.runs):
        for name, seconds in time_stepgraph(options).items():
            ours[name] += seconds
        for name, seconds in (peer() if peer else {}).items():
            theirs[name] += seconds

    print(f"{'':14}  {'stepgraph ms':>20}  {'PyTorch f32 ms':>20}  ratio")
    print(f"{'':14}  {'median':>10}{'min':>10}  {'median':>10}{'min':>10}")
    for name, part in PARTS.items():
        row = f"{part:14}"
        medians = []
        for seconds in (ours[name], theirs[name]):
            if seconds:
                medians.append(statistics.median(seconds))
                row += f"  {medians[-1] * 1000:10.1f}{min(seconds) * 1000:10.1f}"
        if len(medians) == 2:
            row += f"  {medians[0] / medians[1]:5.2f}"
        print(row)
    if not peer:
        print("diffusers is not installed: no peer was timed")


if __name__ == "__main__":
    main()
