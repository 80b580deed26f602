"""Training conv4_1 to conv5_1 on top of a student, without a teacher: by dense contrast.

The same surface point in a picture and in its warped, recoloured, roughened copy is to get the same feature,
and any other point another one (InfoNCE, van den Oord, Li & Vinyals 2018, over positions as in DenseCL, Wang
et al. 2021). That is what correspondence between pictures needs.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from training.distil import Crops
from training.network import ALL_LAYERS, LAYERS, Network


@dataclass(frozen=True)
class Contrast:
    """How to train. points: compared per pair of views and layer; temperature: of the softmax."""

    steps: int
    seed: int
    width: float = 0.5
    batch: int = 10
    points: int = 64
    temperature: float = 0.07
    learning_rate: float = 6e-4

    def widths(self) -> tuple[int, ...]:
        """Channels of the layers above the student."""
        return tuple(max(8, round(full * self.width)) for _, _, full in ALL_LAYERS[len(LAYERS) :])


def deepen(student: Network, pool: Tensor, how: Contrast, report: Callable[[str], None]) -> Network:
    """`student` (to conv3_4, unchanged) with conv4_1 to conv5_1 on top, trained on `pool`; not calibrated."""
    torch.manual_seed(how.seed)
    base = student.widths()
    network = Network((*base, *how.widths()))
    for mine, theirs in zip(network.convolutions, student.convolutions, strict=False):
        mine.load_state_dict(theirs.state_dict())
        mine.requires_grad_(False)
    _normalise(network, len(base))
    trained = [weights for weights in network.parameters() if weights.requires_grad]
    optimiser = torch.optim.AdamW(trained, how.learning_rate, weight_decay=1e-4)
    crops = Crops(pool, pool.shape[-1], how.seed)
    started, mean = time.monotonic(), math.nan
    for step in range(how.steps):
        for group in optimiser.param_groups:
            group["lr"] = how.learning_rate * _schedule(step, how.steps)
        with torch.autocast("cpu", torch.bfloat16):
            loss = _loss(network, crops(how.batch), crops.random, how)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        now = float(loss.detach())
        mean = now if math.isnan(mean) else 0.95 * mean + 0.05 * now
        if step % max(1, how.steps // 25) == 0 or step == how.steps - 1:
            report(f"step {step} of {how.steps}, {time.monotonic() - started:.0f} s, contrast {mean:.3f}")
    _fold(network)
    return network.requires_grad_(False)


def _normalise(network: Network, begin: int) -> None:
    """Batch normalisation behind the convolutions from `begin` on: no channel stays off for every picture."""
    for place in range(begin, len(network.convolutions)):
        convolution = network.convolutions[place]
        network.convolutions[place] = nn.Sequential(convolution, nn.BatchNorm2d(convolution.out_channels))


def _fold(network: Network) -> None:
    """Puts the normalisation, with the statistics it has gathered, into the convolutions."""
    for place, layer in enumerate(network.convolutions):
        if isinstance(layer, nn.Sequential):
            network.convolutions[place] = fuse_conv_bn_eval(*layer.eval())


def views(pictures: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Two looks at each picture, (n, 3, H, W), and where each pixel of the first lies in the second.

    That is a grid (n, H, W, 2), (x, y) in [-1, 1] as `grid_sample` takes it; what lies outside is not there.
    """
    count, _, height, width = pictures.shape
    there = _warp(count, height, width, random)
    back = _invert(there)
    second = F.grid_sample(pictures, back, padding_mode="reflection", align_corners=False)
    return _rough(pictures, random), _rough(_recolour(second, random), random), there


def _loss(network: Network, pictures: Tensor, random: torch.Generator, how: Contrast) -> Tensor:
    first, second, there = views(pictures, random)
    # conv4_1 and conv4_4 stand for their block: each layer of it is held from both sides.
    names = ("conv4_1", "conv4_2", "conv4_4", "conv5_1")
    outputs = network(torch.cat((first, second)))
    losses = []
    for name in names:
        one, two = outputs[name].float().chunk(2)
        losses.append(_contrast(one, two, there, random, how))
    return torch.stack(losses).mean()


def _contrast(one: Tensor, two: Tensor, there: Tensor, random: torch.Generator, how: Contrast) -> Tensor:
    """InfoNCE of random points of `one` against the same points and every position of `two`, (n, C, h, w)."""
    count, channels = one.shape[:2]
    places = torch.rand(count, how.points, 1, 2, generator=random) * 2 - 1
    goals = F.grid_sample(there.permute(0, 3, 1, 2), places, align_corners=False).permute(0, 2, 3, 1)
    anchors = _unit(F.grid_sample(one, places, align_corners=False)[..., 0])
    same = _unit(F.grid_sample(two, goals, align_corners=False)[..., 0])
    others = _unit(two.flatten(2)).transpose(0, 1).reshape(channels, -1)
    alike = (anchors * same).sum(1, keepdim=True).transpose(1, 2)
    unlike = torch.einsum("ncp,cq->npq", anchors, others)
    unlike = unlike.masked_fill(_near(goals, two.shape[2:], count), -1.0)
    logits = torch.cat((alike, unlike), 2).flatten(0, 1) / how.temperature
    inside = (goals.abs().amax(-1) < 1).flatten()
    return F.cross_entropy(logits[inside], torch.zeros(int(inside.sum()), dtype=torch.long))


