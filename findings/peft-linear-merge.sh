#!/usr/bin/env bash
# peft 0.21.2 (torch 2.13.0): merging an adapter with a copy of itself, half and half, doubles it.
#
# Guess:    add_weighted_adapter(["a", "b"], [0.5, 0.5], combination_type="linear") gives 0.5 dW_a + 0.5 dW_b; of two equal adapters it
#           gives that adapter again.
# Instead:  "linear" adds the factors, not the products: A = sum sqrt(w s) A_i, B = sum sqrt(w s) B_i, dW = B A, with every cross term
#           B_i A_j. Two equal halves give 2 dW, weights 1 and 1 give 4 dW. "ties" of the same two halves (density 1) gives 0.5 dW, since
#           it averages A and B where their signs agree. Only "cat" and "svd" give what the weights say.
# Output:   times dW: linear 2, ties 0.5, cat 1, svd 1. For two unrelated adapters of weight 1, linear is 0.97 of the norm of the
#           true sum away from it, cat 0.
# Matters:  merged LoRA files are made with this call. A reader that adds the two LoRAs at their weights (as every picture program does)
#           gets another picture than the merged file, and neither is a fault of the reader.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile peft==0.21.2 transformers==5.24.0 accelerate==1.15.0 torch==2.13.0 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'PY'
import torch
from peft import LoraConfig, get_peft_model

torch.manual_seed(0)
config = lambda: LoraConfig(r=2, lora_alpha=2, target_modules=["layer"], init_lora_weights=False)
model = get_peft_model(
    torch.nn.ModuleDict({"layer": torch.nn.Linear(8, 8, bias=False)}), config(), adapter_name="a")
model.add_adapter("b", config())
model.add_adapter("c", config())
layer = model.base_model.model["layer"]
for factor in (layer.lora_A, layer.lora_B):
    factor["b"].weight.data.copy_(factor["a"].weight)
delta = lambda name: layer.get_delta_weight(name).detach()

expected = {"linear": 2, "ties": 0.5, "cat": 1, "svd": 1}
for kind, times in expected.items():
    extra = {"density": 1.0} if kind == "ties" else {"svd_rank": 4} if kind == "svd" else {}
    model.add_weighted_adapter(["a", "b"], [0.5, 0.5], kind, combination_type=kind, **extra)
    ratio = (delta(kind) * delta("a")).sum() / delta("a").square().sum()
    rest = (delta(kind) - ratio * delta("a")).norm() / delta("a").norm()
    print(f"{kind}: {ratio:.4f} times the adapter, rest {rest:.1e}")
    assert abs(ratio - times) < 1e-4 and rest < 1e-4

true = delta("a") + delta("c")
for kind, low, high in (("linear", 0.3, 3), ("cat", 0, 1e-5)):
    model.add_weighted_adapter(["a", "c"], [1.0, 1.0], kind + "-ac", combination_type=kind)
    away = ((delta(kind + "-ac") - true).norm() / true.norm()).item()
    print(f"two unrelated adapters, {kind}: {away:.2f} of the sum's norm away from it")
    assert low <= away <= high
PY
