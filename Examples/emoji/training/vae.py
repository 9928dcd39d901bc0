"""The autoencoder: 64x64 pictures to 16x16 latents of 8 channels."""

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from diffusers import AutoencoderKL

from . import common, data

CHANNELS = 8
FACTOR = 4  # of the sizes of picture and latent

CONFIG = {
    "in_channels": 3,
    "out_channels": 3,
    "latent_channels": CHANNELS,
    "sample_size": data.SIZE,
    "block_out_channels": [32, 48, 64],
    "down_block_types": ["DownEncoderBlock2D"] * 3,
    "up_block_types": ["UpDecoderBlock2D"] * 3,
    "layers_per_block": 1,
    "norm_num_groups": 16,
    "act_fn": "silu",
    "scaling_factor": 1.0,
}


def to_tensor(pictures):
    """Pictures (n, h, w, 3) in 0..1 as a tensor (n, 3, h, w) in -1..1."""
    tensor = torch.from_numpy(pictures * 2 - 1).permute(0, 3, 1, 2)
    return tensor.to(common.DEVICE, memory_format=torch.channels_last)


class Pictures:
    """Random pictures or crops for training."""

    def __init__(self, sprites, allowed, seed):
        self.sprites = sprites
        self.pairs = np.argwhere(allowed)
        self.colours = np.array(list(data.BACKGROUNDS.values()), dtype=np.float32)
        self.rng = np.random.default_rng(seed)

    def batch(self, count, crop):
        """`count` pictures, each cropped at random to `crop` pixels."""
        rng = self.rng
        result = np.empty((count, crop, crop, 3), dtype=np.float32)
        for i, pick in enumerate(rng.integers(len(self.pairs), size=count)):
            subject, background = self.pairs[pick]
            y, x = rng.integers(0, data.SIZE - crop + 1, size=2)
            sprite = self.sprites[subject, rng.integers(self.sprites.shape[1])]
            sprite = sprite[y : y + crop, x : x + crop].astype(np.float32) / 255
            result[i] = data.composite(sprite, self.colours[background])
        return to_tensor(result)


def edges(x):
    """The differences between neighbours, along both axes."""
    return x[..., 1:, :] - x[..., :-1, :], x[..., :, 1:] - x[..., :, :-1]


def distance(drawn, pictures):
    """L1 and squared error, and L1 of edges."""
    loss = F.l1_loss(drawn, pictures) + F.mse_loss(drawn, pictures)
    for mine, theirs in zip(edges(drawn), edges(pictures)):
        loss = loss + 0.5 * F.l1_loss(mine, theirs)
    return loss


def loss_of(vae, pictures):
    """The distance of what is decoded, and a tiny KL term; also the squared error."""
    posterior = vae.encode(pictures).latent_dist
    drawn = vae.decode(posterior.sample()).sample.float()
    kl = posterior.kl().mean() / pictures[0].numel()
    loss = distance(drawn, pictures) + 1e-4 * kl
    return loss, F.mse_loss(drawn.detach(), pictures)


def decibels(squared_error):
    """The peak signal-to-noise ratio of pictures in -1..1."""
    return -10 * np.log10(squared_error / 4)


@torch.no_grad()
def psnr_of(vae, sprites):
    """The mean PSNR, in decibels, of the sprites, each on one background."""
    colours = list(data.BACKGROUNDS.values())
    pictures = [
        data.composite(sprite.astype(np.float32) / 255, colours[i % len(colours)])
        for i, sprite in enumerate(sprites)
    ]
    ratios = []
    for start in range(0, len(pictures), 32):
        x = to_tensor(np.stack(pictures[start : start + 32]))
        drawn = vae.decode(vae.encode(x).latent_dist.mean).sample.clamp(-1, 1)
        errors = (drawn - x).square().mean(dim=(1, 2, 3)).cpu().numpy()
        ratios.extend(decibels(errors))
    return float(np.mean(ratios))


