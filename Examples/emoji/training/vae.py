"""The autoencoder: 64x64 pictures to 16x16 latents of 4 channels."""

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from diffusers import AutoencoderKL

from . import common, data

CONFIG = {
    "in_channels": 3,
    "out_channels": 3,
    "latent_channels": 4,
    "sample_size": data.SIZE,
    "block_out_channels": [32, 48, 64],
    "down_block_types": ["DownEncoderBlock2D"] * 3,
    "up_block_types": ["UpDecoderBlock2D"] * 3,
    "layers_per_block": 1,
    "norm_num_groups": 16,
    "act_fn": "silu",
    "scaling_factor": 1.0,
}


class Pictures:
    """Random pictures or crops, in -1..1, for training."""

    def __init__(self, sprites, seed):
        self.sprites = sprites.reshape(-1, data.SIZE, data.SIZE, 4)
        self.colours = np.array(list(data.BACKGROUNDS.values()), dtype=np.float32)
        self.rng = np.random.default_rng(seed)

    def batch(self, count, crop):
        """`count` pictures, each cropped at random to `crop` pixels."""
        picks = self.rng.integers(len(self.sprites), size=count)
        colours = self.colours[self.rng.integers(len(self.colours), size=count)]
        result = np.empty((count, crop, crop, 3), dtype=np.float32)
        for i, pick in enumerate(picks):
            y, x = self.rng.integers(0, data.SIZE - crop + 1, size=2)
            sprite = self.sprites[pick, y : y + crop, x : x + crop]
            sprite = sprite.astype(np.float32) / 255
            result[i] = data.composite(sprite, colours[i])
        return torch.from_numpy(result * 2 - 1).permute(0, 3, 1, 2)


def edges(x):
    """The differences between neighbours, along both axes."""
    return x[..., 1:, :] - x[..., :-1, :], x[..., :, 1:] - x[..., :, :-1]


def loss_of(vae, pictures):
    """L1 and squared error, the same of edges, and a tiny KL term."""
    posterior = vae.encode(pictures).latent_dist
    drawn = vae.decode(posterior.sample()).sample.float()
    loss = F.l1_loss(drawn, pictures) + F.mse_loss(drawn, pictures)
    for mine, theirs in zip(edges(drawn), edges(pictures)):
        loss = loss + 0.5 * F.l1_loss(mine, theirs)
    kl = posterior.kl().mean() / pictures[0].numel()
    return loss + 1e-4 * kl, F.mse_loss(drawn.detach(), pictures)


