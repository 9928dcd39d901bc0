#!/usr/bin/env bash
# torchsde 0.2.6 (torch 2.13.0): with the same seed, BrownianInterval gives another path when it is asked in another order.
#
# Guess:    a Brownian path is fixed by its seed ("entropy"): W(0, 0.5) is the same whatever was asked before.
# Instead:  BrownianInterval splits its interval where the first questions fall, and the seeds of the parts follow the splits. Asking for (0, 0.25)
#           first, or even for (0.6, 0.7), changes W(0, 0.5). BrownianTree, and BrownianInterval with halfway_tree
#           and tol, split in halves and keep the path.
# Output:   entropy 7, W(0, 0.5) first 1.9064; after (0, 0.25) 2.2189; after (0.6, 0.7) 1.7695. BrownianTree: -0.8346 three times.
#           Also: the two classes give different paths for the same entropy (1.9064 against -0.8346).
# Matters:  SDE samplers (dpmpp_sde and kin) are reproduced from this noise. A run with more steps, or one taken up in the middle, follows the same
#           path with a tree in halves and another one with the plain class; say which class made the noise of a reference.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile torchsde==0.2.6 scipy==1.17.1 torch==2.13.0 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'PY'
import torch
from torchsde import BrownianInterval, BrownianTree

def answers(make):
    seen = []
    for first in (None, (0.0, 0.25), (0.6, 0.7)):
        path = make()
        if first:
            path(*first)
        seen.append(round(path(0.0, 0.5)[0].item(), 4))
    return seen

interval = lambda **extra: lambda: BrownianInterval(0.0, 1.0, size=(4,), entropy=7, **extra)
tree = lambda: BrownianTree(0.0, torch.zeros(4), t1=1.0, entropy=7)
expected = {
    "BrownianInterval": (interval(), [1.9064, 2.2189, 1.7695]),
    "BrownianInterval, tol 1e-3": (interval(tol=1e-3), [1.9064, 2.2189, 1.7695]),
    "BrownianInterval, halves": (interval(tol=1e-6, halfway_tree=True), [1.9064] * 3),
    "BrownianTree": (tree, [-0.8346] * 3)}
for name, (make, wanted) in expected.items():
    seen = answers(make)
    print(f"{name}: W(0, 0.5) asked first {seen[0]}, after (0, 0.25) {seen[1]}, after (0.6, 0.7) {seen[2]}")
    assert all(abs(a - b) < 2e-4 for a, b in zip(seen, wanted)), seen
PY
