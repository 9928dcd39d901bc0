#!/usr/bin/env bash
# Pillow 13.0.0 (numpy 2.4.6): resize does not always go along rows first, as it did before.
#
# Guess:    8-bit pictures are resized along rows, rounded and cut to 0...255, then along columns: what Resample.c has done since 2016.
# Instead:  where the width grows and the height shrinks, columns come first; at all other sizes rows do.
# Output:   13x9 to 31x3, bicubic: 0 pixels differ from columns first, the largest difference from rows first; 13x9 to 26x18 the other way.
# Matters:  bicubic and lanczos overshoot, and what is cut after the first axis is gone: at edges the orders are 8 of 255 apart here. A resizer
#           that follows older versions to the bit is wrong for pictures that become wider and lower.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile pillow==13.0.0 numpy==2.4.6
"$work/venv/bin/python" - <<'PY'
import numpy as np
from PIL import Image


def weights(old, new):
    """Pillow's bicubic filter (a = -0.5) as a matrix [new, old]."""
    def cubic(x):
        x = abs(x)
        if x < 1:
            return (1.5 * x - 2.5) * x * x + 1
        return (((x - 5) * x + 8) * x - 4) * -0.5 if x < 2 else 0
    scale = old / new
    wide = max(scale, 1)
    matrix = np.zeros((new, old))
    for place in range(new):
        centre = (place + 0.5) * scale
        first, last = max(int(centre - 2 * wide + 0.5), 0), min(int(centre + 2 * wide + 0.5), old)
        row = np.array([cubic((i - centre + 0.5) / wide) for i in range(first, last)])
        matrix[place, first:last] = row / row.sum()
    return matrix


def cut(x):
    return np.clip(np.floor(x + 0.5), 0, 255)


random = np.random.default_rng(18)
pixels = random.integers(0, 256, (9, 13))
pixels[:4, :6], pixels[4:, :4] = 255, 0
pixels = pixels.astype(np.uint8)
for width, height, rows_first in ((31, 3, False), (26, 18, True), (7, 5, True), (5, 40, True)):
    seen = np.asarray(Image.fromarray(pixels).resize((width, height), Image.BICUBIC)).astype(float)
    along_rows, along_columns = weights(13, width).T, weights(9, height)
    first = np.abs(cut(along_columns @ cut(pixels @ along_rows)) - seen).max()
    second = np.abs(cut(cut(along_columns @ pixels) @ along_rows) - seen).max()
    print(f"13x9 to {width}x{height}: rows first differs by {first:.0f}, columns first by {second:.0f}")
    assert (first <= 1 < second) if rows_first else (second <= 1 < first)
PY