def load(folder):
    """A trained autoencoder from a model's folder."""
    vae = AutoencoderKL.from_pretrained(folder, torch_dtype=torch.float32)
    return vae.to(common.DEVICE, memory_format=torch.channels_last)


def train(
    sprites, allowed, testing, path, steps, seed=0, batch=32, rate=2e-3, log=print
):
    """Train, resuming from `path` if it exists; returns the averaged module.

    `testing` are sprites that are not trained on.  Also returns the learning
    curve: minutes, PSNR in training, and of the testing sprites.
    """
    torch.manual_seed(seed)
    vae = AutoencoderKL(**CONFIG).to(common.DEVICE, memory_format=torch.channels_last)
    average = common.Ema(vae, 0.995)
    optimizer = torch.optim.AdamW(vae.parameters(), rate, weight_decay=1e-4)
    clock, curve = common.Clock(steps), []
    saved = common.load_checkpoint(path)
    if saved:
        vae.load_state_dict(saved["vae"])
        average.module.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        clock, curve = common.Clock(steps, **saved["clock"]), saved["curve"]
    share = seed + 1000 * clock.step + common.rank()
    torch.manual_seed(share)
    pictures = Pictures(sprites, allowed, share)
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
            curve=curve,
        )

    parameters = list(vae.parameters())
    errors = []
    while not clock.done:
        # Crops are cheaper and more varied; the end sees whole pictures, for
        # the sake of the attention in the middle.
        whole = clock.fraction > 0.8
        x = pictures.batch(
            *(batch // 4, data.SIZE) if whole else (batch, data.SIZE // 2)
        )
        with common.fast():
            loss, error = loss_of(vae, x)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        common.set_rate(optimizer, rate * common.cosine(clock.fraction))
        optimizer.step()
        common.count_step(parameters, clock)
        average.update(vae, clock.step)
        errors.append(error.item())
        if clock.step % 200 == 0 or clock.done:
            known = float(decibels(np.mean(errors)))
            new = psnr_of(average.module, testing[:32]) if common.rank() == 0 else 0
            curve.append((clock.seconds / 60, known, new))
            log(f"vae: {known:.2f} dB in training, {new:.2f} dB outside; {clock}")
            errors = []
            save()
    return average.module, curve


@torch.no_grad()
def encode_all(vae, sprites, path, log=print):
    """The mean latents of every sprite on every background, kept in `path`.

    Returns (subjects, variants, backgrounds, channels, 16, 16).
    """
    saved = common.load_checkpoint(path)
    if saved:
        return saved["latents"]
    colours = list(data.BACKGROUNDS.values())
    side = data.SIZE // FACTOR
    latents = torch.zeros(*sprites.shape[:2], len(colours), CHANNELS, side, side)
    # Each process encodes its part; the sum puts them together.
    for i in range(common.rank(), len(sprites), common.world()):
        x = sprites[i].astype(np.float32) / 255
        x = np.stack([data.composite(x, colour) for colour in colours], axis=1)
        mean = vae.encode(to_tensor(x.reshape(-1, *x.shape[2:]))).latent_dist.mean
        latents[i] = mean.cpu().reshape(latents.shape[1:])
    if common.world() > 1:
        dist.all_reduce(latents)
    if common.rank() == 0:
        common.save_checkpoint(path, latents=latents)
    log(f"vae: encoded {len(latents)} subjects")
    return latents


@torch.no_grad()
def normalise(vae, latents):
    """Turn the latents to their principal components, with less uneven spreads.

    The first channels then hold what matters most and are settled first, the
    last ones fine detail.  That is done in the autoencoder's own 1x1
    convolutions, which leaves what it draws as it was.  The variance of its
    posterior, next to nothing, becomes the same everywhere.  Returns the
    latents as they are now; scaling_factor in the configuration then brings
    them to unit variance.
    """
    flat = latents.transpose(3, 5).reshape(-1, CHANNELS).double()
    mean = flat.mean(dim=0)
    spread, axes = torch.linalg.eigh(torch.cov((flat - mean).T))
    spread, axes = spread.flip(0), axes.flip(1)
    # Standard deviations become their square roots.
    turn = (axes * spread.pow(-0.25)).T
    back = torch.linalg.inv(turn)

    quant, post = vae.quant_conv, vae.post_quant_conv
    weight, bias = quant.weight[:, :, 0, 0].cpu().double(), quant.bias.cpu().double()
    variance = 1e-6 * torch.ones(CHANNELS, dtype=torch.double)
    quant.weight[:, :, 0, 0] = torch.cat(
        [turn @ weight[:CHANNELS], torch.zeros_like(weight[CHANNELS:])]
    ).to(quant.weight)
    quant.bias[:] = torch.cat([turn @ (bias[:CHANNELS] - mean), variance.log()]).to(
        quant.bias
    )
    weight = post.weight[:, :, 0, 0].cpu().double()
    post.bias += (weight @ mean).to(post.bias)
    post.weight[:, :, 0, 0] = (weight @ back).to(post.weight)

    turned = ((flat - mean) @ turn.T).float()
    vae.register_to_config(scaling_factor=round(1 / turned.std().item(), 5))
    return turned.view(latents.transpose(3, 5).shape).transpose(3, 5).contiguous()


def finish_decoder(
    vae,
    latents,
    sprites,
    allowed,
    testing,
    path,
    steps,
    seed=0,
    batch=16,
    rate=1e-3,
    log=print,
):
    """Train the decoder some more, on the latents as they are now.

    The encoder stays as it is, so the UNet's latents do; that is why this can
    come last.
    """
    vae.requires_grad_(False)
    parameters = [*vae.decoder.parameters(), *vae.post_quant_conv.parameters()]
    for parameter in parameters:
        parameter.requires_grad_(True)
    optimizer = torch.optim.AdamW(parameters, rate, weight_decay=1e-4)
    average = common.Ema(vae, 0.995)
    clock = common.Clock(steps)
    saved = common.load_checkpoint(path)
    if saved:
        vae.load_state_dict(saved["vae"])
        average.module.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        clock = common.Clock(steps, **saved["clock"])
    share = seed + 1000 * clock.step + common.rank()
    rng = np.random.default_rng(share)
    torch.manual_seed(share)
    batch //= common.world()
    colours = np.array(list(data.BACKGROUNDS.values()), dtype=np.float32)
    pairs = np.argwhere(allowed)
    noise = 0.1 * latents.std()  # the UNet makes errors too

    errors = []
    while not clock.done:
        picks = pairs[rng.integers(len(pairs), size=batch)]
        variants = rng.integers(sprites.shape[1], size=batch)
        x = sprites[picks[:, 0], variants].astype(np.float32) / 255
        x = [data.composite(*pair) for pair in zip(x, colours[picks[:, 1]])]
        x = to_tensor(np.stack(x))
        z = latents[picks[:, 0], variants, picks[:, 1]]
        z = (z + noise * torch.randn_like(z)).to(common.DEVICE)
        with common.fast():
            drawn = vae.decode(z).sample.float()
        loss = distance(drawn, x)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        common.set_rate(optimizer, rate * common.cosine(clock.fraction))
        optimizer.step()
        common.count_step(parameters, clock)
        average.update(vae, clock.step)
        errors.append(F.mse_loss(drawn.detach(), x).item())
        if clock.step % 100 == 0 or clock.done:
            log(f"decoder: {decibels(np.mean(errors)):.2f} dB in training; {clock}")
            errors = []
            if common.rank() == 0:
                states = {
                    "vae": vae.state_dict(),
                    "average": average.module.state_dict(),
                }
                states["optimizer"] = optimizer.state_dict()
                common.save_checkpoint(path, clock=clock.state(), **states)
    log(f"decoder: {psnr_of(average.module, testing):.2f} dB outside")
    return average.module
