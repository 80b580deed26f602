"""Films of several shots, and painting them shot by shot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.video.clip_makers import make_video, packets
from vidstyle.cli import main
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.options import EncodeOptions, RunOptions
from vidstyle.pipeline.plan import Request
from vidstyle.video.reader import open_clip

SIZE = (48, 32)
STARTS = [0, 14, 24, 37]  # of the film below


def film(path: Path) -> Path:
    """42 frames with sound: three of black, a fade in, a cut, a dissolve and a cut to a short last shot."""
    scenes = [_shot(seed) for seed in range(4)]
    pictures = [np.zeros_like(scenes[0](0))] * 3
    pictures += [_mixed(pictures[0], scenes[0](i), min(1, (i - 2) / 6)) for i in range(3, 14)]
    pictures += [scenes[1](i) for i in range(14, 19)]
    pictures += [_mixed(scenes[1](i), scenes[2](i), (i - 19) / 10) for i in range(19, 30)]
    pictures += [scenes[2](i) for i in range(30, 37)]
    pictures += [scenes[3](i) for i in range(37, 42)]
    given = {"codec": "ffv1", "pix_fmt": "bgr0", "size": SIZE, "pts": list(range(42))}
    return make_video(path, pictures=pictures, audio=("aac",), **given)


def _shot(seed: int) -> Any:
    """By the index of a frame: uint8 (H, W, 3), coarse noise of its own that pans slowly."""
    blocks = np.random.default_rng(seed).integers(0, 255, (4, 8, 3)).astype(np.uint8)
    wide = cv2.resize(blocks, (SIZE[0] + 24, SIZE[1]), interpolation=cv2.INTER_CUBIC)
    return lambda index: wide[:, index // 4 : index // 4 + SIZE[0]]


def _mixed(one: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    return ((1 - share) * one + share * other).round().astype(np.uint8)


def words(settings: dict[str, Any]) -> list[str]:
    """As a command line has them."""
    found = []
    for name, value in settings.items():
        option = name.replace("_", "-")
        found += [
            f"--{option}" if value is True else f"--no-{option}" if value is False else f"--{option}={value}"
        ]
    return found


def given(*arguments: Any, **settings: Any) -> list[str]:
    """Arguments and options as words."""
    return [*map(str, arguments), *words(settings)]


def asked(source: Path, output: str, quick: dict[str, Any], frames: str, codec: str) -> Request:
    """The same as Python has it: by style.png, with the `quick` settings."""
    options = NeuralOptions(steps=quick["steps"], next_steps=quick["next_steps"])
    run = RunOptions(features=quick["features"], precision=quick["precision"], frames=frames)
    pictures, encode = [Path("style.png")], EncodeOptions(codec=codec)
    return Request(source, pictures, Path(output), options, run, encode, lambda line: None)


def run(*arguments: Any, code: int = 0, **settings: Any) -> None:
    """A command, quietly, that ends with this code."""
    assert main([*given(*arguments, **settings), "-q"]) == code


def assert_same(one: Path, other: Path) -> None:
    """Two clips have the same frames at the same times, and the same packets of sound."""
    frames, others = (list(open_clip(path).frames()) for path in (one, other))
    assert [frame.pts_seconds for frame in frames] == [frame.pts_seconds for frame in others]
    for frame, its in zip(frames, others, strict=True):
        assert np.array_equal(frame.pixels, its.pixels), frame
    if one.is_file():
        assert packets(one, "audio") == packets(other, "audio")
        assert one.read_bytes() == other.read_bytes()
