"""From the matches at one level of the network to features at the next finer one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from vidstyle.events import Observer
from vidstyle.features.vgg import VGG
from vidstyle.optimize import minimise

# Pairs that L-BFGS keeps; each is as large as the features.
_HISTORY = 6


def structure(features: Tensor, alpha: float, steepness: float, threshold: float) -> Tensor:
    """W = α · sigmoid(k (|F|² − τ)), |F|² scaled to [0, 1]: how much of a place's own features is kept.

    features: (C, H, W); returns float32 (1, H, W), small everywhere where there is no structure at all.
    """
    strength = features.float().square().sum(dim=0, keepdim=True)
    lowest, highest = torch.aminmax(strength)
    scaled = (strength - lowest) / (highest - lowest).clamp_min(1e-12)
    return alpha * torch.sigmoid(steepness * (scaled - threshold))


def deconvolve(
    network: VGG,
    starts: Sequence[Tensor],
    targets: Sequence[Tensor],
    layers: tuple[str, str],
    steps: int,
    observer: Observer | None = None,
) -> list[Tensor]:
    """R = argmin |CNN_{L−1→L}(R) − F|²: features of the finer layer that give those of the coarser.

    starts: float32 (C, H, W), where the search begins. targets: (C', H', W'), the F, one for each start.
    layers: the finer and the coarser. steps: of L-BFGS. observer: is shown each of them.

    Both directions go through the network together where they have one size.

    Departure: the reference searches two layers further down, where each step costs several times as much,
    and starts from features warped there; here R itself is searched, and begins as the warped features of
    its own layer.
    """
    if len({tuple(start.shape) for start in starts}) > 1:
        pairs = zip(starts, targets, strict=True)
        return [deconvolve(network, [one], [other], layers, steps, observer)[0] for one, other in pairs]
    wanted = torch.stack(list(targets)).float()
    scale = 1 / wanted.square().mean().clamp_min(1e-8)

    def terms(response: Tensor) -> Mapping[str, Tensor]:
        found = network.onward(response, *layers).float()
        return {"deconvolution": scale * (found - wanted).square().mean()}

    with torch.enable_grad():
        found = minimise(
            torch.stack(list(starts)),
            terms,
            steps=steps,
            optimizer="lbfgs",
            tolerance=1e-3,
            limits=(0.0, math.inf),
            history=_HISTORY,
            observer=observer,
        )
    return list(found.image)
