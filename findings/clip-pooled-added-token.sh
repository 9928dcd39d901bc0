#!/usr/bin/env bash
# transformers 5.24.0 (torch 2.13.0): an added token, such as a textual inversion's, takes the end token's place in CLIP's pooled output.
#
# Guess:    the pooled output is the state at the end token (49407), wherever the prompt ends.
# Instead:  if the config says eos_token_id 2, as many published CLIP text configs do, the place is that of the LARGEST token id of the
#           row. That is the end token only until a token is added: 49408 is larger, so the pooled output is the state at the placeholder,
#           which has seen nothing of the prompt behind it. With eos_token_id 49407 in the config it is the first end token.
# Output:   "a <new> cat" with eos_token_id 2: pooled = state at place 2 (the placeholder); with 49407: place 4 (the end).
#           Same weights, same tokens: the two pooled outputs are 0.55 apart (relative). "cat" or "dog" behind it: 0 apart with 2, 0.47 with 49407.
# Matters:  SDXL and FLUX.1 feed the pooled output to the denoiser: a prompt with an embedding in it is cut off there in silence. Who writes
#           an encoder must look for the end token's id, and compare with a reference whose config names it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile transformers==5.24.0 torch==2.13.0 numpy==2.4.6
"$work/venv/bin/python" - <<'PY'
import torch
from transformers import CLIPTextConfig, CLIPTextModel

def model(eos):
    torch.manual_seed(0)
    config = CLIPTextConfig(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=16,
                            bos_token_id=49406, eos_token_id=eos)
    made = CLIPTextModel(config).eval()
    made.resize_token_embeddings(49409, mean_resizing=False)
    with torch.no_grad():
        made.get_input_embeddings().weight[49408] = torch.linspace(-0.02, 0.02, 32)
    return made

start, a, cat, dog, end, new = 49406, 320, 2368, 1929, 49407, 49408
prompts = {"a cat": [start, a, cat, end, end, end], "a <new> cat": [start, a, new, cat, end, end], "a <new> dog": [start, a, new, dog, end, end]}
pooled, place = {}, {}
for eos in (2, 49407):
    encoder = model(eos)
    for text, tokens in prompts.items():
        with torch.no_grad():
            out = encoder(torch.tensor([tokens]))
        pooled[eos, text] = out.pooler_output[0]
        place[eos, text] = (out.last_hidden_state[0] == out.pooler_output[0]).all(-1).nonzero()[0].item()
print("place of the pooled state:", place)
assert [place[2, text] for text in prompts] == [3, 2, 2]
assert [place[49407, text] for text in prompts] == [3, 4, 4]

def apart(x, y): return ((x - y).norm() / y.norm()).item()
print("eos 2 against 49407:", {text: round(apart(pooled[2, text], pooled[49407, text]), 3) for text in prompts})
assert apart(pooled[2, "a cat"], pooled[49407, "a cat"]) == 0
assert apart(pooled[2, "a <new> cat"], pooled[49407, "a <new> cat"]) > 0.3
print("cat against dog behind it:", {eos: round(apart(pooled[eos, "a <new> cat"], pooled[eos, "a <new> dog"]), 3) for eos in (2, 49407)})
assert apart(pooled[2, "a <new> cat"], pooled[2, "a <new> dog"]) == 0
assert apart(pooled[49407, "a <new> cat"], pooled[49407, "a <new> dog"]) > 0.3
PY
