#!/usr/bin/env bash
# optimum-quanto 0.2.7, hqq 0.2.8.post1 (torch 2.13.0): a byte of two four-bit weights holds weights half a matrix apart.
#
# Guess:    a byte holds two neighbours of a row, and the zero point is a whole number subtracted before scaling.
# Instead:  quanto: the weights are cut into groups of 128 (one group a row of the stored matrix), the rows are halved, and byte (r, c) holds row r in
#           its low half and row r + R/2 in its high half; an odd number of rows is padded. Its _shift is a float that is
#           subtracted AFTER scaling: weight = q scale - shift. HQQ: also in halves, but the first half of the rows is the HIGH half of the byte.
# Output:   quanto, 4 x 256: byte 0 holds weights (0, 0) and (2, 0); decoded in halves the largest error is half a step, decoded
#           as neighbours it is of the weights' own size. HQQ packs rows 0..7 as 04 15 26 37.
# Matters:  diffusers writes quanto files. Scales and shapes fit the wrong reading as well as the right one: nothing fails, the weights are
#           a permutation of the true ones.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile optimum-quanto==0.2.7 torch==2.13.0 numpy==2.4.6
"$work/venv/bin/pip" install --quiet --no-compile --no-deps hqq==0.2.8.post1
"$work/venv/bin/python" -W ignore - <<'PY'
import importlib.util, sysconfig
import torch
from optimum.quanto import MaxOptimizer, qint4, quantize_weight

torch.manual_seed(0)
weights = torch.randn(4, 256)
scale, shift = MaxOptimizer()(weights, qint4, 0, 128)
packed = quantize_weight(weights, qint4, 0, scale, shift, group_size=128, optimized=False)
stored = packed._data._data
low, high = (stored & 15).float(), (stored >> 4).float()

def error(codes):
    return (codes * packed._scale - packed._shift).reshape(4, 256).sub(weights).abs().max().item()

halves, neighbours = error(torch.cat([low, high])), error(torch.stack([low, high], -1).reshape(8, 128))
step = packed._scale.max().item()
print("quanto: bytes", list(stored.shape), "scales", list(packed._scale.shape), packed._shift.dtype, f"step {step:.2f}, error in halves {halves:.2f}, as neighbours {neighbours:.2f}")
assert list(stored.shape) == [4, 128] and list(packed._scale.shape) == [8, 1] and packed._shift.dtype == torch.float32
assert halves < 0.51 * step and neighbours > 5 * step
first = (low[0, 0] * packed._scale[0] - packed._shift[0], high[0, 0] * packed._scale[4] - packed._shift[4])
print("byte 0:", [round(value.item(), 2) for value in first], "weights (0, 0) and (2, 0):", [round(weights[row, 0].item(), 2) for row in (0, 2)])
assert all(abs(value.item() - weights[row, 0].item()) < 0.51 * step for value, row in zip(first, (0, 2)))

# HQQ's packing alone (importing the whole package asks for more packages).
spec = importlib.util.spec_from_file_location("bitpack", sysconfig.get_path("purelib") + "/hqq/core/bitpack.py")
bitpack = importlib.util.module_from_spec(spec)
spec.loader.exec_module(bitpack)
rows = bitpack.BitPack.pack_4bit_u8(torch.arange(8, dtype=torch.uint8).reshape(8, 1)).flatten().tolist()
print("HQQ: rows 0..7 are packed as", " ".join(f"{byte:02x}" for byte in rows))
assert rows == [0x04, 0x15, 0x26, 0x37]
PY
