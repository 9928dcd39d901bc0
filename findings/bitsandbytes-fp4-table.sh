#!/usr/bin/env bash
# bitsandbytes 0.50.2 (torch 2.13.0, CPU): "fp4" is not the four-bit float everybody else means, and its codes are not in order.
#
# Guess:    fp4 is E2M1 (0, .5, 1, 1.5, 2, 3, 4, 6 and a sign bit), scaled so that the largest is 1: codes 0 to 7 are
#           0 .0833 .1667 .25 .3333 .5 .6667 1.
# Instead:  codes 0 to 7 are 0 .0052 .6667 1 .3333 .5 .1667 .25: another order, and .0052 (1/192) in place of .0833. The first of two
#           weights is the HIGH half of its byte (in OpenVINO and ONNX it is the low one), blocks of 64 run over the
#           flattened matrix and do not stop at a row's end.
# Output:   the table; 1 and -1 followed by zeros are stored as bytes 3b 00 ...; weights of .0833 come back as .0052.
#           the same byte read as E2M1, low half first: -.25, .25.
# Matters:  transformers and diffusers save such files (bnb_4bit_quant_type "fp4" is the default). A reader with an E2M1 table decodes
#           every byte to plausible numbers, all wrong. Take the file's own quant_map.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile bitsandbytes==0.50.2 torch==2.13.0 numpy==2.4.6
"$work/venv/bin/python" -W ignore - 2> "$work/errors" <<'PY' || { cat "$work/errors" >&2; exit 1; }
import torch
import bitsandbytes.functional as F

table = [round(value, 4) for value in F.get_4bit_type("fp4", device="cpu").tolist()]
print("codes 0 to 15:", table)
positive = [0, 0.0052, 0.6667, 1, 0.3333, 0.5, 0.1667, 0.25]
assert table == positive + [-value for value in positive]

weights = torch.zeros(1, 64)
weights[0, 0], weights[0, 1] = 1, -1
stored, state = F.quantize_4bit(weights, blocksize=64, quant_type="fp4")
print("1, -1, 0, ...:", stored.flatten()[:2].tolist(), "scale", state.absmax.tolist())
assert stored.flatten()[:2].tolist() == [0x3B, 0x00] and state.absmax.tolist() == [1.0]
e2m1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
guess = [sign * value / 6 for sign in (1, -1) for value in e2m1]
print("read as E2M1, low half first:", guess[0x3B & 15], guess[0x3B >> 4])
assert guess[0x3B & 15] == -0.25 and guess[0x3B >> 4] == 0.25

weights[0, 2] = 1 / 12
back = F.dequantize_4bit(*F.quantize_4bit(weights, blocksize=64, quant_type="fp4"))[0, 2].item()
print("1/12 of the largest comes back as", back)
assert abs(back - 1 / 192) < 1e-6

# Two rows of 96: the block of 64 in the middle lies half in either row, so a large weight in row 1 coarsens the end of row 0.
weights = torch.ones(2, 96)
weights[1, 0] = 48
stored, state = F.quantize_4bit(weights, blocksize=64, quant_type="fp4")
back = F.dequantize_4bit(stored, state)
print("scales of a 2 x 96 matrix:", state.absmax.tolist(), "row 0:", back[0, 0].item(), "...", back[0, 95].item())
assert state.absmax.tolist() == [1, 48, 1] and back[0, 63].item() == 1 and back[0, 64].item() == back[0, 95].item() == 0.25
PY
