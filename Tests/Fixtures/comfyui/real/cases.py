"""The workflows that are compared with ComfyUI, by name: each is exported, and drawn by both."""

SIZE = "width: 96, height: 64"


class Workflow:
    """A workflow of parts that most have; what is given replaces them, and `more` stands in front."""

    def __init__(self, family="sd", more="", schedule="", start="", call="", latent="empty", model=None, clip=None, vae=None, **given):
        self.parts = FAMILIES[family] | given
        self.sampler, self.more, self.latent = given.get("sampler", "euler"), more, latent
        self.schedule, self.start, self.call = schedule, start, call
        self.given = dict(model=model, clip=clip, vae=vae)

    def text(self, out):
        p = self.parts
        model, clip, vae = (self.given[name] or p[name] for name in ("model", "clip", "vae"))
        lines = [p["load"].strip("\n")]
        if "positive:" not in self.more:
            lines.append(f"  positive: {{node: TextEncode, in: {{clip: {clip}}}, with: {{text: {p['prompt']}, {p['syntax']}}}}}")
        if p["negative"] and "negative:" not in self.more:
            lines.append(f"  negative: {{node: TextEncode, in: {{clip: {clip}}}, with: {{text: {p['negative']}, {p['syntax']}}}}}")
        if self.latent == "empty" and "empty:" not in self.more:
            lines.append(f"  empty: {{node: EmptyLatent, in: {{vae: {vae}}}, with: {{{SIZE}, batch: {p['batch']}}}}}")
        lines.append(self.more.strip("\n"))
        if "sample:" not in self.more:
            steps, sampler = p["steps"], self.sampler
            has_list = "sigmas:" in self.schedule or "timesteps:" in self.schedule
            spread = "" if has_list else f", curve: {p['curve']}, steps: {steps}"
            uncond = ", uncond: negative" if p["negative"] else ""
            lines += [
                f"  schedule: {{node: NoiseSchedule, in: {{denoiser: {model}}}, with: {{convention: comfyui, sampler: {sampler}"
                f"{spread}{self.schedule}}}}}",
                f"  start: {{node: AddNoise, in: {{latent: {self.latent}, schedule: schedule}}, with: {{seed: {p['seed']}, rng: comfyui{self.start}}}}}",
                "  sample:", f'    graph: "<samplers/comfyui/{sampler}.yaml>"',
                f"    in: {{denoiser: {model}, positive: positive{uncond}, latent: start, schedule: schedule{p['inputs']}}}",
                f"    with: {{steps: {p['taken'] or steps}, cfg: {p['cfg']}, seed: {p['seed']}{p['told']}{self.call}}}",
            ]
        lines += [
            f"  saved: {{node: SaveLatent, in: {{vae: {vae}, latent: {p['result']}}}, with: {{path: {out}.latent}}}}",
            f"  image: {{node: Decode, in: {{vae: {vae}, latent: {p['result']}}}, with: {{clamp: true}}}}",
            f"  png: {{node: SavePNG, in: {{image: {p['picture']}}}, with: {{path: {out}.png, rounding: down}}}}",
        ]
        return "\n".join(["stepgraph: 1", "nodes:"] + [line for line in lines if line]) + "\n"


COMMON = dict(
    prompt="a red apple on a table", negative='"blurry, dark"', syntax="syntax: comfyui", steps=6, curve="normal", cfg=5, seed=42, batch=1,
    inputs="", told="", taken=None, result="sample.latent", picture="image")
