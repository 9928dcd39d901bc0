"""Times Stepgraph on a model folder beside the peers whose packages are installed, part by part.

usage: python3 bench.py --stepgraph PATH [--model DIR] [--size N] [--parts text,unet,vae,engine] [--contenders A,B] [--rounds N]

A UNet in a single file takes the folder of its configs besides: --model FILE.safetensors --config DIR --parts unet.

Contenders are stepgraph-f32, stepgraph-bf16, torch-f32, torch-bf16 (diffusers, transformers), openvino-f32 and
openvino-bf16; those in bf16 only where the processor computes in it. They take turns, a process each, `--rounds` times
round, so that a machine that slows down slows down all.
Every run of a process has new inputs, and its first, which also takes memory from the system or compiles, is not counted.
Prints the processor and what multiplies matrices, then for each part the median and the minimum in seconds, the peak
resident memory, and the ratio of the minimum to the first contender's. The part `engine` is what a run costs beside its
nodes, and has no peers.
"""

import argparse
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NEEDS = {
    "stepgraph": [],
    "torch": ["torch", "diffusers", "transformers"],
    "openvino": ["openvino", "torch", "diffusers", "transformers"],
}
CONTENDERS = [f"{engine}-{precision}" for engine in NEEDS for precision in ("bf16", "f32")]


def processor():
    """The processor's name and its flags."""
    lines = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
    fields = {name.strip(): value.strip() for name, value in lines.items()}
    return fields.get("model name", "unknown processor"), fields.get("flags", fields.get("Features", "")).split()


def load_part(options, dtype):
    """A module, a function of its inputs and a maker of inputs."""
    import torch

    folder = Path(options.model)
    if options.part == "text":
        from transformers import CLIPTextModel

        model = CLIPTextModel.from_pretrained(folder / "text_encoder", torch_dtype=dtype).eval()
        config = model.config
        make = lambda _=None: (torch.randint(0, config.vocab_size, (options.batch, config.max_position_embeddings)),)
        return model, lambda ids: model(ids)[0], make
    from diffusers import AutoencoderKL, UNet2DConditionModel

    vae_config = json.loads((Path(options.config or folder) / "vae/config.json").read_text())
    side = options.size // 2 ** (len(vae_config["block_out_channels"]) - 1)
    if options.part == "vae":
        model = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=dtype).eval()
        make = lambda side=side: (torch.randn(options.batch, model.config.latent_channels, side, side, dtype=dtype),)
        return model, lambda latent: model.decode(latent, return_dict=False)[0], make
    if options.config:
        model = UNet2DConditionModel.from_single_file(
            options.model, config=options.config, subfolder="unet", torch_dtype=dtype)
    else:
        model = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=dtype)
    model.eval()
    config = model.config
    pooled = (config.projection_class_embeddings_input_dim or 0) - 6 * (config.addition_time_embed_dim or 0)

    def make(side=side):
        inputs = (
            torch.randn(options.batch, config.in_channels, side, side, dtype=dtype),
            torch.randint(1, 999, ()),
            torch.randn(options.batch, 77, config.cross_attention_dim, dtype=dtype),
        )
        if config.addition_embed_type != "text_time":
            return inputs
        sizes = torch.tensor([[options.size, options.size, 0, 0, options.size, options.size]] * options.batch, dtype=dtype)
        return (*inputs, torch.randn(options.batch, pooled, dtype=dtype), sizes)

    def call(latent, step, states, *added):
        added = dict(zip(("text_embeds", "time_ids"), added))
        return model(latent, step, states, added_cond_kwargs=added, return_dict=False)[0]

    return model, call, make


