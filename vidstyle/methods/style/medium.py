"""What is searched when a frame is painted: the picture itself, or what makes it of a photograph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from vidstyle.events import Observer
from vidstyle.image.matting import Relight
from vidstyle.image.recolour import recolour_unpainted
from vidstyle.methods.style.priors import composed, seen_in
from vidstyle.optimize import Minimum, Terms, minimise
from vidstyle.types import Prior


class Paint:
    """Strokes may lie anywhere: the picture itself is searched.

    strokes: whether a painting begins with a little noise, ripens, and has its grain held to the style's.
    style_share: of the style's weight.
    """

    strokes: ClassVar[bool] = True
    style_share: ClassVar[float] = 1.0

    def earlier(self, subject: Tensor, priors: Sequence[Prior]) -> Sequence[Prior]:
        """Earlier frames, as the painting of this subject begins with them and is held to them."""
        return priors

    def rough(self, picture: Tensor, subject: Tensor) -> Tensor:
        """What of a picture has its noise suppressed."""
        return picture

    def search(
        self, image: Tensor, subject: Tensor, terms: Terms, observer: Observer | None, **how: Any
    ) -> Minimum:
        """The picture near `image` that makes the terms small; how: see `minimise`."""
        with torch.enable_grad():
            return minimise(image, terms, observer=observer, smooth=True, **how)


class Photograph(Paint):
    """Only colours and light change, smoothly: what is searched is a sketch, which relights the subject."""

    strokes = False
    style_share = 0.1  # a photograph has the style's colours already when it starts

    def earlier(self, subject: Tensor, priors: Sequence[Prior]) -> Sequence[Prior]:
        """As one, the subject in their light: colours are held, and no detail blurs by warping."""
        if not priors:
            return priors
        seen = seen_in(priors)
        laid = composed(recolour_unpainted(subject, composed(subject, priors), seen), priors)
        light = Relight(subject)
        return [Prior(light.apply(light.sketch(laid)).clamp(0, 1), seen)]

    def rough(self, picture: Tensor, subject: Tensor) -> Tensor:
        """A photograph's own grain is no noise: what is added to it may be."""
        return picture - subject

    def search(
        self, image: Tensor, subject: Tensor, terms: Terms, observer: Observer | None, **how: Any
    ) -> Minimum:
        light = Relight(subject)

        def shown(sketch: Tensor) -> Tensor:
            return light.apply(sketch).clamp(0, 1)

        def seen(step: Any) -> None:
            assert observer is not None
            observer(replace(step, image=lambda: shown(step.image())))

        with torch.enable_grad():
            found = minimise(
                light.sketch(image).clamp(0, 1),
                lambda sketch: terms(light.apply(sketch)),
                observer=None if observer is None else seen,
                **how,
            )
        return replace(found, image=shown(found.image))
