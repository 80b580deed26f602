"""How far frames are faded is found, in and out, to black and to white; what is filmed is left alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from clip_makers import scene

from vidstyle.types import Frame
from vidstyle.video.fades import REACH, Fade, detect_fades
from vidstyle.video.reader import open_clip
from vidstyle.video.shots import LOOKBEHIND, detect_cuts

LINE = [step / 6 for step in range(1, 6)]
IN = [0.0] * 3 + LINE + [1.0] * 6
OUT = IN[::-1]


def filmed(shares: Sequence[float], white: bool = False) -> list[Frame]:
    colour = 255 * white
    pixels = [colour + share * (scene(96, 64, i).astype(float) - colour) for i, share in enumerate(shares)]
    return [
        Frame(np.ascontiguousarray(each.round().astype(np.uint8).transpose(2, 0, 1)), i, i, Fraction(1, 25))
        for i, each in enumerate(pixels)
    ]


def found(frames: Sequence[Frame]) -> list[Fade | None]:
    said = list(detect_fades(detect_cuts(frames)))
    assert [frame.index for frame, _, _ in said] == [frame.index for frame in frames]
    return [fade for _, _, fade in said]


@pytest.mark.parametrize("white", [False, True])
@pytest.mark.parametrize(
    "shares",
    [
        IN,
        OUT,
        [*OUT, *IN],
        [0.12 + 0.88 * min(1, i / 6) for i in range(14)],
        [*[1.0] * 8, 0.2, *[1.0] * 8],
        [*[1.0] * 8, 0.0, *[1.0] * 8],
        [*np.linspace(0, 1, 40).tolist(), *[1.0] * 6],
    ],
)
def test_shares_are_found(shares: list[float], white: bool) -> None:
    fades = found(filmed(shares, white))
    assert [1.0 if fade is None else fade.share for fade in fades] == pytest.approx(shares, abs=0.04)
    assert all(fade is None or fade.colour == white for fade in fades)
    assert [fade is not None and fade.blank for fade in fades] == [share < 0.04 for share in shares]


@pytest.mark.parametrize("name", ["valley", "passing", "cut"])
def test_what_does_not_fade_has_no_fade(samples: Path, name: str) -> None:
    assert not any(found(list(open_clip(samples / f"{name}.mp4").frames())))


@pytest.mark.parametrize(
    "shares",
    [
        [0.3] * 8 + [1.0] * 8,  # a lamp is switched on
        [1.0, 0.9] * 8,  # it flickers
        [0.3] * 8 + [1.0] + [0.3] * 8,  # lightning
        [1.0] * 6 + [0.8] * 10,  # the exposure changes
    ],
)
def test_light_that_is_filmed_is_no_fade(shares: list[float]) -> None:
    assert not any(found(filmed(shares)))


def test_a_run_that_begins_later_finds_the_same() -> None:
    frames = filmed(
        [*np.linspace(0, 1, 70).tolist(), *[1.0] * 9, *np.linspace(1, 0, 90).tolist(), *[0.0] * 5]
    )
    whole = found(frames)
    for first in (REACH + LOOKBEHIND, 90, 120, 165):
        begin = first - REACH - LOOKBEHIND
        later: Iterator[tuple[Frame, bool, Fade | None]] = detect_fades(detect_cuts(frames[begin:]))
        assert [fade for frame, _, fade in later if frame.index >= first] == whole[first:]
    assert whole[0] is not None and whole[0].blank and whole[75] is None
