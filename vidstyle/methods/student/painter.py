"""Painting a frame at once, from what the frames before it left."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vidstyle.looks.brush import Brush
from vidstyle.looks.network import laid_over
from vidstyle.looks.noise import drift_after, no_drift
from vidstyle.looks.recolouring import colours_after
from vidstyle.types import Draft, Painted, Prior

DRIFT, COLOURS = "drift", "colours"


class StudentPainter:
    """Paints with a look; without priors from the frame alone."""

    def __init__(self, brush: Brush) -> None:
        self.brush = brush

    @torch.no_grad()
    def paint(
        self, content: Tensor, priors: Sequence[Prior], seed: int, draft: Draft | None = None
    ) -> Painted:
        """See `Painter.paint`. Nothing is random, and there is no loss.

        Where the noise lies is carried, and the colours of the last frames: that a frame is seen in those of
        the style, by one rule for as long as a shot lasts, whoever passes through it.
        Where no prior sees a pixel, a later pass keeps to what the pass before has left.
        """
        colours = colours_after(_earlier(priors, draft, COLOURS), content)
        drift = _drift(content, priors, draft)
        new = self.brush.new(content, drift, colours)
        if not self.brush.flow:
            return Painted(new, {COLOURS: colours})
        before, holds = _laid_over(content, priors)
        if draft is not None:
            before, holds = torch.lerp(draft.image, before, holds), torch.ones_like(holds)
        image = laid_over(new[None], before[None], holds[None])[0]
        return Painted(image.clamp(0, 1), {DRIFT: drift, COLOURS: colours})


def _drift(content: Tensor, priors: Sequence[Prior], draft: Draft | None) -> Tensor:
    """Where the frame lies in the noise: by the nearest frame painted before, or as in the pass before."""
    if draft is not None and DRIFT in draft.carry:
        return draft.carry[DRIFT].to(content.device)
    for prior in priors:
        if prior.vectors is not None and DRIFT in prior.carry:
            return drift_after(prior.carry[DRIFT].to(content.device), prior.vectors, prior.weight)
    height, width = content.shape[1:]
    return no_drift(height, width, content.device)


def _earlier(priors: Sequence[Prior], draft: Draft | None, name: str) -> Tensor | None:
    """What was carried by that name from the nearest frame, or from the pass before."""
    carries = [each.carry for each in ([] if draft is None else [draft]) + list(priors)]
    return next((carry[name] for carry in carries if name in carry), None)


def _laid_over(content: Tensor, priors: Sequence[Prior]) -> tuple[Tensor, Tensor]:
    """The priors as one, float32 (3, H, W), and how far it holds, (1, H, W)."""
    if not priors:
        return torch.zeros_like(content), torch.zeros_like(content[:1])
    total = torch.stack([prior.weight for prior in priors]).sum(0)
    image = torch.stack([prior.weight * prior.image for prior in priors]).sum(0) / total.clamp_min(1e-6)
    return image, total.clamp(0, 1)
