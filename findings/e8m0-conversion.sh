#!/usr/bin/env bash
# torch 2.13.0, ml_dtypes 0.6.0, OpenVINO 2026.4.1: three conversions to E8M0, three answers for zero, a negative scale, infinity and a half.
#
# Guess:    E8M0 (the shared scale of MXFP8 and MXFP4) holds powers of two and NaN; out of its range all libraries saturate, or all give NaN.
# Instead:  (the stored byte; 0 is 2^-127, 127 is 1, 254 is 2^127, 255 is NaN)
#                         0     -1     -4    inf   0.75    1.5      3
#           torch         0    127    129    255    127    128    129
#           ml_dtypes   255    255    255    255    127    128    129
#           OpenVINO      0      0      0    254    126    128    128
#           torch drops the sign: -4 becomes the scale 4. ml_dtypes makes 0 a NaN. OpenVINO rounds half to the even byte, the others up.
# Output:   the table above, asserted.
# Matters:  the largest weight of a block of zeros is 0, and so is its scale: written through ml_dtypes (JAX) the whole block decodes to
#           NaN, through torch to zeros. A writer must set the scale of an empty block itself; a reader must not be surprised by 255.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6 ml_dtypes==0.6.0 openvino==2026.4.1
"$work/venv/bin/python" -W ignore - <<'PY'
import ml_dtypes, numpy as np, openvino, torch
from openvino import Type, opset13

values = np.array([0, -1, -4, np.inf, 0.75, 1.5, 3, 6, np.nan, 2.0**127], np.float32)

def with_openvino():
    given = opset13.parameter([len(values)], Type.f32)
    model = openvino.Model([opset13.convert(opset13.convert(given, "f8e8m0"), "f32")], [given])
    back = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([values])[0]
    return [255 if np.isnan(value) else round(float(np.log2(value))) + 127 for value in back]

seen = {
    "torch": torch.from_numpy(values).to(torch.float8_e8m0fnu).view(torch.uint8).tolist(),
    "ml_dtypes": values.astype(ml_dtypes.float8_e8m0fnu).view(np.uint8).tolist(),
    "openvino": with_openvino()}
print("values", values.tolist())
for library, stored in seen.items():
    print(library, stored)
assert seen["torch"] == [0, 127, 129, 255, 127, 128, 129, 130, 255, 254]
assert seen["ml_dtypes"] == [255, 255, 255, 255, 127, 128, 129, 130, 255, 254]
assert seen["openvino"] == [0, 0, 0, 254, 126, 128, 128, 130, 255, 254]
PY
