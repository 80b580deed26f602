"""Painting a frame at once, from what the frames before it left."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vidstyle.image.colour import luminance
from vidstyle.image.resize import fit, resize
from vidstyle.methods.base import Engine
from vidstyle.methods.student.look import Look
from vidstyle.methods.student.network import laid_over
from vidstyle.methods.student.noise import drift_after, no_drift, noise_at
from vidstyle.methods.student.recolouring import colours_after, recoloured
from vidstyle.types import Draft, Painted, Prior

DRIFT, COLOURS = "drift", "colours"


class StudentPainter:
    """Paints with a network that has learnt a look; without priors from the frame alone.

    look: what the network has learnt. strokes: as by the options.
    """

    def __init__(self, look: Look, strokes: str, engine: Engine) -> None:
        self.student = look.student(engine.dtype).to(engine.device).fix()
        self.palette, self.flow = look.palette.to(engine.device), look.flow
        self.size = look.size if strokes == "picture" else None

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
        new = self._new(recoloured(content, self.palette, colours), drift)[None]
        if not self.flow:
            return Painted(new[0], {COLOURS: colours})
        before, holds = _laid_over(content, priors)
        if draft is not None:
            before, holds = torch.lerp(draft.image, before, holds), torch.ones_like(holds)
        image = laid_over(new, before[None], holds[None])[0]
        return Painted(image.clamp(0, 1), {DRIFT: drift, COLOURS: colours})

    def _new(self, frame: Tensor, drift: Tensor) -> Tensor:
        """x, of a frame (3, H, W) in the style's colours."""
        height, width = frame.shape[1:]
        noise = noise_at(drift, height, width)
        if not self.flow:
            noise = torch.zeros_like(noise)
        if self.size is None or self.size >= max(height, width):
            return self.student.new(frame[None], noise[None])[0]
        columns, rows = fit(width, height, self.size)
        small = resize(frame, (rows, columns))
        coarse = resize(noise, (-(-rows // 2), -(-columns // 2)))
        made = resize(self.student.new(small[None], coarse[None])[0], (height, width))
        # What the small frame cannot show of the large one: edges would be as soft as the strokes are large.
        detail = luminance(frame - resize(small, (height, width)))
        return (made + detail).clamp(0, 1)


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
