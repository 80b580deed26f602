"""Dissolves are found, with the share that each of the two shots has in a frame; one shot has none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from clip_makers import scene

from vidstyle.types import Frame
from vidstyle.video.dissolves import REACH, Dissolve, detect_dissolves
from vidstyle.video.fades import detect_fades
from vidstyle.video.reader import open_clip
from vidstyle.video.shots import LOOKBEHIND, detect_cuts

Found = list[tuple[bool, Dissolve | None]]


def house(index: int) -> np.ndarray:
    """uint8 (64, 96, 3): something with edges, which moves to the right."""
    picture = np.full((64, 96, 3), (200, 215, 230), np.uint8)
    picture[40:] = (70, 120, 60)
    cv2.rectangle(picture, (20 + index // 4, 20), (50 + index // 4, 50), (150, 50, 40), -1)
    cv2.rectangle(picture, (30 + index // 4, 30), (38 + index // 4, 50), (30, 20, 20), -1)
    return picture


def frames_of(shares: Sequence[float]) -> list[Frame]:
    """By the share of the second shot in each."""
    mixed = [(1 - share) * scene(96, 64, 0) + share * house(i) for i, share in enumerate(shares)]
    return [
        Frame(np.ascontiguousarray(each.round().astype(np.uint8).transpose(2, 0, 1)), i, i, Fraction(1, 25))
        for i, each in enumerate(mixed)
    ]


def found(frames: Sequence[Frame]) -> Found:
    said = list(detect_dissolves(detect_fades(detect_cuts(frames))))
    assert [frame.index for (frame, _, _), _ in said] == [frame.index for frame in frames]
    return [(starts, dissolve) for (_, starts, _), dissolve in said]


def shares_of(said: Found) -> list[float]:
    """Of the second shot, which begins in the middle."""
    middle = max(place for place, (starts, _) in enumerate(said) if starts)
    own = [1.0 if dissolve is None else dissolve.share for _, dissolve in said]
    return [share if place >= middle else 1 - share for place, share in enumerate(own)]


@pytest.mark.parametrize("length", [8, 12, 25, 34])
@pytest.mark.parametrize("eased", [False, True])
def test_shares_are_found(length: int, eased: bool) -> None:
    line = np.linspace(0, 1, length + 1)
    line = line**2 * (3 - 2 * line) if eased else line
    shares = [*[0.0] * 9, *line.tolist(), *[1.0] * 9]
    said = found(frames_of(shares))
    assert [place for place, (starts, _) in enumerate(said) if starts] == [
        0,
        pytest.approx(9 + length / 2, abs=2.5),
    ]
    assert shares_of(said) == pytest.approx(shares, abs=0.08)
    others = [dissolve.other.index for _, dissolve in said if dissolve is not None]
    assert others[0] == pytest.approx(9 + length, abs=4) and others[-1] == pytest.approx(9, abs=4)


@pytest.mark.parametrize(
    "shares",
    [
        [*[0.0] * 20, *[1.0] * 20],  # a cut
        [*[0.0] * 20, 0.5, *[1.0] * 20],
        [1.0] * 60,
    ],
)
def test_what_is_no_dissolve(shares: list[float]) -> None:
    assert not any(dissolve for _, dissolve in found(frames_of(shares)))


def test_waves_that_move_are_none() -> None:
    """Of which each is nearly the mean of the one before and the one after."""
    for speed in (0.5, 2.0):
        pixels = [scene(96, 64, i * speed).transpose(2, 0, 1).copy() for i in range(60)]  # type: ignore[arg-type]
        frames = [Frame(each, i, i, Fraction(1, 25)) for i, each in enumerate(pixels)]
        assert not any(dissolve for _, dissolve in found(frames))


@pytest.mark.parametrize("ends", [(1, 0), (0, 1)])
def test_fades_are_none(ends: tuple[float, float]) -> None:
    shares = [*[ends[0]] * 8, *np.linspace(*ends, 15).tolist(), *[ends[1]] * 8]
    frames = [
        Frame((house(i) * share).astype(np.uint8).transpose(2, 0, 1).copy(), i, i, Fraction(1, 25))
        for i, share in enumerate(shares)
    ]
    assert not any(dissolve for _, dissolve in found(frames))


@pytest.mark.parametrize("name", ["valley", "passing", "cut"])
def test_samples_have_none(samples: Path, name: str) -> None:
    said = found(list(open_clip(samples / f"{name}.mp4").frames()))
    assert not any(dissolve for _, dissolve in said)


def test_a_film(shared: Callable[[str], Path]) -> None:
    """One of these clips has a dissolve, from frame 126 to 151."""
    for name in ("bikes", "carphone_pristine"):
        assert not any(each for _, each in found(list(open_clip(shared(f"clips/{name}.mp4")).frames(0, 80))))
    said = found(list(open_clip(shared("clips/nasa_13013.mp4")).frames(110, 180)))
    assert [place + 110 for place, (_, each) in enumerate(said) if each] == list(range(127, 151))


def test_a_run_that_begins_later_finds_the_same() -> None:
    line = np.linspace(0, 1, 21).tolist()
    frames = frames_of([*[0.0] * 50, *line, *[1.0] * 30, *line[::-1], *[0.0] * 20])
    whole = found(frames)
    assert [place for place, (starts, _) in enumerate(whole) if starts] == [0, 61, 111]
    for first in (60, 90, 115):
        begin = max(0, first - REACH - LOOKBEHIND)
        later = found_from(frames, begin)
        for place in range(first, len(frames)):
            (starts, one), (begins, other) = whole[place], later[place - begin]
            assert starts == begins
            assert (one is None) == (other is None)
            if one is not None and other is not None:
                assert (one.share, one.other.index) == (other.share, other.other.index)


def found_from(frames: Sequence[Frame], begin: int) -> Found:
    said = detect_dissolves(detect_fades(detect_cuts(frames[begin:])))
    return [(starts, dissolve) for (_, starts, _), dissolve in said]
