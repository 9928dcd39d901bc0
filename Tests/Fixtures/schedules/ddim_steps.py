"""Single steps of diffusers' DDIMScheduler, computed in double precision from the single-precision levels and inputs."""

import torch
from diffusers import DDIMScheduler


def step_cases(tensors, config):
    generator = torch.Generator().manual_seed(3)
    sample, output, noise = (torch.randn(2, 4, 5, 3, generator=generator) for _ in range(3))
    tensors.update({"step.sample": sample, "step.output": output, "step.noise": noise})
    cases = []
    for prediction in ("epsilon", "v_prediction"):
        scheduler = DDIMScheduler(**config, clip_sample=False, prediction_type=prediction)
        scheduler.set_timesteps(20)
        scheduler.alphas_cumprod = scheduler.alphas_cumprod.double()
        scheduler.final_alpha_cumprod = scheduler.final_alpha_cumprod.double()
        for index in (0, 10, 19):
            for eta in (0.0, 0.5, 1.0):
                time = scheduler.timesteps[index]
                inputs = dict(model_output=output.double(), sample=sample.double(), variance_noise=noise.double())
                result = scheduler.step(timestep=time, eta=eta, **inputs)
                name = f"step.{prediction}.{index}.{eta}"
                tensors[f"{name}.previous"] = result.prev_sample.float()
                tensors[f"{name}.denoised"] = result.pred_original_sample.float()
                cases.append(dict(name=name, prediction=prediction, index=index, eta=eta))
        time = scheduler.timesteps[10:11]
        tensors["step.noisy"] = scheduler.add_noise(sample.double(), noise.double(), time).float()
    return cases
