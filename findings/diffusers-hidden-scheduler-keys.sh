#!/usr/bin/env bash
# diffusers 0.42.1 (torch 2.13.0): some scheduler classes follow keys of a config that their constructors do not have.
#
# Guess:    from_config passes over the keys that a class's constructor lacks: it warns so, and sigma_min and sigma_max are parameters of Euler
#           and UniPC alone, so that a config with them changes no other class.
# Instead:  unknown keys are registered in the object's config all the same, and the curves ask that: Heun, DPM2, DPM2 ancestral, DPM++ and
#           DEIS go from sigma_max to sigma_min. LMS does so for exponential and beta curves, and not for Karras's.
# Output:   SD betas, leading, 4 steps, sigma_min 0.1, sigma_max 9, Karras: the first sigma is 9 for each of them, and 4.1 for LMS; with the
#           exponential curve it is 9 for LMS too.
# Matters:  a scheduler that follows the signatures is 0.04 of the range off for such configs, one that follows what it finds in the config is off
#           for LMS with Karras's curve.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile diffusers==0.42.1 torch==2.13.0 numpy==2.4.6 scipy==1.17.1
"$work/venv/bin/python" -W ignore - 2> "$work/errors" <<'PY' || { cat "$work/errors" >&2; exit 1; }
import inspect

import diffusers

CONFIG = dict(
    beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="leading", steps_offset=1, sigma_min=0.1,
    sigma_max=9.0)
NAMES = [
    "EulerDiscrete", "UniPCMultistep", "HeunDiscrete", "KDPM2Discrete", "KDPM2AncestralDiscrete", "DPMSolverMultistep",
    "DPMSolverSinglestep", "DEISMultistep", "LMSDiscrete"]
for curve in ("karras", "exponential"):
    for name in NAMES:
        kind = getattr(diffusers, name + "Scheduler")
        scheduler = kind.from_config(CONFIG | {f"use_{curve}_sigmas": True})
        scheduler.set_timesteps(4)
        first, declared = float(scheduler.sigmas[0]), "sigma_max" in inspect.signature(kind.__init__).parameters
        print(f"{curve:12} {name:24} declares sigma_max: {declared!s:6} first sigma {first:.4f}")
        assert declared == (name in NAMES[:2])
        assert abs(first - 9) < 1e-4 or (name == "LMSDiscrete" and curve == "karras" and first < 6)
PY
