"""Colours as classes (Zhang, Isola & Efros 2016): a mean of several that may be is none of them, but grey.

The plane of a* and b* is cut into squares of ten; those that sRGB reaches are the classes.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from vidstyle.device import to_device
from vidstyle.image.lab import to_lab

GRID = 10.0
_NEAREST, _SIGMA = 5, 5.0  # classes that a colour is given to, by a Gaussian of the distance
_TEMPERATURE, _SURE = 0.45, 4.0
_AVERAGED = 7  # positions, side of what logits are averaged over
_LEVELS = 48  # of each channel, by which it is found what sRGB reaches


@lru_cache(maxsize=1)
def classes() -> Tensor:
    """a* and b* of each class, float32 (Q, 2), in a fixed order."""
    steps = torch.linspace(0, 1, _LEVELS)
    cube = torch.cartesian_prod(steps, steps, steps).T[:, :, None]
    reached = (to_lab(cube)[1:, :, 0].T / GRID).round().long()
    return torch.unique(reached, dim=0).float() * GRID


@lru_cache(maxsize=4)
def _classes_on(device: torch.device) -> Tensor:
    with torch.inference_mode(False):  # or what needs gradients could not use them later
        return to_device(classes(), device)


def encoded(ab: Tensor) -> Tensor:
    """Colours float32 (N, 2) -> shares of the classes (N, Q): of the five nearest, by a Gaussian of 5."""
    squares = torch.cdist(ab, _classes_on(ab.device).to(ab)).square()
    near, which = squares.topk(_NEAREST, largest=False)
    shares = torch.softmax(-near / (2 * _SIGMA**2), 1)
    return torch.zeros_like(squares).scatter_(1, which, shares)


def annealed_mean(logits: Tensor) -> Tensor:
    """Logits (N, Q, h, w) -> colours float32 (N, 2, h, w): near grey where many colours may be.

    The mean of the shares exp(z / T), normalised, T = 0.45, of logits that are averaged over a few positions,
    times min(1, 4 (1 − H / log Q)), H the entropy of the shares with T = 1: what may be anything stays grey.
    Departure from Zhang et al. (2016), whose T is 0.38: a network that has seen a two-thousandth of their
    pictures makes blotches of red and blue of what it does not know.
    """
    reach = _AVERAGED // 2
    smooth = F.avg_pool2d(F.pad(logits.float(), [reach] * 4, mode="replicate"), _AVERAGED, 1)
    shares = torch.softmax(smooth, 1)
    entropy = -(shares * shares.clamp_min(1e-9).log()).sum(1, keepdim=True)
    sure = (_SURE * (1 - entropy / math.log(shares.shape[1]))).clamp(0, 1)
    sharp = torch.softmax(smooth / _TEMPERATURE, 1)
    return sure * torch.einsum("nqhw,qc->nchw", sharp, _classes_on(sharp.device).to(sharp))


def rebalancing(counts: Tensor) -> Tensor:
    """Weights of the classes (Q,) by how often each was seen (Q,): w ∝ (p̃ / 2 + 1 / 2Q)^−½, Σ p̃ w = 1.

    p̃: the shares, smoothed by a Gaussian of 5 in the plane of colours. Departure from Zhang et al. (2016):
    the root. From some hundred pictures rare colours of a hundred times the weight are learnt by heart: of
    pictures never seen a sixth more of the colour is guessed right with it.
    """
    plane = classes()
    kernel = torch.exp(-torch.cdist(plane, plane).square() / (2 * _SIGMA**2))
    smooth = (kernel / kernel.sum(0)) @ (counts / counts.sum())
    weights = (0.5 * smooth + 0.5 / len(plane)) ** -0.5
    return weights / (smooth * weights).sum()


def cross_entropy(logits: Tensor, shares: Tensor, weights: Tensor) -> Tensor:
    """−Σ w Σ_q s_q log p_q over positions, by their number; w of a position is that of its likeliest class.

    logits: (N, Q, h, w). shares: as `encoded` gives them, (N, Q, h, w). weights: (Q,).
    """
    each = -(shares * F.log_softmax(logits.float(), 1)).sum(1)
    return (each * weights.to(each)[shares.argmax(1)]).mean()
