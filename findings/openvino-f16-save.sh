#!/usr/bin/env bash
# OpenVINO 2026.4.1: save_model turns NaN and infinity in a weight into 65504, and the type it stores depends on the weight's values.
#
# Guess:    save_model (compress_to_fp16 is on by default) stores every f32 weight as f16, rounded as IEEE says: above 65519 infinity, NaN stays NaN.
# Instead:  what f16 cannot hold is clamped: 1e6, infinity and NaN all become 65504, minus infinity -65504, values below 3e-8 become 0. If 75 % or
#           more of a weight's values would be clamped or lost, that weight alone stays f32, so equal layers may differ in type.
# Output:   [nan, 1, 2, 3] is read back as [65504, 1, 2, 3]; [inf, 1, 2, 3] likewise; [-inf, 0, 0, 0] as [-65504, 0, 0, 0]; of eight values six
#           of 1e6 or of 1e-8 stay f32, five become 65504 or 0.
# Matters:  a NaN in a checkpoint, which any other tool would show as a black picture, is hidden by a large number; masks of -inf come back finite; a reader
#           of the .bin file must take each constant's own type. Check for NaN before saving.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile openvino==2026.4.1 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'PY'
import numpy as np, openvino
from openvino import Type, opset13

core = openvino.Core()

def saved(values):
    given = opset13.parameter([len(values)], Type.f32)
    weight = opset13.constant(np.array(values, np.float32))
    openvino.save_model(openvino.Model([opset13.multiply(given, weight)], [given]), "model.xml")
    stored = next(node for node in core.read_model("model.xml").get_ops() if node.get_type_name() == "Constant")
    return stored.get_element_type().get_type_name(), stored.data.astype(float).tolist()

nan, inf = float("nan"), float("inf")
cases = [
    ([nan, 1, 2, 3], "f16", [65504, 1, 2, 3]),
    ([inf, 1, 2, 3], "f16", [65504, 1, 2, 3]),
    ([-inf, 0, 0, 0], "f16", [-65504, 0, 0, 0]),
    ([1e6] * 5 + [1, 2, 3], "f16", [65504] * 5 + [1, 2, 3]),
    ([1e6] * 6 + [1, 2], "f32", [1e6] * 6 + [1, 2]),
    ([1e-8] * 5 + [1, 2, 3], "f16", [0] * 5 + [1, 2, 3]),
    ([1e-8] * 6 + [1, 2], "f32", [float(np.float32(1e-8))] * 6 + [1, 2])]
for values, kind, wanted in cases:
    seen = saved(values)
    print(values, "->", *seen)
    assert seen == (kind, wanted), (kind, wanted)
PY
