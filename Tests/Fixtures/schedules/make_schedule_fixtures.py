"""Writes what diffusers' DDIMScheduler computes: schedules.json says which cases there are, schedules.safetensors holds
their numbers.

usage: python make_schedule_fixtures.py      (diffusers 0.42.1, torch 2.15.0)
"""

import json
from pathlib import Path
from types import SimpleNamespace

import torch
from diffusers import DDIMScheduler
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_img2img import StableDiffusionImg2ImgPipeline
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
SD1 = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, set_alpha_to_one=False)
NOISES = {
    "defaults": {},
    "sd1": SD1,
    "cosine": dict(beta_schedule="squaredcos_cap_v2"),
    "zero-snr": dict(SD1, rescale_betas_zero_snr=True, prediction_type="v_prediction"),
    "trained": dict(num_train_timesteps=8, trained_betas=[0.01, 0.02, 0.03, 0.05, 0.08, 0.13, 0.21, 0.34]),
    "short": dict(num_train_timesteps=1),
    "odd": dict(num_train_timesteps=777, beta_schedule="scaled_linear", beta_start=0.0015, beta_end=0.0195),
}
COUNTS = [1, 4, 12, 20, 50, 999, 1000]
STRENGTHS = [0.05, 0.3, 0.55, 0.6, 0.95, 1.0]


def schedule(config, count, strength=1.0):
    scheduler = DDIMScheduler(**config)
    scheduler.set_timesteps(count)
    if strength < 1:
        pipeline = SimpleNamespace(scheduler=scheduler)
        times, _ = StableDiffusionImg2ImgPipeline.get_timesteps(pipeline, count, strength, "cpu")
    else:
        times = scheduler.timesteps
    before = times - scheduler.config.num_train_timesteps // count
    levels = scheduler.alphas_cumprod[times]
    targets = torch.stack([scheduler.alphas_cumprod[t] if t >= 0 else scheduler.final_alpha_cumprod for t in before])
    return times, levels, targets.float()


def step_cases(tensors):
    generator = torch.Generator().manual_seed(3)
    sample, output, noise = (torch.randn(2, 4, 5, 3, generator=generator) for _ in range(3))
    tensors.update({"step.sample": sample, "step.output": output, "step.noise": noise})
    cases = []
    for prediction in ("epsilon", "v_prediction"):
        scheduler = DDIMScheduler(**SD1, clip_sample=False, prediction_type=prediction)
        scheduler.set_timesteps(20)
        for index in (0, 10, 19):
            for eta in (0.0, 0.5, 1.0):
                time = scheduler.timesteps[index]
                result = scheduler.step(output, time, sample, eta=eta, variance_noise=noise)
                name = f"step.{prediction}.{index}.{eta}"
                tensors[f"{name}.previous"] = result.prev_sample
                tensors[f"{name}.denoised"] = result.pred_original_sample
                cases.append(dict(name=name, prediction=prediction, index=index, eta=eta))
        time = scheduler.timesteps[10:11]
        tensors["step.noisy"] = scheduler.add_noise(sample, noise, time)
    return cases


if __name__ == "__main__":
    tensors, cases = {}, []
    for noise, config in NOISES.items():
        tensors[f"levels.{noise}"] = DDIMScheduler(**config).alphas_cumprod
    for noise, spacing, count, strength in [
        *(("sd1", spacing, count, 1.0) for spacing in ("leading", "trailing", "linspace") for count in COUNTS),
        *((noise, "leading", count, 1.0) for noise in ("defaults", "cosine", "zero-snr", "odd") for count in (12, 20)),
        *((noise, "trailing", count, 1.0) for noise in ("odd", "trained") for count in (3, 7)),
        *(("sd1", "leading", count, strength) for count in (12, 20) for strength in STRENGTHS if count * strength >= 1),
    ]:
        config = dict(NOISES[noise], timestep_spacing=spacing)
        if spacing == "leading" and count == 1000:
            config["steps_offset"] = 0  # with 1, its first time would be 1000
        name = f"{noise}.{spacing}.{count}.{strength}"
        times, levels, targets = schedule(config, count, strength)
        tensors.update({f"{name}.times": times.float(), f"{name}.levels": levels, f"{name}.targets": targets})
        cases.append(dict(name=name, config=config, steps=count, strength=strength))
    steps = step_cases(tensors)
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    save_file(tensors, HERE / "schedules.safetensors")
    text = json.dumps(dict(noises=NOISES, schedules=cases, steps=steps, sd1=SD1), indent=1)
    (HERE / "schedules.json").write_text(text + "\n")