FLOW = dict(curve="simple", cfg=1, negative="", steps=5)
FAMILIES = {
    "sd": COMMON | dict(
        load="  model: {node: LoadModel, with: {path: models/checkpoints/sd.safetensors}}", model="model.denoiser", clip="model.clip", vae="model.vae"),
    "sdxl": COMMON | dict(
        load="  model: {node: LoadModel, with: {path: models/checkpoints/sdxl.safetensors}}", model="model.denoiser", clip="model.clip",
        vae="model.vae"),
    "flux": COMMON | FLOW | dict(
        load="""
  model: {node: LoadDenoiser, with: {path: models/diffusion_models/flux1-dev.safetensors}}
  text: {node: LoadTextEncoder, with: {path: models/text_encoders/clip_l.safetensors, path_2: models/text_encoders/t5xxl.safetensors}}
  vae: {node: LoadVAE, with: {path: models/vae/ae.safetensors}}""",
        model="model.denoiser", clip="text.clip", vae="vae.vae", told=", guidance: 3.5"),
    "schnell": COMMON | FLOW | dict(
        load="""
  model: {node: LoadDenoiser, with: {path: models/diffusion_models/flux1-schnell.safetensors}}
  text: {node: LoadTextEncoder, with: {path: models/text_encoders/clip_l.safetensors, path_2: models/text_encoders/t5xxl.safetensors}}
  vae: {node: LoadVAE, with: {path: models/vae/ae.safetensors}}""",
        model="model.denoiser", clip="text.clip", vae="vae.vae", steps=4),
    "z-image": COMMON | FLOW | dict(
        load="""
  model: {node: LoadDenoiser, with: {path: models/diffusion_models/z_image_turbo.safetensors}}
  text: {node: LoadTextEncoder, with: {path: models/text_encoders/qwen_3_4b.safetensors, family: z-image}}
  vae: {node: LoadVAE, with: {path: models/vae/ae.safetensors}}""",
        model="model.denoiser", clip="text.clip", vae="vae.vae"),
}

PICTURE = """
  read: {node: LoadImage, with: {path: input/picture.png}}
  encoded: {node: Encode, in: {vae: model.vae, image: read}}"""
MASK = """
  drawn: {node: LoadImage, with: {path: input/mask.png}}
  mask: {node: MaskFromImage, in: {image: drawn}, with: {channel: red}}"""
SECOND = """
  again: {{node: NoiseSchedule, in: {{denoiser: model.denoiser}}, with: {{convention: comfyui, sampler: {sampler}, curve: {curve}, steps: {steps}{said}}}}}
  renoised: {{node: AddNoise, in: {{latent: {latent}, schedule: again}}, with: {{seed: {seed}, rng: comfyui{start}}}}}
  second:
    graph: "<samplers/comfyui/{sampler}.yaml>"
    in: {{denoiser: model.denoiser, positive: positive, uncond: negative, latent: renoised, schedule: again}}
    with: {{steps: {taken}, cfg: 5, seed: {seed}}}"""


def two(first, second, **given):
    """A sampler, and another one after it."""
    parts = Workflow(**first).text("out").split("\n  saved:")[0].split("  positive:")[1]
    return Workflow(more="  positive:" + parts + SECOND.format(**second), result="second.latent", **given)


def second(latent, taken=3, sampler="euler", curve="normal", steps=6, said="", seed=42, start=""):
    return dict(latent=latent, taken=taken, sampler=sampler, curve=curve, steps=steps, said=said, seed=seed, start=start)


