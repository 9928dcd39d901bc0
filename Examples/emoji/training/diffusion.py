"""The UNet and the text encoder, trained together on the latents."""

import random
import time

import torch
import torch.nn.functional as F
from diffusers import DDIMScheduler, UNet2DConditionModel

from . import common, data, text, vae

CONFIG = {
    "sample_size": data.SIZE // vae.FACTOR,
    "in_channels": vae.CHANNELS,
    "out_channels": vae.CHANNELS,
    "block_out_channels": [64, 96, 160],
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "layers_per_block": 1,
    "norm_num_groups": 16,
    "cross_attention_dim": text.WIDTH,
    "attention_head_dim": 4,  # the number of heads, as in Stable Diffusion 1
}

SCHEDULER = {
    "num_train_timesteps": 1000,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.022,
    "prediction_type": "v_prediction",
    "steps_offset": 1,
    "clip_sample": False,
    "set_alpha_to_one": False,
}

DROPOUT = 0.1  # the share of captions left empty
WHITE = 0.2  # the share of pictures on white
WORD_STEPS = 400


class Latents:
    """Draws random latents with captions."""

    def __init__(self, latents, allowed, subjects, tokenizer, seed):
        """`latents` as the UNet is to see them, `allowed` from data.allowed_pairs."""
        self.latents = latents.to(common.DEVICE)
        self.subjects, self.tokenizer = subjects, tokenizer
        self.choices = [
            [name for name, known in zip(data.BACKGROUNDS, row) if known]
            for row in allowed
        ]
        self.numbers = {name: k for k, name in enumerate(data.BACKGROUNDS)}
        self.rng = random.Random(seed)
        self.tokens = {}

    def encode(self, captions):
        """Tokens of the captions; each is looked up once."""
        new = [words for words in set(captions) if words not in self.tokens]
        if new:
            self.tokens.update(zip(new, text.encode(self.tokenizer, new)))
        return torch.stack([self.tokens[words] for words in captions])

    def batch(self, count):
        """Latents and their captions' tokens."""
        rng = self.rng
        picks, captions = [], []
        for _ in range(count):
            i = rng.randrange(len(self.subjects))
            others = self.choices[i][1:]
            background = "white" if rng.random() < WHITE else rng.choice(others)
            variant = rng.randrange(self.latents.shape[1])
            picks.append((i, variant, self.numbers[background]))
            words = data.caption(self.subjects[i], background, rng)
            captions.append("" if rng.random() < DROPOUT else words)
        tokens = self.encode(captions).to(common.DEVICE)
        picks = torch.tensor(picks, device=common.DEVICE)
        return self.latents[tuple(picks.T)], tokens


class Model(torch.nn.Module):
    """The two networks that are trained together."""

    def __init__(self, tokenizer, start=None):
        """Without weights, or with those of the model in the folder `start`."""
        super().__init__()
        if start:
            self.unet = UNet2DConditionModel.from_pretrained(
                start / "unet", torch_dtype=torch.float32
            )
            self.encoder = text.load_encoder(start / "text_encoder")
        else:
            self.unet = UNet2DConditionModel(**CONFIG)
            self.encoder = text.build_encoder(tokenizer)

    def forward(self, noisy, steps, tokens):
        """Predict the velocity."""
        return self.unet(noisy, steps, self.encoder(tokens)[0]).sample


def teach_words(model, source, steps, batch, rate=2e-3, log=print):
    """Prepare the text encoder: its mean output should tell the picture.

    A head that is thrown away predicts the reduced latents from the text alone.
    That is cheap, and saves the UNet from waiting until the words differ.
    """
    size = CONFIG["sample_size"] // 2
    head = torch.nn.Linear(text.WIDTH, CONFIG["in_channels"] * size * size)
    head.to(common.DEVICE)
    parameters = [*model.encoder.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, rate, weight_decay=1e-3)
    clock = common.Clock(steps)
    while not clock.done:
        latents, tokens = source.batch(batch)
        target = F.avg_pool2d(latents, 2).flatten(1)
        with common.fast():
            drawn = head(model.encoder(tokens)[0].mean(dim=1)).float()
        loss = F.mse_loss(drawn, target)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        common.set_rate(optimizer, rate * common.cosine(clock.fraction))
        optimizer.step()
        common.count_step(parameters, clock)
        if clock.step % 50 == 0:
            log(f"words: error {loss.item():.3f}; {clock}")


