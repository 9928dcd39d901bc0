#!/usr/bin/env bash
# gguf 0.19.0, ml_dtypes 0.6.0 (NumPy 2.4.6): MXFP4 cuts the largest weight of a block by up to a quarter, and rounds ties unlike E2M1 elsewhere.
#
# Guess:    the block's scale is chosen so that its largest weight is kept best, as in Q8_0 or Q4_0; halves go to the even code, as in ml_dtypes.
# Instead:  the scale is the power of two below the largest weight, divided by 4, so the largest falls on 4 to 8, and everything above 6 becomes 6.
#           A tie goes to the smaller magnitude, and -.25 becomes +0. The first 16 weights are the low halves of the bytes, the last 16 the high ones.
# Output:   a block whose largest weight is 3.99 gives 3 for it, 7.99 gives 6, while 4 stays 4 and 6 stays 6 (Q4_0 and Q8_0: 3.990 and
#           3.988 for the first). .25 .75 1.25 1.75 2.5 3.5 5 -.25 give 0 .5 1 1.5 2 3 4 0; ml_dtypes 0 1 1 2 2 4 4 -0.
# Matters:  outliers are what a block format is judged by: a comparison of MXFP4 with Q4_0 sees an error of 25 % on the largest weights that no reader can
#           undo; a writer may try the next scale. Bytes of two writers differ at ties, both being right.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile gguf==0.19.0 numpy==2.4.6 ml_dtypes==0.6.0
"$work/venv/bin/python" - <<'PY'
import ml_dtypes, numpy as np
from gguf import GGMLQuantizationType as Type
from gguf.quants import dequantize, quantize

def back(values, kind):
    block = np.zeros((1, 32), np.float32)
    block[0, :len(values)] = values
    return dequantize(quantize(block, kind), kind)[0, :len(values)]

for largest, wanted in ((3.99, 3), (4, 4), (6, 6), (7.99, 6), (8, 8)):
    seen = [float(back([largest], kind)[0]) for kind in (Type.MXFP4, Type.Q4_0, Type.Q8_0)]
    print(f"largest weight {largest}: MXFP4 {seen[0]}, Q4_0 {seen[1]:.3f}, Q8_0 {seen[2]:.3f}")
    assert seen[0] == wanted and all(abs(value - largest) < 2e-3 * largest for value in seen[1:])

ties = np.array([0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5, -0.25, 6], np.float32)  # 6 makes the scale 1
here, there = back(ties, Type.MXFP4), ties.astype(ml_dtypes.float4_e2m1fn).astype(np.float32)
print("ties     ", ties[:8].tolist())
print("gguf     ", here[:8].tolist())
print("ml_dtypes", there[:8].tolist())
assert here[:8].tolist() == [0, 0.5, 1, 1.5, 2, 3, 4, 0] and not np.signbit(here[7])
assert there[:8].tolist() == [0, 1, 1, 2, 2, 4, 4, 0] and np.signbit(there[7])

block = np.zeros((1, 32), np.float32)
block[0, 0], block[0, 1], block[0, 16] = 6, 0.5, 1
stored = quantize(block, Type.MXFP4)[0].tolist()
print("6 at 0, .5 at 1, 1 at 16: scale and first bytes", stored[:3])
assert stored[:3] == [127, 0x27, 0x01]
PY
