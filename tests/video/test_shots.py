"""Cuts are found where they are, and pans, flashes, fades, noise and motion are left alone."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from vidstyle.types import Frame
from vidstyle.video.reader import open_clip
from vidstyle.video.shots import LOOKAHEAD, LOOKBEHIND, CutDetector, detect_cuts

WIDTH, HEIGHT = 256, 144
Pictures = list[np.ndarray]


def texture(seed: int, low: float = 20, high: float = 235, fine: int = 12) -> np.ndarray:
    """A wide random scene, float32 (H, 3 W, 3) from `low` to `high`."""
    random = np.random.default_rng(seed)
    total = np.zeros((HEIGHT, 3 * WIDTH, 3), np.float32)
    for size in (fine, 3 * fine, 4):
        cells = random.random((HEIGHT // size + 2, 3 * WIDTH // size + 2, 3)).astype(np.float32)
        total += size * cv2.resize(cells, (3 * WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    total = (total - total.min()) / (total.max() - total.min())
    return low + total * (high - low)


def view(scene: np.ndarray, x: float, y: float = 0) -> np.ndarray:
    shift = np.float32([[1, 0, -x], [0, 1, -y]])
    return cv2.warpAffine(scene, shift, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)


def pan(scene: np.ndarray, count: int, speed: float = 1) -> Pictures:
    return [view(scene, speed * i) for i in range(count)]


def noisy(pictures: Pictures, sigma: float) -> Pictures:
    random = np.random.default_rng(1)
    return [p + random.normal(0, sigma, p.shape) for p in pictures]


def grey(scene: np.ndarray) -> np.ndarray:
    return np.repeat(scene.mean(axis=2, keepdims=True), 3, axis=2)


def lit(pictures: Pictures, light: dict[int, float]) -> Pictures:
    return [p + light.get(i, 0) for i, p in enumerate(pictures)]


def fade(before: Pictures, after: Pictures, length: int) -> Pictures:
    steps = [i / length for i in range(1, length + 1)]
    return [
        *before,
        *(before[-1] * (1 - s) for s in steps),
        *(after[0] * s for s in steps),
        *after,
    ]


def dissolve(before: Pictures, after: Pictures, length: int) -> Pictures:
    mix = [before[-1] * (1 - i / length) + after[0] * (i / length) for i in range(1, length)]
    return [*before, *mix, *after]


def passing(speed: float, size: int) -> Pictures:
    pictures = [view(A, 10) for _ in range(30)]
    for i, picture in enumerate(pictures):
        x = round(speed * (i - 8))
        cv2.rectangle(picture, (x - size, 10), (x, 134), (250, 240, 30), -1)
    return pictures


A, B, C = texture(1), texture(2), texture(3)
DARK = texture(11, 2, 40), texture(12, 2, 40)
PALE = texture(31, 100, 140), texture(32, 100, 140)

UNCUT: dict[str, Callable[[], Pictures]] = {
    "noise": lambda: noisy([view(A, 50)] * 24, 8),
    "dark noise": lambda: noisy(pan(DARK[0], 24), 5),
    "fast pan": lambda: pan(A, 30, 12),
    "pan that starts and stops": lambda: [view(A, 0)] * 8 + pan(A, 14, 15) + [view(A, 195)] * 8,
    "shake": lambda: [view(A, 100 + 14 * (i == 12)) for i in range(24)],
    "jump": lambda: [view(A, 100 + 14 * (i >= 12)) for i in range(24)],
    "zoom": lambda: [
        cv2.warpAffine(A, cv2.getRotationMatrix2D((128, 72), 0, 1.03**i), (WIDTH, HEIGHT)) for i in range(24)
    ],
    "flash": lambda: noisy(lit(pan(A, 24, 2), {12: 140}), 2),
    "flash of two frames": lambda: noisy(lit(pan(A, 24, 2), {12: 140, 13: 140}), 2),
    "dying flash": lambda: noisy(lit(pan(A, 24), {12: 150, 13: 100, 14: 50}), 2),
    "strobe": lambda: lit(pan(A, 30), dict.fromkeys(range(0, 30, 6), 100)),
    "lights on": lambda: [p * 0.3 for p in pan(A, 12)] + [view(A, 12 + i) for i in range(12)],
    "slow fade": lambda: fade(pan(A, 8), pan(B, 8), 15),
    "quick fade": lambda: fade(pan(A, 8), pan(B, 8), 5),
    "dissolve": lambda: dissolve(pan(A, 8), pan(B, 8), 15),
    "fast object": lambda: passing(25, 80),
    "very fast large object": lambda: passing(60, 140),
    "animation on threes": lambda: [view(A, 24 * (i // 3)) for i in range(30)],
}

CUT: dict[str, tuple[Callable[[], Pictures], list[int]]] = {
    "plain": (lambda: pan(A, 12) + pan(B, 12), [12]),
    "noise": (lambda: noisy(pan(A, 12) + pan(B, 12), 8), [12]),
    "during a pan": (lambda: pan(A, 12, 8) + pan(B, 12, 8), [12]),
    "same place elsewhere": (lambda: pan(A, 12) + [view(A, 300 + i) for i in range(12)], [12]),
    "dark": (lambda: noisy(pan(DARK[0], 12) + pan(DARK[1], 12), 3), [12]),
    "pale": (lambda: pan(PALE[0], 12) + pan(PALE[1], 12), [12]),
    "black and white": (lambda: noisy(pan(grey(A), 12) + pan(grey(B), 12), 4), [12]),
    "short shots": (lambda: pan(A, 10) + pan(B, 4) + pan(C, 10), [10, 14]),
    "there and back": (lambda: pan(A, 10) + pan(B, 6) + pan(A, 10), [10, 16]),
    "second frame": (lambda: pan(A, 1) + pan(B, 10), [1]),
    "last frame": (lambda: pan(A, 10) + pan(B, 1), [10]),
    "four frames": (lambda: pan(A, 2) + pan(B, 2), [2]),
}


def as_frames(pictures: Pictures) -> list[Frame]:
    return [
        Frame(
            np.ascontiguousarray(np.clip(p, 0, 255).astype(np.uint8).transpose(2, 0, 1)),
            i,
            i,
            Fraction(1, 25),
        )
        for i, p in enumerate(pictures)
    ]


def starts(decisions: object) -> list[int]:
    return [frame.index for frame, cut in decisions if cut]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", UNCUT)
def test_what_is_no_cut(name: str) -> None:
    assert starts(detect_cuts(as_frames(UNCUT[name]()))) == [0]


@pytest.mark.parametrize("name", CUT)
def test_cuts(name: str) -> None:
    pictures, expected = CUT[name]
    assert starts(detect_cuts(as_frames(pictures()))) == [0, *expected]


def test_a_resumed_run_decides_the_same() -> None:
    frames = as_frames(noisy(pan(A, 9) + pan(B, 4) + lit(pan(C, 13), {5: 140}) + pan(A, 5), 4))
    whole = starts(detect_cuts(frames))
    assert whole == [0, 9, 13, 26]
    for k in range(1, len(frames)):
        resumed = starts(detect_cuts(frames[max(0, k - LOOKBEHIND) :]))
        assert [i for i in resumed if i >= k] == [i for i in whole if i >= k]


def test_frames_beyond_the_window_have_no_say() -> None:
    frames = as_frames(pan(A, 12) + pan(B, 12))
    others = as_frames(noisy(pan(C, 24, 11), 20))
    k = 12
    mixed = [
        *others[: k - LOOKBEHIND],
        *frames[k - LOOKBEHIND : k + LOOKAHEAD + 1],
        *others[k + LOOKAHEAD + 1 :],
    ]
    assert k in starts(detect_cuts(mixed))


def test_every_frame_comes_back_once_and_late_by_the_window() -> None:
    frames = as_frames(pan(A, 11))
    detector = CutDetector()
    pushed = [detector.push(frame) for frame in frames]
    assert pushed[:LOOKAHEAD] == [None] * LOOKAHEAD
    late = [decision[0].index for decision in pushed[LOOKAHEAD:] if decision]
    assert late + [frame.index for frame, _ in detector.finish()] == list(range(11))


def test_explicit_cuts_and_no_cuts() -> None:
    frames = as_frames(pan(A, 8) + pan(B, 8))
    assert starts(detect_cuts(frames, cuts=False)) == [0]
    assert starts(detect_cuts(frames, cuts=False, explicit=[5])) == [0, 5]
    assert starts(detect_cuts(frames, explicit={5})) == [0, 5, 8]
    assert starts(detect_cuts([])) == []


def test_sixteen_bit_frames_are_judged_alike() -> None:
    frames = as_frames(noisy(pan(DARK[0], 8) + pan(DARK[1], 8), 3))
    deep = [Frame(f.pixels.astype(np.uint16) * 257, f.index, f.pts, f.time_base) for f in frames]
    assert starts(detect_cuts(deep)) == starts(detect_cuts(frames)) == [0, 8]


def test_a_real_film(shared: Callable[[str], Path]) -> None:
    # A dissolve around frame 140, one cut at 202.
    clip = open_clip(shared("clips/nasa_13013.mp4"))
    assert starts(detect_cuts(clip.frames())) == [0, 202]