def run_peer(options):
    """Times one peer in this process and prints a JSON line."""
    import torch

    torch.set_grad_enabled(False)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    engine, precision = options.peer.split("-")
    dtype = torch.bfloat16 if (engine, precision) == ("torch", "bf16") else torch.float32
    # Beside what OpenVINO makes of them, a large model's weights would not fit into memory twice.
    if engine == "openvino" and options.config:
        dtype = torch.float16
    model, call, make = load_part(options, dtype)
    run = lambda inputs: call(*inputs)
    if engine == "openvino":
        import openvino

        class Wrapped(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.model = model

            def forward(self, *inputs):
                return call(*inputs)

        # Traced at a small size, as half precision is slow in PyTorch.
        example = make(16) if dtype == torch.float16 else make()
        network = openvino.convert_model(Wrapped(), example_input=example, input=[list(x.shape) for x in make()])
        compiled = openvino.Core().compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": precision})
        run = lambda inputs: compiled([x.numpy() for x in inputs])
    run(make())
    seconds = []
    for _ in range(options.runs):
        inputs = make()
        start = time.perf_counter()
        run(inputs)
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": seconds, "peakMegabytes": peak}))


def time_contender(name, part, options):
    """What one process measured, or None where it cannot run."""
    engine, precision = name.split("-")
    shape = ["--model", options.model, "--part", part, "--size", str(options.size), "--batch", str(options.batch)]
    shape += ["--runs", str(options.runs)]
    peer_only = ["--config", options.config] if options.config else []
    if engine == "stepgraph":
        command = [options.stepgraph, "bench", *shape, "--precision", precision, "--json"]
    else:
        command = [sys.executable, __file__, "--peer", name, *shape, *peer_only]
    environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    if result.returncode:
        print(f"{name}: {(result.stderr.strip() or 'failed').splitlines()[-1]}", file=sys.stderr)
        return None
    return json.loads(result.stdout if engine == "stepgraph" else result.stdout.splitlines()[-1])


def time_engine(options):
    """Prints what the engine takes for nodes that do nothing, and a process for a picture of 20 steps that is in the cache."""
    subprocess.run([options.stepgraph, "bench", "engine", "--runs", str(options.runs)], check=True)
    with tempfile.TemporaryDirectory() as folder:
        command = [options.stepgraph, "run", str(ROOT / "Graphs/txt2img.yaml"), "--quiet", "--cache", "cache"]
        command += ["--set", f"model={Path(options.model).resolve()}", "--set", "steps=20"]
        subprocess.run(command, cwd=folder, check=True)
        seconds = []
        for _ in range(10 * options.rounds):
            start = time.perf_counter()
            subprocess.run(command, cwd=folder, check=True)
            seconds.append(time.perf_counter() - start)
    print(f"cached run of 20 steps  {statistics.median(seconds) * 1e3:.1f} ms  {min(seconds) * 1e3:.1f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stepgraph", help="the executable")
    parser.add_argument("--model", default=str(ROOT / "Examples/emoji/model"), help="a model in the diffusers layout")
    parser.add_argument("--config", help="for a model that is one file: the folder of its configs, for the peers")
    parser.add_argument("--size", type=int, default=64, help="width and height in pixels")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3, help="counted runs of a process")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--parts", default="text,unet,vae,engine")
    parser.add_argument("--contenders", help="all that this machine can run when left out")
    parser.add_argument("--peer", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        return run_peer(options)
    if not options.stepgraph:
        parser.error("--stepgraph is needed")
    options.stepgraph = str(Path(options.stepgraph).resolve())

    model_name, flags = processor()
    usable = [name for name in CONTENDERS if name.endswith("f32") or {"avx512_bf16", "bf16"} & set(flags)]
    names = []
    for name in options.contenders.split(",") if options.contenders else usable:
        if name not in CONTENDERS:
            parser.error(f"there is no contender '{name}'; expected some of {', '.join(CONTENDERS)}")
        missing = [package for package in NEEDS[name.split("-")[0]] if not importlib.util.find_spec(package)]
        if missing:
            print(f"{name}: {', '.join(missing)} not installed", file=sys.stderr)
        else:
            names.append(name)
    print(f"{model_name}, {len(os.sched_getaffinity(0))} cores")
    products = None
    for part in options.parts.split(","):
        if part == "engine":
            print("\nengine", flush=True)
            time_engine(options)
            continue
        seconds, peaks = defaultdict(list), {}
        for _ in range(options.rounds):
            for name in list(names):
                measured = time_contender(name, part, options)
                if not measured:
                    names.remove(name)
                else:
                    if "numerics" in measured and not products:
                        products = f"{measured['numerics']} ({measured['openBLAS']} at hand)"
                        print(products)
                    seconds[name] += measured["seconds"]
                    peaks[name] = max(peaks.get(name, 0), measured["peakMegabytes"])
        print(f"\n{part}, {options.size}x{options.size}, batch {options.batch}")
        print(f"{'':16}{'median s':>10}{'minimum s':>11}{'peak MB':>9}{'ratio':>7}")
        for name in names:
            if seconds[name]:
                ratio = min(seconds[name]) / min(next(seconds[n] for n in names if seconds[n]))
                print(
                    f"{name:16}{statistics.median(seconds[name]):10.3f}{min(seconds[name]):11.3f}"
                    f"{peaks[name]:9}{ratio:7.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
