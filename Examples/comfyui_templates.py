#!/usr/bin/env python3
"""Imports the open image templates of ComfyUI, and counts what became of them by reason.

usage: comfyui_templates.py TEMPLATES [--stepgraph PATH] [--out FOLDER] [--validate]

TEMPLATES is the folder with index.json of the package comfyui-workflow-templates-json, a part of comfyui-workflow-templates
(`pip download --no-deps comfyui-workflow-templates-json`, unzipped); nothing of it belongs into this repository.
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess

# What a reason is about, the first that fits.
REASONS = [
    ("another family of models", r"family that is not here|Lotus|FLUX.2 dev"),
    ("a class that is not one of pictures of these families", r"no class of ComfyUI that pictures"),
    ("a language model", r"language model"),
    ("style models, encoders of pictures, patches", r"style model|encoder of pictures|patches of this kind|unCLIP"),
    ("masks in a sampler, models with further channels", r"mask|further channels"),
    ("ControlNet", r"ControlNet"),
    ("changed guidance", r"guidance|prediction"),
    ("sizes or values that are known when it runs", r"known when|while the workflow runs|chosen as it runs|chosen by the picture"),
    ("pictures that are worked on otherwise", r"picture|colours"),
]


def reason(text):
    return next((name for name, pattern in REASONS if re.search(pattern, text)), "other")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("templates", type=pathlib.Path)
    parser.add_argument("--stepgraph", default=".build/release/stepgraph")
    parser.add_argument("--out", type=pathlib.Path, help="where to keep the workflows")
    parser.add_argument("--validate", action="store_true", help="also check what was written")
    arguments = parser.parse_args()
    index = json.loads((arguments.templates / "index.json").read_text())
    templates = [t for group in index if group.get("type") == "image" for t in group["templates"] if t.get("openSource") is not False]
    whole, reasons, classes = [], collections.Counter(), collections.Counter()
    for template in templates:
        path = arguments.templates / (template["name"] + ".json")
        run = subprocess.run([arguments.stepgraph, "import", path, "--json"], capture_output=True, text=True)
        if not run.stdout:
            reasons["not read"] += 1
            print(template["name"], run.stderr.strip(), sep="\n  ")
            continue
        report = json.loads(run.stdout)
        if report["problems"]:
            reasons.update({reason(problem["reason"]) for problem in report["problems"]})
            classes.update({problem["type"] for problem in report["problems"]})
            continue
        whole.append(template)
        if arguments.out:
            arguments.out.mkdir(parents=True, exist_ok=True)
            written = arguments.out / (template["name"] + ".yaml")
            written.write_text(report["workflow"])
            if arguments.validate:
                check = subprocess.run([arguments.stepgraph, "validate", "-q", written], capture_output=True, text=True)
                if check.returncode:
                    print(template["name"], "does not validate:", check.stderr, sep="\n")
    print(f"{len(templates)} open image templates, {len(whole)} import whole:")
    for template in whole:
        print(" ", template["name"], "-", ", ".join(template.get("models") or []))
    print("templates that do not, by what is missing (several may be):")
    for name, count in reasons.most_common():
        print(f"  {count:3} {name}")
    print("by class:")
    for name, count in classes.most_common(40):
        print(f"  {count:3} {name}")


if __name__ == "__main__":
    main()
