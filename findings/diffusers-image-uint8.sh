#!/usr/bin/env bash
# diffusers 0.42.1 (NumPy 2.4.6, Pillow 12.3.0, torch 2.13.0): a picture given as uint8 values is not divided by 255.
#
# Guess:    VaeImageProcessor.preprocess takes a picture as PIL, NumPy or torch, and 8-bit values mean the same in all three (or are refused).
# Instead:  only PIL pictures are divided by 255. An array or tensor of uint8 is taken as it is, then mapped by 2 x - 1: grey 200 becomes 399
#           instead of 0.5686, without a warning. As a mask (do_binarize) grey 1 of 255 already counts as white.
# Output:   PIL 0.5686, float array 0.5686, uint8 array 399, uint8 tensor 399; mask of grey 1: PIL 0, uint8 array 1.
# Matters:  OpenCV, imageio and dataset readers give uint8 arrays; image to image and ControlNet then run on a latent of a picture that is hundreds
#           of times too bright and give a broken picture rather than an error. References made so are worthless: pass PIL, or divide.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile diffusers==0.42.1 torch==2.13.0 numpy==2.4.6 pillow==12.3.0
"$work/venv/bin/python" -W ignore - 2> "$work/errors" <<'PY' || { cat "$work/errors" >&2; exit 1; }
import numpy as np, torch
from PIL import Image
from diffusers.image_processor import VaeImageProcessor

def value(processor, picture):
    values = processor.preprocess(picture).unique()
    assert len(values) == 1
    return round(float(values[0]), 4)

grey = np.full((16, 16, 3), 200, np.uint8)
pictures = {"PIL": Image.fromarray(grey), "float array": grey / 255, "uint8 array": grey, "uint8 tensor": torch.from_numpy(grey).permute(2, 0, 1)[None]}
seen = {kind: value(VaeImageProcessor(), picture) for kind, picture in pictures.items()}
print(seen)
assert seen == {"PIL": 0.5686, "float array": 0.5686, "uint8 array": 399.0, "uint8 tensor": 399.0}

mask = VaeImageProcessor(do_normalize=False, do_binarize=True, do_convert_grayscale=True)
dark = np.ones((16, 16), np.uint8)
seen = {"PIL": value(mask, Image.fromarray(dark)), "uint8 array": value(mask, dark)}
print("mask of grey 1:", seen)
assert seen == {"PIL": 0.0, "uint8 array": 1.0}
PY
