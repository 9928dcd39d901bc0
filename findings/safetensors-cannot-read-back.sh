#!/usr/bin/env bash
# safetensors 0.8.0 (NumPy 2.4.6, ml_dtypes 0.6.0, torch 2.13.0): save() writes element types that load() of the same module refuses.
#
# Guess:    what safetensors.X.save accepts, safetensors.X.load gives back; load(bytes) and load_file(path) read the same files.
# Instead:  the three readers of one package keep three tables of element types.
#           NumPy: save writes BF16, F8_E4M3, F8_E5M2 and F8_E8M0 from ml_dtypes' arrays; load raises KeyError for all of them;
#           load_file gives BF16 but raises AttributeError for the F8 kinds.
#           PyTorch: save writes F8_E8M0 and F4; load raises KeyError; load_file gives both.
#           F4: a torch tensor of shape [2, 4] (two numbers an element) is written with the shape [2, 8] and comes back as [2, 4];
#           get_shape() says [2, 8], and a slice of it raises RuntimeError.
# Output:   the table printed below.
# Matters:  E8M0 scales and F4 weights are what MX and NV four-bit checkpoints consist of. A file a tool has just written is no proof that
#           the tool's other functions can read it; a reader needs all of the format's types, and must take F4's last dimension as a count
#           of numbers, not of bytes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile safetensors==0.8.0 numpy==2.4.6 ml_dtypes==0.6.0 torch==2.13.0 packaging==26.2
cd "$work"
"$work/venv/bin/python" - <<'PY'
import json
import ml_dtypes, numpy as np, torch
import safetensors.numpy, safetensors.torch
from safetensors import safe_open

def entry(data):
    return json.loads(data[8:8 + int.from_bytes(data[:8], "little")])["x"]

def outcome(read):
    try:
        value = read()
        return f"{value.dtype} {list(value.shape)}"
    except Exception as error:
        return type(error).__name__

def table(module, kind, tensor):
    data = module.save({"x": tensor})
    with open("x.safetensors", "wb") as file:
        file.write(data)
    row = (entry(data)["dtype"], outcome(lambda: module.load(data)["x"]), outcome(lambda: module.load_file("x.safetensors")["x"]))
    print(kind, *row, sep="  |  ")
    return row

seen = [table(safetensors.numpy, "numpy", np.ones((2, 4), kind))
        for kind in (np.float16, ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2, ml_dtypes.float8_e8m0fnu)]
assert seen == [
    ("F16", "float16 [2, 4]", "float16 [2, 4]"),
    ("BF16", "KeyError", "bfloat16 [2, 4]"),
    ("F8_E4M3", "KeyError", "AttributeError"),
    ("F8_E5M2", "KeyError", "AttributeError"),
    ("F8_E8M0", "KeyError", "AttributeError")], seen

bytes_ = torch.zeros(2, 4, dtype=torch.uint8)
seen = [table(safetensors.torch, "torch", bytes_.view(kind))
        for kind in (torch.float8_e4m3fn, torch.float8_e8m0fnu, torch.float4_e2m1fn_x2)]
assert seen == [
    ("F8_E4M3", "torch.float8_e4m3fn [2, 4]", "torch.float8_e4m3fn [2, 4]"),
    ("F8_E8M0", "KeyError", "torch.float8_e8m0fnu [2, 4]"),
    ("F4", "KeyError", "torch.float4_e2m1fn_x2 [2, 4]")], seen

with safe_open("x.safetensors", "pt") as file:
    part = file.get_slice("x")
    shape, cut = part.get_shape(), outcome(lambda: part[:1])
print("F4: get_shape", shape, "a row of it", cut)
assert shape == [2, 8] and cut == "RuntimeError"
PY