def _near(goals: Tensor, size: tuple[int, int], count: int) -> Tensor:
    """Which positions of the second views are the goal itself or touch it, (n, points, n · h · w)."""
    height, width = size
    rows = (torch.arange(height) + 0.5) / height * 2 - 1
    columns = (torch.arange(width) + 0.5) / width * 2 - 1
    across = (goals[..., 0] - columns).abs() < 2.2 / width
    down = (goals[..., 1] - rows).abs() < 2.2 / height
    own = (down[..., :, None] & across[..., None, :]).flatten(2)
    near = torch.zeros(count, goals.shape[1], count, height * width, dtype=torch.bool)
    near[torch.arange(count), :, torch.arange(count)] = own
    return near.flatten(2)


def _unit(features: Tensor) -> Tensor:
    """Centred over each picture's positions and of length 1 in each: what is everywhere tells nothing."""
    return F.normalize(features - features.mean(2, keepdim=True), dim=1)


def _warp(count: int, height: int, width: int, random: torch.Generator) -> Tensor:
    """Turns, scales, shears, shifts and bends: (n, H, W, 2), where each pixel goes to."""
    uniform = lambda *shape: torch.rand(*shape, generator=random) * 2 - 1  # noqa: E731
    angle, stretch = 0.5 * uniform(count), torch.exp(0.35 * uniform(count))
    turn = torch.stack((angle.cos(), -angle.sin(), angle.sin(), angle.cos()), 1).view(-1, 2, 2)
    linear = turn * stretch.view(-1, 1, 1) + 0.15 * uniform(count, 2, 2)
    affine = torch.cat((linear, 0.25 * uniform(count, 2, 1)), 2)
    bend = F.interpolate(0.06 * uniform(count, 2, 4, 4), (height, width), mode="bicubic")
    return F.affine_grid(affine, [count, 3, height, width], align_corners=False) + bend.permute(0, 2, 3, 1)


def _invert(there: Tensor, rounds: int = 12) -> Tensor:
    """The grid that undoes the grid `there`, by fixed-point iteration from its best affine inverse."""
    count, height, width, _ = there.shape
    identity = F.affine_grid(
        torch.eye(2, 3).expand(count, -1, -1), [count, 3, height, width], align_corners=False
    )
    ones = torch.ones(count, height * width, 1)
    solution = torch.linalg.lstsq(torch.cat((there.flatten(1, 2), ones), 2), identity.flatten(1, 2)).solution
    linear, shift = solution[:, :2], solution[:, 2:]
    field = there.permute(0, 3, 1, 2)
    found = (identity.flatten(1, 2) @ linear + shift).view_as(identity)
    for _ in range(rounds):
        arrived = F.grid_sample(field, found, padding_mode="border", align_corners=False).permute(0, 2, 3, 1)
        error = (identity - arrived).flatten(1, 2) @ linear
        inside = (found.abs().amax(-1, keepdim=True) < 1).float()
        found = found + inside * error.view_as(found)
    return found


def _recolour(pictures: Tensor, random: torch.Generator) -> Tensor:
    """A random mixture of the channels, a random brightness, contrast and gamma for each picture."""
    count = len(pictures)
    mixture = torch.eye(3) + 0.45 * torch.randn(count, 3, 3, generator=random)
    centred = (pictures - 0.5).flatten(2)
    mixed = (mixture @ centred).view_as(pictures)
    flip = torch.where(torch.rand(count, 1, 1, 1, generator=random) < 0.1, -1.0, 1.0)
    gain = torch.exp(0.4 * torch.randn(count, 1, 1, 1, generator=random))
    lifted = (0.5 + flip * gain * mixed + 0.12 * torch.randn(count, 3, 1, 1, generator=random)).clamp(0, 1)
    return lifted.clamp_min(1e-3) ** torch.exp(0.4 * torch.randn(count, 1, 1, 1, generator=random))


def _rough(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Noise for all, stronger for some; half are blurred."""
    count = len(pictures)
    strength = 0.12 * torch.rand(count, 1, 1, 1, generator=random).square()
    soft = F.avg_pool2d(F.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, 1)
    share = (torch.rand(count, 1, 1, 1, generator=random) - 0.5).clamp_min(0) * 2
    noisy = torch.lerp(pictures, soft, share) + strength * torch.randn(pictures.shape, generator=random)
    return noisy.clamp(0, 1)


def _schedule(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / min(100, steps)) * (0.5 + 0.5 * math.cos(math.pi * step / steps))
