"""Writes what spandrel makes of small pictures with networks of the ESRGAN family: networks.json and pictures.safetensors.

usage: python make_upscalers.py      (needs spandrel, torch, numpy and safetensors; VERSIONS records what wrote the files)

The weights of tiny networks are not stored: a tensor's numbers follow from its name (`numbers` of make_families.py, and
`SeededTensor` in the tests). networks.json lists for each network its tensors and its scale, pictures.safetensors holds the
pictures NAME.in and NAME.out in 0...1, as spandrel's wrapper gives them: padded where it must be, cut to 0...1. `demo` is
the network that ships with the demo model, whose weights lie there.
"""

import importlib.util
import json
import platform
from pathlib import Path

import numpy
import safetensors
import spandrel
import torch
from safetensors.torch import load_file, save_file

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
spec = importlib.util.spec_from_file_location("families", HERE.parent / "families/make_families.py")
families = importlib.util.module_from_spec(spec)
spec.loader.exec_module(families)


def rrdb(blocks, features, growth, inputs, doublings):
    """Names and shapes of an RRDBNet in the newer layout."""
    shapes = {"conv_first": (features, inputs), "conv_body": (features, features), "conv_hr": (features, features),
              "conv_last": (3, features)}
    for block in range(blocks):
        for dense in (1, 2, 3):
            for conv in range(5):
                outputs = features if conv == 4 else growth
                shapes[f"body.{block}.rdb{dense}.conv{conv + 1}"] = (outputs, features + conv * growth)
    for index in range(doublings):
        shapes[f"conv_up{index + 1}"] = (features, features)
    return {f"{name}.{kind}": [*shape, 3, 3] if kind == "weight" else [shape[0]]
            for name, shape in shapes.items() for kind in ("weight", "bias")}


def sequence(blocks, doublings, name):
    """The name of a weight in the layout of the first ESRGAN."""
    stem, kind = name.rsplit(".", 1)
    place = 3 * doublings
    fixed = {"conv_first": "model.0", "conv_body": f"model.1.sub.{blocks}", "conv_hr": f"model.{place + 2}",
             "conv_last": f"model.{place + 4}"}
    if stem in fixed:
        return f"{fixed[stem]}.{kind}"
    if stem.startswith("conv_up"):
        return f"model.{3 * int(stem[7:])}.{kind}"
    _, block, dense, conv = stem.split(".")
    return f"model.1.sub.{block}.{dense.upper()}.{conv}.0.{kind}"


def compact(features, convolutions, scale):
    shapes = {}
    for index in range(convolutions):
        outputs = 3 * scale * scale if index == convolutions - 1 else features
        shapes[f"body.{2 * index}.weight"] = [outputs, 3 if index == 0 else features, 3, 3]
        shapes[f"body.{2 * index}.bias"] = [outputs]
        if index < convolutions - 1:
            shapes[f"body.{2 * index + 1}.weight"] = [features]
    return shapes


def seeded(shapes):
    """The manifest and the tensors, of about the size that keeps numbers as large as they are."""
    manifest = []
    for name, shape in sorted(shapes.items()):
        if len(shape) == 4:
            scale = round(1.2 / (shape[1] * 9) ** 0.5, 5)
        else:
            scale = 0.1
        manifest.append([name, list(shape), scale, 0.2 if len(shape) == 1 and "weight" in name else 0.0])
    return manifest, {name: families.numbers(*entry).float() for name, entry in zip([m[0] for m in manifest], manifest)}


def main():
    torch.set_num_threads(1)
    cases = {
        "x1": rrdb(1, 16, 32, 3, 0), "x2": rrdb(1, 16, 32, 3, 1), "x4": rrdb(2, 16, 32, 3, 2), "x8": rrdb(1, 16, 32, 3, 3),
        "x2 unshuffled": rrdb(1, 16, 32, 12, 2),
        "x4 moving average": {f"params_ema.{name}": shape for name, shape in rrdb(1, 16, 32, 3, 2).items()},
        "x4 sequence": {sequence(2, 2, name): shape for name, shape in rrdb(2, 16, 32, 3, 2).items()},
        "x2 sequence": {sequence(1, 1, name): shape for name, shape in rrdb(1, 16, 32, 3, 1).items()},
        "compact x1": compact(16, 5, 1), "compact x2": compact(16, 4, 2), "compact x3": compact(24, 3, 3),
    }
    tensors, networks = {}, {}
    generator = torch.Generator().manual_seed(18)

    def draw(name, weights, height, width):
        model = spandrel.ModelLoader().load_from_state_dict(weights)
        model.model.eval()
        # Smooth, with an edge.
        picture = torch.nn.functional.interpolate(
            torch.rand(1, 3, 4, 5, generator=generator), size=(height, width), mode="bicubic").clamp(0, 1)
        picture[..., width // 2:] = 1 - picture[..., width // 2:]
        with torch.no_grad():
            tensors[f"{name}.in"], tensors[f"{name}.out"] = picture, model(picture)
        return model.scale

    for name, shapes in cases.items():
        manifest, weights = seeded(shapes)
        # spandrel finds the moving average where names begin with its key and a dot, as in a dictionary.
        weights = {key.removeprefix("params_ema."): value for key, value in weights.items()}
        scale = draw(name, dict(weights), 9, 11)
        networks[name] = {"scale": scale, "tensors": manifest}
    demo = load_file(ROOT / "Examples/emoji/upscaler/realesr-animevideov3-x4.safetensors")
    networks["demo"] = {"scale": draw("demo", {key: value.float() for key, value in demo.items()}, 24, 31), "tensors": []}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value, separators=(',', ':'))}" for name, value in networks.items())
    (HERE / "networks.json").write_text("{\n" + lines + "\n}\n")
    save_file({name: value.contiguous() for name, value in tensors.items()}, HERE / "pictures.safetensors")
    versions = {"python": platform.python_version(), "spandrel": spandrel.__version__}
    for module in (torch, safetensors, numpy):
        versions[module.__name__] = module.__version__
    (HERE / "VERSIONS").write_text("".join(f"{name} {version}\n" for name, version in versions.items()))


if __name__ == "__main__":
    main()
