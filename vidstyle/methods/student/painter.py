"""Painting a frame at once, from what the frames before it left."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vidstyle.methods.student.network import Student, laid_over
from vidstyle.methods.student.noise import drift_after, no_drift, noise_at
from vidstyle.types import Draft, Painted, Prior

DRIFT = "drift"


class StudentPainter:
    """Paints with a network that has learnt a look; without priors from the frame alone."""

    def __init__(self, student: Student) -> None:
        self.student = student.fix()

    @torch.no_grad()
    def paint(
        self, content: Tensor, priors: Sequence[Prior], seed: int, draft: Draft | None = None
    ) -> Painted:
        """See `Painter.paint`. Nothing is random, there is no loss; where the noise lies is carried.

        Where no prior sees a pixel, a later pass keeps to what the pass before has left.
        """
        height, width = content.shape[1:]
        drift = _drift(content, priors, draft)
        new = self.student.new(content[None], noise_at(drift, height, width)[None])
        before, holds = _laid_over(content, priors)
        if draft is not None:
            before, holds = torch.lerp(draft.image, before, holds), torch.ones_like(holds)
        image = laid_over(new, before[None], holds[None])[0]
        return Painted(image.clamp(0, 1), {DRIFT: drift})


def _drift(content: Tensor, priors: Sequence[Prior], draft: Draft | None) -> Tensor:
    """Where the frame lies in the noise: by the nearest frame painted before, or as in the pass before."""
    if draft is not None and DRIFT in draft.carry:
        return draft.carry[DRIFT].to(content.device)
    for prior in priors:
        if prior.vectors is not None and DRIFT in prior.carry:
            return drift_after(prior.carry[DRIFT].to(content.device), prior.vectors, prior.weight)
    return no_drift(*content.shape[1:], content.device)


def _laid_over(content: Tensor, priors: Sequence[Prior]) -> tuple[Tensor, Tensor]:
    """The priors as one, float32 (3, H, W), and how far it holds, (1, H, W)."""
    if not priors:
        return torch.zeros_like(content), torch.zeros_like(content[:1])
    total = torch.stack([prior.weight for prior in priors]).sum(0)
    image = torch.stack([prior.weight * prior.image for prior in priors]).sum(0) / total.clamp_min(1e-6)
    return image, total.clamp(0, 1)
