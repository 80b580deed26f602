"""How far a student's responses and Gram matrices are from the teacher's."""

from __future__ import annotations

import torch
from torch import Tensor

from training.network import Network

STYLE = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
CONTENT = ("conv3_2", "conv4_2")


def gram(features: Tensor) -> Tensor:
    """(n, C, h, w) -> (n, C, C), mean over positions."""
    flat = features.flatten(2)
    return (flat @ flat.transpose(1, 2)).float() / flat.shape[2]


def gram_distance(ours: Tensor, target: Tensor) -> Tensor:
    """Squared difference relative to the target's square, mean over the batch."""
    return ((ours - target).square().sum((1, 2)) / (target.square().sum((1, 2)) + 1e-6)).mean()


class Distance:
    """Error of the student's responses per layer, as a share of the teacher's variance.

    Half of a channel's weight is the inverse of its own variance (rare features count too), half that of the
    layer's mean variance (features that rule a Gram matrix count more).
    """

    def __init__(self, teacher: Network, pictures: Tensor) -> None:
        self.weights: dict[str, Tensor] = {}
        with torch.no_grad():
            for name, output in teacher(pictures).items():
                variance = output.float().var((0, 2, 3))
                variance = variance.clamp_min(1e-2 * variance.mean())
                weight = 0.5 / variance + 0.5 / variance.mean()
                self.weights[name] = (weight / (weight * variance).mean()).view(1, -1, 1, 1)

    def __call__(self, name: str, predicted: Tensor, target: Tensor) -> Tensor:
        """Of responses (n, C, h, w); `predicted` may have the first channels of `target` only."""
        channels = predicted.shape[1]
        scale = self.weights[name][:, :channels].sqrt().to(predicted.dtype)
        return ((predicted - target[:, :channels]) * scale).square().mean(dtype=torch.float32)
