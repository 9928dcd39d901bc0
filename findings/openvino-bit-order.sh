#!/usr/bin/env bash
# OpenVINO 2026.4.1: which end of a byte the first of several narrow integers takes alternates with their width.
#
# Guess:    all packed types run one way: the first value in the lowest bits (as u4 and i4 do), or all in the highest.
# Instead:  u2, u4, i4 and f4e2m1 start at the lowest bits, u1, u3 and u6 at the highest. u3 and u6 are moreover stored in planes: eight u3 are
#           two bytes of low bits (two a value) and a byte of third bits; four u6 are two bytes of low halves and a byte of two top bits each.
# Output:   u1 1 0 0 0 0 0 0 1, 1: 81 80.  u2 1 2 3 0, 1: 39 01.  u3 1..7, 0: 6c 6c 1e.  u4 1 2, 3: 21 03.  u6 1 2 3 60: 12 3c 03.
#           All read back as they were.
# Matters:  readers and writers of an IR's .bin file (weight compression makes u2, u3, u4 and u6): a reader written for u4 decodes u3 and u6 to valid
#           numbers in a wrong order.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile openvino==2026.4.1 numpy==2.4.6
"$work/venv/bin/python" - <<'PY'
import numpy as np, openvino
from openvino import Type, opset13

core = openvino.Core()
cases = [
    (Type.u1, [1, 0, 0, 0, 0, 0, 0, 1, 1], "81 80"),
    (Type.u2, [1, 2, 3, 0, 1], "39 01"),
    (Type.u3, [1, 2, 3, 4, 5, 6, 7, 0], "6c 6c 1e"),
    (Type.u4, [1, 2, 3], "21 03"),
    (Type.i4, [1, -2, 3], "e1 03"),
    (Type.u6, [1, 2, 3, 60], "12 3c 03"),
    (Type.f4e2m1, [0.5, 1, 1.5, 2], "21 43")]
for kind, values, wanted in cases:
    constant = opset13.constant(np.array(values, np.float32), kind)
    stored = " ".join(f"{byte:02x}" for byte in constant.data.view(np.uint8).flatten())
    back = core.compile_model(openvino.Model([opset13.convert(constant, "f32")], []), "CPU")([])[0].tolist()
    print(kind.get_type_name(), values, "->", stored)
    assert stored == wanted and back == values

# The planes, taken apart by hand.
low, high = [0x6C, 0x6C], 0x1E
assert [(low[i // 4] >> (6 - 2 * (i % 4)) & 3) | (high >> (7 - i) & 1) << 2 for i in range(8)] == [1, 2, 3, 4, 5, 6, 7, 0]
low, high = [0x12, 0x3C], 0x03
assert [(low[i // 2] >> (4 - 4 * (i % 2)) & 15) | (high >> (6 - 2 * i) & 3) << 4 for i in range(4)] == [1, 2, 3, 60]
PY
