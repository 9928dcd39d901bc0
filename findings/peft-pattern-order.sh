#!/usr/bin/env bash
# peft 0.21.2 (torch 2.13.0): saving an adapter can change its scales, because the order of alpha_pattern means something and is not kept.
#
# Guess:    alpha_pattern is a map; where two of its keys fit a module the longer one wins, and a saved adapter loads as it was.
# Instead:  the FIRST key that fits wins, in the order the map was written in; adapter_config.json is written with sorted keys, so after
#           loading another key may be first. With rank_pattern the adapter no longer loads at all, since the shapes differ.
# Output:   alpha_pattern {"to_q": 4, "attn.to_q": 16}, rank 2: scale of attn.to_q 2.0 in training, 8.0 after loading what was saved,
#           and the output moves by 3.4; the file says {"attn.to_q": 16, "to_q": 4}.
#           rank_pattern {"to_q": 4, "attn.to_q": 8}: RuntimeError, size mismatch.
# Matters:  readers of adapter_config.json, and of the same fields in the metadata diffusers writes into LoRA files, cannot tell which order
#           was meant. Write patterns whose keys never fit the same module; when reading, warn where two keys fit.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile peft==0.21.2 transformers==5.24.0 accelerate==1.15.0 torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import json
import torch
from peft import LoraConfig, PeftModel, get_peft_model

class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.attn = torch.nn.ModuleDict({"to_q": torch.nn.Linear(4, 4, bias=False)})
        self.cross = torch.nn.ModuleDict({"to_q": torch.nn.Linear(4, 4, bias=False)})

    def forward(self, x): return self.attn["to_q"](x) + self.cross["to_q"](x)

def adapted(**patterns):
    torch.manual_seed(1)
    return get_peft_model(Block(), LoraConfig(r=2, lora_alpha=2, target_modules=["to_q"], init_lora_weights=False, **patterns))

def scales(model):
    return {name.removeprefix("base_model.model."): layer.scaling["default"] for name, layer in model.named_modules() if hasattr(layer, "scaling")}

trained = adapted(alpha_pattern={"to_q": 4, "attn.to_q": 16})
trained.save_pretrained("adapter")
written = json.load(open("adapter/adapter_config.json"))["alpha_pattern"]
loaded = PeftModel.from_pretrained(Block(), "adapter")
x = torch.ones(1, 4)
moved = (loaded(x) - trained(x)).abs().max().item()
print("in training", scales(trained), "| written", written, "| loaded", scales(loaded), f"| output moves by {moved:.2f}")
assert scales(trained) == {"attn.to_q": 2.0, "cross.to_q": 2.0}
assert list(written) == ["attn.to_q", "to_q"]
assert scales(loaded) == {"attn.to_q": 8.0, "cross.to_q": 2.0}
assert moved > 0.1

adapted(rank_pattern={"to_q": 4, "attn.to_q": 8}).save_pretrained("ranks")
try:
    PeftModel.from_pretrained(Block(), "ranks")
    raise SystemExit("the adapter loads now")
except RuntimeError as error:
    print("rank_pattern:", str(error).splitlines()[1].strip()[:120])
    assert "size mismatch" in str(error)
PY