def cases():
    made = {}
    # Every sampler once, with the schedulers in turn.
    samplers = [
        ("euler", "normal"), ("euler_ancestral", "karras"), ("heun", "simple"), ("dpm_2", "normal"), ("dpm_2_ancestral", "sgm_uniform"),
        ("lms", "exponential"), ("dpm_fast", "simple"), ("dpmpp_2s_ancestral", "beta"), ("dpmpp_sde", "karras"), ("dpmpp_2m", "karras"),
        ("dpmpp_2m_sde", "exponential"), ("dpmpp_2m_sde_heun", "normal"), ("dpmpp_3m_sde", "exponential"), ("ddpm", "simple"),
        ("lcm", "sgm_uniform"), ("ipndm", "linear_quadratic"), ("ipndm_v", "normal"), ("deis", "simple"), ("res_multistep", "kl_optimal"),
        ("res_multistep_ancestral", "simple"), ("gradient_estimation", "beta"), ("er_sde", "normal"), ("ddim", "ddim_uniform"),
        ("uni_pc", "simple"), ("uni_pc_bh2", "karras"), ("euler_cfg_pp", "normal"), ("euler_ancestral_cfg_pp", "simple"),
        ("dpmpp_2m_cfg_pp", "karras")]
    for sampler, curve in samplers:
        # 6 steps of ddim_uniform are one more, as 1000 is no multiple of 6.
        made[f"sampler/{sampler}/{curve}"] = Workflow(sampler=sampler, curve=curve, taken=7 if curve == "ddim_uniform" else None)
    made |= {
        "picture/img2img": Workflow(more=PICTURE, latent="encoded", schedule=", denoise: 0.6"),
        "picture/img2img/sde": Workflow(more=PICTURE, latent="encoded", schedule=", denoise: 0.6", sampler="dpmpp_2m_sde", curve="karras"),
        "picture/whole": Workflow(more=PICTURE, latent="encoded"),
        "picture/odd": Workflow(
            more=PICTURE.replace("picture.png", "odd.png").replace("image: read}}", "image: read}, with: {fit: crop}}"), latent="encoded",
            schedule=", denoise: 0.5"),
        "picture/resized": Workflow(
            more=PICTURE.replace("image: read}}", "image: small}}") + """
  small: {node: ResizeImage, in: {image: read}, with: {width: 96, height: 64, fit: crop, method: bicubic, convention: comfyui}}""",
            latent="encoded", schedule=", denoise: 0.5"),
        "picture/lanczos": Workflow(
            more=PICTURE.replace("image: read}}", "image: small}}") + """
  small: {node: ResizeImage, in: {image: read}, with: {width: 80, height: 64, convention: comfyui}}""",
            latent="encoded", schedule=", denoise: 0.5"),
        "picture/pixels": Workflow(
            more=PICTURE.replace("image: read}}", "image: small}}") + """
  small: {node: ResizeImage, in: {image: read}, with: {pixels: 10486, multiple: 8, method: area, convention: comfyui}}""",
            latent="encoded", schedule=", denoise: 0.5"),
        "picture/batch": Workflow(
            more=PICTURE + "\n  pair: {node: RepeatLatent, in: {latent: encoded}, with: {times: 2}}", latent="pair", schedule=", denoise: 0.7",
            sampler="euler_ancestral"),
        "picture/sized": Workflow(
            more=PICTURE.split("\n  encoded")[0] + "\n  empty: {node: EmptyLatent, in: {vae: model.vae, image: read}}"),
        "mask/euler": Workflow(
            more=PICTURE + MASK, latent="encoded", schedule=", denoise: 0.8", inputs=", original: encoded, mask: mask"),
        "mask/grown/dpmpp_2m": Workflow(
            more=PICTURE + MASK + "\n  grown: {node: GrowMask, in: {mask: mask}, with: {pixels: 5, corners: tapered}}", latent="encoded",
            sampler="dpmpp_2m", curve="karras", inputs=", original: encoded, mask: grown"),
        "mask/differential": Workflow(
            more=PICTURE + MASK + "\n  soft: {node: FeatherMask, in: {mask: mask}, with: {left: 20, top: 20, right: 20, bottom: 20}}",
            latent="encoded", inputs=", original: encoded, mask: soft", call=", differential: true"),
        "mask/alpha/ancestral": Workflow(
            more=PICTURE.replace("picture.png", "alpha.png").replace("image: read", "image: read.image"), latent="encoded",
            sampler="euler_ancestral", inputs=", original: encoded, mask: read.mask"),
        "mask/outpaint": Workflow(
            more=PICTURE.replace("image: read", "image: wider.image") + """
  wider: {node: Pad, in: {image: read}, with: {left: 16, right: 32, feather: 12}}""", latent="encoded",
            inputs=", original: encoded, mask: wider.mask"),
        "mask/composite": Workflow(
            more=PICTURE + MASK + "\n  whole: {node: Composite, in: {destination: read, source: image, mask: mask}}", latent="encoded",
            schedule=", denoise: 0.8", inputs=", original: encoded, mask: mask", picture="whole"),
        "model/inpainting": Workflow(
            load="  model: {node: LoadModel, with: {path: models/checkpoints/sd-inpainting.safetensors}}",
            more=PICTURE + MASK + "\n  around: {node: InpaintConcat, in: {vae: model.vae, image: read, mask: mask}, with: {cells: bilinear}}",
            latent="encoded", inputs=", concat: around, original: encoded, mask: mask"),
        "control/picture": Workflow(
            more=PICTURE.split("\n  encoded")[0] + """
  net: {node: LoadControlNet, with: {path: models/controlnet/sd-edges.safetensors}}
  empty: {node: EmptyLatent, in: {vae: model.vae, image: read}}""", inputs=", controlnet: net, hint: read", call=", control: 0.7"),
        "control/sized": Workflow(
            more=PICTURE.split("\n  encoded")[0] + """
  net: {node: LoadControlNet, with: {path: models/controlnet/sd-edges.safetensors}}
  hint: {node: ResizeImage, in: {image: read}, with: {width: 96, height: 64, fit: crop, method: nearest, convention: comfyui}}""",
            inputs=", controlnet: net, hint: hint"),
        "control/edges": Workflow(
            more=PICTURE.split("\n  encoded")[0] + """
  net: {node: LoadControlNet, with: {path: models/controlnet/sd-edges.safetensors}}
  edges: {node: Canny, in: {image: read}, with: {low: 0.1, high: 0.3}}
  empty: {node: EmptyLatent, in: {vae: model.vae, image: read}}""", inputs=", controlnet: net, hint: edges", call=", control: 0.7"),
        "lora": Workflow(
            more="  style: {node: ApplyLoRA, in: {denoiser: model.denoiser, clip: model.clip}, "
            "with: {path: models/loras/sd-style.safetensors, strength: 0.8, clip_strength: 0.5}}", model="style.denoiser", clip="style.clip"),
        "lora/twice/model": Workflow(
            more="""
  style: {node: ApplyLoRA, in: {denoiser: model.denoiser}, with: {path: models/loras/sd-style.safetensors, strength: 0.8}}
  less: {node: ApplyLoRA, in: {denoiser: style.denoiser}, with: {path: models/loras/sd-style.safetensors, strength: -0.3}}""",
            model="less.denoiser"),
        "text/clip-skip": Workflow(syntax="syntax: comfyui, clip_skip: 1"),
        "text/weights": Workflow(prompt='"a (red:1.3) apple (on a ((table))), [soft] \\\\(light\\\\)"'),
        "text/long": Workflow(prompt='"' + ", ".join(f"a {word} apple with {word} leaves" for word in (
            "red", "green", "blue", "yellow", "white", "black", "small", "large", "old", "new", "round", "sweet", "sour", "wild")) + '"'),
        "text/combine": Workflow(more="""
  one: {node: TextEncode, in: {clip: model.clip}, with: {text: a red apple, syntax: comfyui}}
  other: {node: TextEncode, in: {clip: model.clip}, with: {text: a blue chair, syntax: comfyui}}
  positive: {node: ConditioningMix, in: {to: one, from: other}, with: {mode: combine}}"""),
        "text/concatenate": Workflow(more="""
  one: {node: TextEncode, in: {clip: model.clip}, with: {text: a red apple, syntax: comfyui}}
  other: {node: TextEncode, in: {clip: model.clip}, with: {text: a blue chair, syntax: comfyui}}
  positive: {node: ConditioningMix, in: {to: one, from: other}, with: {mode: concatenate}}"""),
        "text/average/zero": Workflow(more="""
  one: {node: TextEncode, in: {clip: model.clip}, with: {text: a red apple, syntax: comfyui}}
  other: {node: TextEncode, in: {clip: model.clip}, with: {text: a blue chair, syntax: comfyui}}
  positive: {node: ConditioningMix, in: {to: one, from: other}, with: {mode: average, strength: 0.3}}
  negative: {node: ConditioningMix, in: {to: one}, with: {mode: zero}}"""),
        "batch/ancestral": Workflow(sampler="euler_ancestral", batch=3),
        "batch/sde": Workflow(sampler="dpmpp_sde", curve="karras", batch=2),
        "seed/large": Workflow(sampler="dpmpp_2m_sde", curve="karras", seed=18446744073709551557),
        "cfg/1": Workflow(negative="", cfg=1),
        "parts/middle": Workflow(schedule=", from: 2, to: 5", taken=3),
        "parts/zero": Workflow(schedule=", to: 4, end: zero", taken=4, sampler="dpmpp_2m"),
        "parts/two": two(dict(schedule=", to: 3", taken=3), second("sample.latent", said=", from: 3", start=", amount: 0")),
        "parts/two/ancestral": two(
            dict(schedule=", to: 3", taken=3, sampler="euler_ancestral"),
            second("sample.latent", sampler="euler_ancestral", said=", from: 3", start=", amount: 0")),
        "parts/two/methods": two(
            dict(schedule=", to: 3", taken=3, sampler="dpmpp_2m"),
            second("sample.latent", sampler="heun", said=", from: 3", start=", amount: 0")),
        "mask/then-without": two(
            dict(more=PICTURE + MASK, latent="encoded", inputs=", original: encoded, mask: mask"),
            second("sample.latent", taken=6, said=", denoise: 0.5", seed=43)),
        "parts/denoised": Workflow(schedule=", to: 3", taken=3, result="sample.denoised"),
        "sigmas/list": Workflow(schedule=", sigmas: [14.6, 7, 3, 1.2, 0.4, 0]", taken=5),
        "sigmas/list/sde": Workflow(sampler="dpmpp_2m_sde", schedule=", sigmas: [14.6, 7, 3, 1.2, 0.4, 0]", taken=5),
        "sigmas/beta": Workflow(curve="beta", schedule=", curve_shape: [0.7, 0.9]"),
        "eta/ancestral": Workflow(sampler="euler_ancestral", call=", eta: 0.5"),
        "eta/sde": Workflow(sampler="dpmpp_sde", curve="karras", call=", eta: 0.5"),
        "eta/3m": Workflow(sampler="dpmpp_3m_sde", curve="karras", call=", eta: 0.7"),
        "order/lms": Workflow(sampler="lms", call=", order: 2"),
        "prediction/v": Workflow(schedule=", prediction: v, zero_snr: true"),
        "sdxl/euler": Workflow("sdxl"),
        "sdxl/sizes/2m_sde": Workflow(
            "sdxl", sampler="dpmpp_2m_sde", curve="karras",
            syntax="syntax: comfyui, text_2: a green pear, original_width: 640, original_height: 512, crop_left: 8, crop_top: 16, "
            "target_width: 800, target_height: 600"),
        "sdxl/zero/turbo": Workflow(
            "sdxl", sampler="euler_ancestral", negative="", cfg=1, schedule=", timesteps: [999, 899, 799]", taken=3),
        "flux/dev": Workflow("flux"),
        "flux/dev/shift/2m": Workflow("flux", sampler="dpmpp_2m", curve="beta", schedule=", mu: 0.8"),
        "flux/dev/cfg": Workflow("flux", negative="blurry", cfg=2.5, told=", guidance: 2"),
        "flux/dev/lora": Workflow(
            "flux", more="  style: {node: ApplyLoRA, in: {denoiser: model.denoiser}, with: {path: models/loras/flux-style.safetensors, strength: 0.9}}",
            model="style.denoiser"),
        "flux/dev/two-texts": Workflow("flux", syntax="syntax: comfyui, text_2: a green pear on a chair"),
        "flux/dev/ancestral/batch": Workflow("flux", sampler="euler_ancestral", batch=2),
        "flux/dev/img2img": Workflow("flux", more=PICTURE.replace("model.vae", "vae.vae"), latent="encoded", schedule=", denoise: 0.6"),
        "flux/dev/mask": Workflow(
            "flux", more=PICTURE.replace("model.vae", "vae.vae") + MASK, latent="encoded", inputs=", original: encoded, mask: mask"),
        "flux/kontext": Workflow(
            "flux", more=PICTURE.replace("model.vae", "vae.vae"), inputs=", references: [encoded]"),
        "flux/schnell": Workflow("schnell"),
        "flux/schnell/sde": Workflow("schnell", sampler="dpmpp_sde"),
        "z-image": Workflow("z-image", sampler="res_multistep"),
        "z-image/shift": Workflow("z-image", schedule=", shift: 5"),
        "z-image/cfg": Workflow("z-image", negative="blurry", cfg=3, sampler="heun"),
    }
    hires = second("encoded", taken=6, sampler="dpmpp_2m", curve="karras", said=", denoise: 0.5", seed=43)
    larger = """
  first_image: {node: Decode, in: {vae: model.vae, latent: sample.latent}, with: {clamp: true}}
  larger: {node: ResizeImage, in: {image: first_image}, with: {factor: 1.5, method: bicubic, convention: comfyui}}
  encoded: {node: Encode, in: {vae: model.vae, image: larger}}"""
    made["hires/pixels"] = two(dict(), hires, sampler="dpmpp_2m")
    made["hires/pixels"].more += larger
    made["hires/model"] = two(dict(), hires | dict(latent="encoded"), sampler="dpmpp_2m")
    made["hires/model"].more += larger.replace(
        "larger: {node: ResizeImage, in: {image: first_image}, with: {factor: 1.5, method: bicubic, convention: comfyui}}",
        """upscaler: {node: LoadUpscaler, with: {path: models/upscale_models/x4.safetensors}}
  four: {node: UpscaleImage, in: {upscaler: upscaler, image: first_image}}
  larger: {node: ResizeImage, in: {image: four}, with: {width: 144, height: 96, method: area, convention: comfyui}}""")
    made["hires/latent"] = two(dict(), hires | dict(latent="larger"), sampler="dpmpp_2m")
    made["hires/latent"].more += "\n  larger: {node: ResizeLatent, in: {latent: sample.latent}, with: {factor: 1.5, method: bislerp}}"
    return made