def train(sprites, path, minutes, steps=None, seed=0, batch=32, rate=2e-3, log=print):
    """Train, resuming from `path` if it exists; returns the averaged module."""
    torch.manual_seed(seed)
    vae = AutoencoderKL(**CONFIG).to(common.DEVICE, memory_format=torch.channels_last)
    average = common.Ema(vae, 0.995)
    optimizer = torch.optim.AdamW(vae.parameters(), rate, weight_decay=1e-4)
    clock = common.Clock(minutes, steps)
    saved = common.load_checkpoint(path)
    if saved:
        vae.load_state_dict(saved["vae"])
        average.module.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        clock = common.Clock(minutes, steps, **saved["clock"])
    share = seed + 1000 * clock.step + common.rank()
    torch.manual_seed(share)
    pictures = Pictures(sprites, share)
    batch //= common.world()
    log(f"vae: {common.parameter_count(vae):.2f} M parameters; {clock}")

    def save():
        if common.rank() > 0:
            return
        common.save_checkpoint(
            path,
            vae=vae.state_dict(),
            average=average.module.state_dict(),
            optimizer=optimizer.state_dict(),
            clock=clock.state(),
        )

    parameters = list(vae.parameters())
    errors = []
    while not clock.done:
        # Crops are cheaper and more varied; the end sees whole pictures, for
        # the sake of the attention in the middle.
        whole = clock.fraction > 0.8
        shape = (batch // 4, data.SIZE) if whole else (batch, data.SIZE // 2)
        x = pictures.batch(*shape).to(common.DEVICE, memory_format=torch.channels_last)
        with torch.autocast(common.DEVICE.type, torch.bfloat16):
            loss, error = loss_of(vae, x)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        common.set_rate(optimizer, rate * common.cosine(clock.fraction))
        optimizer.step()
        common.count_step(parameters, clock)
        average.update(vae, clock.step)
        errors.append(error.item())
        if clock.step % 100 == 0:
            psnr = -10 * np.log10(np.mean(errors[-100:]) / 4)
            log(f"vae: {psnr:.2f} dB; {clock}")
            errors = []
        if clock.step % 500 == 0:
            save()
    if not saved or clock.step > saved["clock"]["step"]:
        save()
    return average.module


@torch.no_grad()
def encode_all(vae, sprites, path, log=print):
    """The mean latents of every sprite on every background, kept in `path`.

    Returns (subjects, variants, backgrounds, 4, 16, 16).
    """
    saved = common.load_checkpoint(path)
    if saved:
        return saved["latents"]
    colours = list(data.BACKGROUNDS.values())
    latents = torch.zeros(*sprites.shape[:2], len(colours), 4, *[data.SIZE // 4] * 2)
    # Each process encodes its part; the sum puts them together.
    for i in range(common.rank(), len(sprites), common.world()):
        x = sprites[i].astype(np.float32) / 255
        x = np.stack([data.composite(x, colour) for colour in colours], axis=1)
        x = torch.from_numpy(x.reshape(-1, *x.shape[2:]) * 2 - 1).permute(0, 3, 1, 2)
        mean = vae.encode(x.to(common.DEVICE)).latent_dist.mean
        latents[i] = mean.cpu().reshape(latents.shape[1:])
    if common.world() > 1:
        dist.all_reduce(latents)
    if common.rank() == 0:
        common.save_checkpoint(path, latents=latents)
    log(f"vae: encoded {len(latents)} subjects")
    return latents


@torch.no_grad()
def normalise(vae, latents):
    """Make each latent channel's mean 0 and all channels' spread the same.

    That is done in the autoencoder's own 1x1 convolutions, which leaves what
    it draws as it was.  Returns the latents as they are now; scaling_factor in
    the configuration then brings them to unit variance.
    """
    mean = latents.mean(dim=(0, 1, 2, 4, 5))
    spread = latents.transpose(0, 3).flatten(1).std(dim=1)
    common_spread = spread.log().mean().exp()
    gain = common_spread / spread
    device = vae.quant_conv.weight.device
    g, m = gain.to(device), mean.to(device)
    count = len(gain)
    quant, post = vae.quant_conv, vae.post_quant_conv
    quant.weight[:count] *= g[:, None, None, None]
    quant.bias[:count] = (quant.bias[:count] - m) * g
    quant.bias[count:] += 2 * g.log()
    post.bias += (post.weight[:, :, 0, 0] * m).sum(dim=1)
    post.weight /= g[None, :, None, None]
    vae.register_to_config(scaling_factor=round(1 / common_spread.item(), 5))
    shape = (1, 1, 1, count, 1, 1)
    return (latents - mean.view(shape)) * gain.view(shape)


def finish_decoder(
    vae,
    latents,
    sprites,
    path,
    minutes,
    steps=None,
    seed=0,
    batch=16,
    rate=1e-3,
    log=print,
):
    """Train the decoder some more, on the latents as they are now.

    The encoder stays as it is, so the UNet's latents do; that is why this can
    come last and use whatever time there is.
    """
    parameters = [*vae.decoder.parameters(), *vae.post_quant_conv.parameters()]
    for parameter in parameters:
        parameter.requires_grad_(True)
    optimizer = torch.optim.AdamW(parameters, rate, weight_decay=1e-4, fused=True)
    average = common.Ema(vae, 0.995)
    clock = common.Clock(minutes, steps)
    saved = common.load_checkpoint(path)
    if saved:
        vae.load_state_dict(saved["vae"])
        average.module.load_state_dict(saved["average"])
        clock = common.Clock(minutes, steps, **saved["clock"])
    share = seed + 1000 * clock.step + common.rank()
    rng = np.random.default_rng(share)
    torch.manual_seed(share)
    colours = np.array(list(data.BACKGROUNDS.values()), dtype=np.float32)
    noise = 0.15 * latents.std()  # the UNet makes errors too

    def save():
        if common.rank() == 0:
            states = {"vae": vae.state_dict(), "average": average.module.state_dict()}
            common.save_checkpoint(path, clock=clock.state(), **states)

    errors = []
    while not clock.done:
        picks = [
            rng.integers(n, size=batch // common.world()) for n in latents.shape[:3]
        ]
        x = sprites[picks[0], picks[1]].astype(np.float32) / 255
        x = np.stack([data.composite(*pair) for pair in zip(x, colours[picks[2]])])
        x = torch.from_numpy(x * 2 - 1).permute(0, 3, 1, 2)
        x = x.to(common.DEVICE, memory_format=torch.channels_last)
        z = latents[tuple(torch.from_numpy(pick) for pick in picks)]
        z = (z + noise * torch.randn_like(z)).to(common.DEVICE)
        with common.fast():
            drawn = vae.decode(z).sample.float()
        loss = F.l1_loss(drawn, x) + F.mse_loss(drawn, x)
        for mine, theirs in zip(edges(drawn), edges(x)):
            loss = loss + 0.5 * F.l1_loss(mine, theirs)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        common.set_rate(optimizer, rate * common.cosine(clock.fraction))
        optimizer.step()
        common.count_step(parameters, clock)
        average.update(vae, clock.step)
        errors.append(F.mse_loss(drawn.detach(), x).item())
        if clock.step % 100 == 0:
            log(f"decoder: {-10 * np.log10(np.mean(errors) / 4):.2f} dB; {clock}")
            errors = []
            save()
    if not saved or clock.step > saved["clock"]["step"]:
        save()
    return average.module
