"""Runs the prompts of a folder of reference latents that ComfyUI 0.8.0 made, and tells how far Stepgraph's latents are from them.

usage: compare.py STEPGRAPH REFERENCE MODEL [--only TEXT] [--save]

REFERENCE has prompts.json (API prompts by case) and latents.safetensors (what SaveLatent wrote, by case), MODEL is the model
that they were made with. Each prompt is written with NoiseSchedule, AddNoise and the graphs of Graphs/samplers/comfyui.
--save writes what ComfyUI gave and what the model predicted on the way: the fixture of ComfyUISamplerTests.

Needs numpy and safetensors.
"""

import argparse
import json
import math
import os
import pathlib
import subprocess
import tempfile

import numpy as np
from safetensors.numpy import load_file, save_file

ROOT = pathlib.Path(__file__).resolve().parents[3]
GRAPHS = ROOT / "Graphs/samplers/comfyui"
PAIRS = {"heun", "dpm_2", "dpm_2_ancestral", "dpmpp_2s_ancestral", "dpmpp_sde"}
SAMPLERS = {path.stem for path in GRAPHS.glob("*.yaml")}


class Unsupported(Exception):
    """A prompt with something that is not written here."""


class Case:
    """One prompt as nodes of a workflow, all named after its number."""

    def __init__(self, number, prompt):
        self.prefix, self.prompt, self.lines, self.made = f"c{number}", prompt, [], {}
        self.runs = []

    def build(self, out):
        save = next(id for id, node in self.prompt.items() if node["class_type"] == "SaveLatent")
        latent = self.latent(self.prompt[save]["inputs"]["samples"][0])
        self.lines.append(f"  {self.prefix}_save: {{node: SaveLatent, in: {{latent: {latent}, vae: model.vae}}, with: {{path: {out}}}}}")
        return self.lines

    def node(self, link):
        return self.prompt[link[0]]

    def text(self, link):
        node = self.node(link)
        if node["class_type"] != "CLIPTextEncode":
            raise Unsupported(node["class_type"])
        if self.node(node["inputs"]["clip"])["class_type"] != "CheckpointLoaderSimple":
            raise Unsupported("a text encoder that is changed")
        return self.add("text", f"TextEncode, in: {{clip: model.clip}}, with: {{text: {json.dumps(node['inputs']['text'])}}}", link[0])

    def add(self, name, what, id):
        key = f"{self.prefix}_{name}_{id}"
        if key not in self.made:
            self.made[key] = True
            self.lines.append(f"  {key}: {{node: {what}}}")
        return key

    def latent(self, id):
        node = self.prompt[id]
        kind, inputs = node["class_type"], node["inputs"]
        if kind == "EmptyLatentImage":
            size = f"width: {inputs['width']}, height: {inputs['height']}, batch: {inputs['batch_size']}"
            return self.add("empty", f"EmptyLatent, in: {{vae: model.vae}}, with: {{{size}}}", id)
        if kind not in ("KSampler", "KSamplerAdvanced", "SamplerCustom"):
            raise Unsupported(kind)
        return self.sampled(id, kind, inputs)

    def sampled(self, id, kind, inputs):
        options, seed, amount, clean = {}, inputs.get("noise_seed", inputs.get("seed")), 1, True
        if kind == "SamplerCustom":
            name = self.node(inputs["sampler"])["inputs"]["sampler_name"]
            sigmas = self.node(inputs["sigmas"])
            if sigmas["class_type"] == "SplitSigmas" and inputs["sigmas"][1] == 0:
                options["to"], clean = sigmas["inputs"]["step"], False
                sigmas = self.node(sigmas["inputs"]["sigmas"])
            if sigmas["class_type"] != "BasicScheduler":
                raise Unsupported(sigmas["class_type"])
            settings = sigmas["inputs"]
            options["discard"] = "false"
            amount = int(inputs["add_noise"])
        else:
            name, settings = inputs["sampler_name"], inputs
        steps = settings["steps"]
        if settings["scheduler"] == "ddim_uniform":
            steps = math.ceil(999 / (1000 // steps))
        if kind == "KSamplerAdvanced":
            options["from"], options["to"] = inputs["start_at_step"], min(inputs["end_at_step"], steps)
            if options["to"] < steps:
                clean = inputs["return_with_leftover_noise"] == "disable"
                if clean:
                    options["end"] = "zero"
            amount = int(inputs["add_noise"] == "enable")
        steps = options.get("to", steps) - options.get("from", 0)
        name = name.removesuffix("_gpu")
        if name not in SAMPLERS:
            raise Unsupported(name)
        denoise = settings.get("denoise", 1.0)
        if denoise < 1:
            options["denoise"] = denoise
        latent = self.latent(inputs["latent_image"][0])
        said = "".join(f", {key}: {value}" for key, value in options.items())
        schedule = self.add(
            "schedule",
            "NoiseSchedule, in: {denoiser: model.denoiser}, with: {convention: comfyui, "
            f"sampler: {name}, curve: {settings['scheduler']}, steps: {settings['steps']}{said}}}", id)
        start = self.add(
            "start", f"AddNoise, in: {{latent: {latent}, schedule: {schedule}}}, with: {{seed: {seed}, rng: comfyui, amount: {amount}}}", id)
        positive, negative = self.text(inputs["positive"]), self.text(inputs["negative"])
        key = f"{self.prefix}_run_{id}"
        if name in PAIRS and not clean:
            said = ", clean: false"
        else:
            said = ""
        self.lines += [
            f"  {key}:", f"    graph: {GRAPHS / name}.yaml",
            f"    in: {{denoiser: model.denoiser, positive: {positive}, uncond: {negative}, latent: {start}, schedule: {schedule}}}",
            f"    with: {{steps: {steps}, cfg: {inputs['cfg']}, seed: {seed}{said}}}",
        ]
        self.runs.append((key, name, steps, clean))
        return f"{key}.latent"


def relative(ours, theirs):
    return float(np.linalg.norm((ours - theirs).astype(np.float64)) / np.linalg.norm(theirs.astype(np.float64)))


def evaluations(name, steps):
    return 2 * steps - 1 if name in PAIRS else steps


def is_of_fixture(name):
    kind, *rest = name.split("/")
    return kind == "final" or name in ("batch3/euler_ancestral/simple8", "denoise0.5/euler/simple8", "seed1/euler_ancestral/simple8")


def tap(number, run, kind, evaluation):
    wire = f"{run}/sample[{evaluation}]/{'eps' if kind == 'noise' else 'eps_n'}"
    file = f"{number}.{kind}.{evaluation}.safetensors"
    return file, f'  t{number}_{kind}_{evaluation}: {{node: SaveTensor, in: {{tensor: "{wire}"}}, with: {{path: {file}}}}}'


def fixture(folder, cases, prompts, latents):
    """What the model predicted in each run whose latent is of the fixture, and what ComfyUI made of it."""
    tensors, runs = {}, []
    for number, (name, case) in cases.items():
        if not is_of_fixture(name):
            continue
        (_, sampler, steps, _), = case.runs
        settings = next(node["inputs"] for node in prompts[name].values() if node["class_type"] == "KSampler")
        short = name.removeprefix("final/").replace("/", "_").replace(".", "")
        known = {key.rsplit("/", 1)[1] for key in latents if key.startswith(f"prefix/{sampler}/simple8/")} if name == f"final/{sampler}/simple8" else set()
        # A part of a list of uni_pc's is another list, whose end is not 0.001, and so it is where KSampler discards the last
        # but one.
        prefixes = [] if sampler in ("uni_pc", "dpm_2", "dpm_2_ancestral") else sorted(map(int, known))
        for evaluation in range(evaluations(sampler, steps)):
            for kind in ("noise", "uncond") if "cfg_pp" in sampler else ("noise",):
                tensors[f"{short}.{kind}.{evaluation}"] = load_file(folder / f"{number}.{kind}.{evaluation}.safetensors")["tensor"]
        tensors[f"{short}.{steps}"] = latents[name]
        for step in prefixes:
            tensors[f"{short}.{step}"] = latents[f"prefix/{sampler}/simple8/{step}"]
        options = f", steps: {settings['steps']}" + (f", denoise: {settings['denoise']}" if settings["denoise"] < 1 else "")
        runs.append(dict(
            name=short, sampler=sampler, curve=settings["scheduler"], steps=steps, seed=settings["seed"], options=options,
            batch=int(latents[name].shape[0]), evaluations=evaluations(sampler, steps), prefixes=prefixes))
    here = pathlib.Path(__file__).parent
    save_file(tensors, here / "samplers.safetensors")
    (here / "samplers.json").write_text(json.dumps(dict(width=64, height=64, runs=runs), indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("stepgraph")
    parser.add_argument("reference", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    prompts = json.loads((options.reference / "prompts.json").read_text())
    latents = load_file(options.reference / "latents.safetensors")
    lines = ["stepgraph: 1", "nodes:", f"  model: {{node: LoadModel, with: {{path: {options.model.resolve()}}}}}"]
    cases, left = {}, {}
    for number, (name, prompt) in enumerate(sorted(prompts.items())):
        if options.only not in name:
            continue
        case = Case(number, prompt)
        try:
            lines += case.build(f"{number}.latent")
        except Unsupported as missing:
            left[name] = str(missing)
            continue
        cases[number] = name, case
        if options.save and is_of_fixture(name):
            run, sampler, steps, _ = case.runs[0]
            for evaluation in range(evaluations(sampler, steps)):
                for kind in ("noise", "uncond") if "cfg_pp" in sampler else ("noise",):
                    lines.append(tap(number, run, kind, evaluation)[1])
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "all.yaml").write_text("\n".join(lines) + "\n")
        command = [pathlib.Path(options.stepgraph).resolve(), "run", "all.yaml", "--quiet"]
        subprocess.run(command, cwd=folder, check=True, env={"XDG_CACHE_HOME": str(folder / "cache"), **os.environ})
        errors = {
            name: relative(load_file(folder / f"{number}.latent")["latent_tensor"], latents[name])
            for number, (name, _) in cases.items()
        }
        if options.save:
            fixture(folder, cases, prompts, latents)
    for name, error in sorted(errors.items(), key=lambda pair: pair[1]):
        print(f"{error:.1e}  {name}")
    print(f"{len(errors)} cases, the largest error is {max(errors.values()):.1e}; left out: {left}")


main()
