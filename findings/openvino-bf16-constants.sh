#!/usr/bin/env bash
# OpenVINO 2026.4.1 (ml_dtypes 0.6.0): a quarter of the weights made bf16 in a constant is rounded to the wrong neighbour.
#
# Guess:    f32 to bf16 rounds to the nearest, ties to even, and a constant is converted like a value at run time.
# Instead:  Constant(values, bf16), and Convert of a constant (folded when the model is compiled), round up only where the last kept bit is
#           1: a value whose last kept bit is 0 is cut off, however much is lost. The same Convert on the model's input rounds right on the CPU.
# Output:   100 000 normal values: 24.9 % of the constants are one unit of bf16 too small in magnitude, 0 % at run time;
#           1.005859375 (nearest 1.0078125) becomes 1.0 as a constant and 1.0078125 at run time; 70000 becomes 69632, not 70144.
# Matters:  weights stored as bf16 through OpenVINO are not the bf16 weights of PyTorch, and shrink a little towards zero, all of
#           them in the same direction. Round before handing them over, and do not take OpenVINO's constants for a reference.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile openvino==2026.4.1 numpy==2.4.6 ml_dtypes==0.6.0
"$work/venv/bin/python" - <<'PY'
import ml_dtypes, numpy as np, openvino
from openvino import Type, opset13

core = openvino.Core()
exact = {"INFERENCE_PRECISION_HINT": "f32"}
through_bf16 = lambda node: opset13.convert(opset13.convert(node, "bf16"), "f32")

def folded(values):
    return core.compile_model(openvino.Model([through_bf16(opset13.constant(values))], []), "CPU", exact)([])[0]

def at_run_time(values):
    given = opset13.parameter([len(values)], Type.f32)
    return core.compile_model(openvino.Model([through_bf16(given)], [given]), "CPU", exact)([values])[0]

def stored(values):
    bits = opset13.constant(values, Type.bf16).data.view(np.uint16)
    return (bits.astype(np.uint32) << 16).view(np.float32)

values = np.random.default_rng(0).standard_normal(100_000).astype(np.float32)
values[:2] = 1.005859375, 70000
right = values.astype(ml_dtypes.bfloat16).astype(np.float32)
for name, convert, share in (("constant", stored, 0.249), ("folded", folded, 0.249), ("at run time", at_run_time, 0)):
    seen = convert(values)
    wrong = seen != right
    print(f"{name}: {100 * wrong.mean():.1f} % wrong, 1.005859375 -> {seen[0]}, 70000 -> {seen[1]}")
    assert abs(wrong.mean() - share) < 0.005
    assert (np.abs(seen[wrong]) < np.abs(right[wrong])).all()
    assert tuple(seen[:2]) == ((1.0, 69632.0) if share else (1.0078125, 70144.0))
PY
