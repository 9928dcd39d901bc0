#!/usr/bin/env bash
# lycoris-lora 4.1.3, peft 0.21.2 (torch 2.13.0): the strength of a DoRA at 0 is not the model, and means two things.
#
# Guess:    as of a LoRA, strength s of a DoRA goes from the model (0) to the trained weight (1), in LyCORIS and PEFT alike.
# Instead:  LyCORIS (module.multiplier, forward pass) scales the magnitude alone, (W + D)(s (m / |W + D| - 1) + 1): at 0 the whole low-rank change D
#           stays and the output is farther from the model than at 1. PEFT (set_scale) scales D alone, m (W + s D) / |W + s D|: at 0 the rows have
#           the trained lengths still. Both agree at 1, with m as a column there and as a vector here.
# Output:   distance from the model's output at 1, 0.5, 0: a LoRA 1.1733 .5866 0 in both; as DoRA LyCORIS .8427 .8842 1.1733, PEFT .8427 .7196 .5946.
# Matters:  a weight slider on a DoRA does not fade it out; a merge that interpolates between W and the trained weight is neither library's
#           forward pass. Which formula is meant shows in the key: dora_scale, or lora_magnitude_vector.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile lycoris-lora==4.1.3 peft==0.21.2 transformers==5.24.0 accelerate==1.15.0 torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - 2> "$work/errors" <<'PY' || { cat "$work/errors" >&2; exit 1; }
import torch
from lycoris.modules.locon import LoConModule
from peft import LoraConfig, get_peft_model

torch.manual_seed(0)
WEIGHT, BIAS, X = torch.randn(8, 8), torch.randn(8), torch.randn(4, 8)
DOWN, UP, MAGNITUDE = torch.randn(2, 8), torch.randn(8, 2), 1 + torch.rand(8)
PLAIN = X @ WEIGHT.T + BIAS

def layer():
    linear = torch.nn.Linear(8, 8)
    linear.weight.data, linear.bias.data = WEIGHT.clone(), BIAS.clone()
    return linear

def distance(output):
    return round(float((output - PLAIN).norm() / PLAIN.norm()), 4)

def lycoris(strength, decompose):
    linear = layer()
    module = LoConModule("x", linear, strength, lora_dim=2, alpha=2, weight_decompose=decompose).eval()
    module.lora_down.weight.data, module.lora_up.weight.data = DOWN, UP
    if decompose:
        module.dora_scale.data = MAGNITUDE[:, None]
    module.apply_to()
    return distance(linear(X).detach())

def peft(strength, decompose):
    model = torch.nn.Sequential(layer())
    wrapped = get_peft_model(model, LoraConfig(r=2, lora_alpha=2, target_modules=["0"], use_dora=decompose)).eval()
    tuned = wrapped.base_model.model[0]
    tuned.lora_A["default"].weight.data, tuned.lora_B["default"].weight.data = DOWN, UP
    if decompose:
        tuned.lora_magnitude_vector["default"].weight.data = MAGNITUDE
    tuned.set_scale("default", strength)
    return distance(wrapped(X).detach())

for name, run in (("LyCORIS", lycoris), ("PEFT", peft)):
    print(name, "LoRA", [run(strength, False) for strength in (1, 0.5, 0)], "DoRA", [run(strength, True) for strength in (1, 0.5, 0)])
    assert run(0, False) == 0.0 and run(0, True) > 0.1
assert lycoris(1, True) == peft(1, True) and lycoris(0.5, True) != peft(0.5, True)
direction = X @ (WEIGHT + UP @ DOWN).T + BIAS
lengths = X @ (WEIGHT * (MAGNITUDE / WEIGHT.norm(dim=1))[:, None]).T + BIAS
print("W + D without a magnitude", distance(direction), "| W with the trained lengths", distance(lengths))
assert lycoris(0, True) == distance(direction) and peft(0, True) == distance(lengths)
PY