def loss_of(model, scheduler, latents, tokens):
    """The weighted squared error at random steps.

    The weights are those of v-prediction at the noisy steps, which settle the
    background and what is drawn; as with min-SNR, the almost noiseless steps
    weigh less.  Also returns the errors of the latents and the steps.
    """
    count, device = len(latents), latents.device
    # Spread evenly, which makes the loss less noisy, and more of them noisy:
    # there it is settled what is drawn.
    steps = ((torch.rand(1) + torch.arange(count) / count) % 1) ** 0.6
    steps = (steps * scheduler.config.num_train_timesteps).long().to(device)
    noise = torch.randn_like(latents)
    noisy = scheduler.add_noise(latents, noise, steps)
    target = scheduler.get_velocity(latents, noise, steps)
    alpha = scheduler.alphas_cumprod.to(device)[steps]
    snr = alpha / (1 - alpha)
    weight = (snr.clamp(max=5) + 1) / (snr + 1)
    drawn = model(noisy, steps, tokens).float()
    error = (drawn - target).square().mean(dim=(1, 2, 3))
    return (weight * error).mean(), (error / (snr + 1)).detach(), steps


class Report:
    """The error of the predicted latents, in five ranges of steps."""

    def __init__(self):
        self.sums, self.counts = torch.zeros(5), torch.zeros(5)

    def add(self, errors, steps):
        """Take in one batch."""
        bins = (steps // 200).cpu()
        self.sums.index_add_(0, bins, errors.cpu())
        self.counts.index_add_(0, bins, torch.ones(len(bins)))

    def means(self):
        """The mean errors."""
        return (self.sums / self.counts.clamp(min=1)).tolist()

    def __str__(self):
        return "errors " + " ".join(f"{mean:.4f}" for mean in self.means())


def train(
    source,
    path,
    steps,
    seed=0,
    batch=32,
    rate=8e-4,
    decay=0.995,
    log=print,
    every=None,
    start=None,
):
    """Train, resuming from `path` if it exists; returns the averaged model.

    Also returns the learning curve: minutes, and the errors in five ranges of
    steps.  `every` is called with both every five minutes.  `start` is the folder
    of a model to go on from, in place of random weights.
    """
    torch.manual_seed(seed)
    model = Model(source.tokenizer, start)
    model.to(common.DEVICE, memory_format=torch.channels_last)
    scheduler = DDIMScheduler(**SCHEDULER)
    average = common.Ema(model, decay)
    optimizer = torch.optim.AdamW(
        model.parameters(), rate, betas=(0.9, 0.99), weight_decay=1e-3, fused=True
    )
    clock, curve = common.Clock(steps), []
    saved = common.load_checkpoint(path)
    if saved:
        model.load_state_dict(saved["model"])
        average.module.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        clock, curve = common.Clock(steps, **saved["clock"]), saved["curve"]
    share = seed + 1000 * clock.step + common.rank()
    torch.manual_seed(share)
    source.rng.seed(share)
    batch //= common.world()
    unet, encoder = map(common.parameter_count, (model.unet, model.encoder))
    log(f"unet: {unet:.2f} M parameters, text encoder: {encoder:.2f} M; {clock}")

    if not saved and not start:
        teach_words(model, source, WORD_STEPS, 2 * batch, log=log)
        average.module.encoder.load_state_dict(model.encoder.state_dict())
        clock.last = time.monotonic()

    def save():
        if common.rank() > 0:
            return
        common.save_checkpoint(
            path,
            model=model.state_dict(),
            average=average.module.state_dict(),
            optimizer=optimizer.state_dict(),
            clock=clock.state(),
            curve=curve,
        )
        if every:
            every(average.module, curve)

    parameters = list(model.parameters())
    report, kept = Report(), time.monotonic()
    while not clock.done:
        latents, tokens = source.batch(batch)
        latents = latents.contiguous(memory_format=torch.channels_last)
        with common.fast():
            loss, errors, picked = loss_of(model, scheduler, latents, tokens)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        common.set_rate(optimizer, rate * common.cosine(clock.fraction))
        optimizer.step()
        common.count_step(parameters, clock)
        average.update(model, clock.step)
        report.add(errors, picked)
        if clock.step % 100 == 0:
            log(f"unet: {report}; {clock}")
            curve.append((clock.seconds / 60, report.means()))
            report = Report()
        if time.monotonic() - kept > 300:
            save()
            kept = time.monotonic()
    save()
    return average.module, curve
