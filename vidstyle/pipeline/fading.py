"""Fades are taken from what is painted, and put back on the painting.

Painted as they are, frames that fade would be held to what was painted before there was anything to see, and
keep their strokes in full brightness where there is nothing to see any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from vidstyle.image.convert import to_float, to_uint16
from vidstyle.types import Frame, Painted
from vidstyle.video.fades import Fade

FADE = "fade"  # in a carry, float32 (2,): the share and the colour of a frame that is faded


def faded(painted: Painted, fade: Fade | None) -> Painted:
    """A painting with the fade of its frame, which it carries."""
    if fade is None:
        return painted
    image = fade.colour + fade.share * (painted.image - fade.colour)
    carry = {**painted.carry, FADE: torch.tensor([fade.share, fade.colour])}
    return replace(painted, image=painted.image if fade.blank else image, carry=carry)


def unfaded(image: Tensor, fade: Fade | None) -> Tensor:
    """A picture float32 (3, H, W) in [0, 1] without a fade; as it is where as good as nothing is left."""
    if fade is None or fade.blank:
        return image
    return (fade.colour + (image - fade.colour) / fade.share).clamp(0, 1)


def unfaded_frame(frame: Frame, fade: Fade | None) -> Frame:
    """Likewise."""
    if fade is None or fade.blank:
        return frame
    return replace(
        frame,
        pixels=to_uint16(unfaded(to_float(frame.pixels), fade)),
        alpha=None if frame.alpha is None else to_uint16(to_float(frame.alpha)),
    )


def fade_in(carry: Mapping[str, Tensor]) -> Fade | None:
    """The fade that a painted frame carries."""
    return Fade(*carry[FADE].tolist()) if FADE in carry else None


def is_blank(carry: Mapping[str, Tensor]) -> bool:
    """Whether a painted frame shows nothing that could have been painted."""
    fade = fade_in(carry)
    return fade is not None and fade.blank
