"""What the tests of the spine share: stopping after some frames, and looking at what is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.video.clip_makers import write_image
from vidstyle.errors import Stopped
from vidstyle.events import Progress
from vidstyle.job import JobStore
from vidstyle.pipeline import resume
from vidstyle.video.reader import open_clip

Paint = Callable[..., Path]


class StopAfter:
    """A progress hook and a stop signal: set once `count` frames have been painted."""

    def __init__(self, count: int) -> None:
        self.left = count

    def __call__(self, event: Progress) -> None:
        self.left -= event.phase == "paint"

    def is_set(self) -> bool:
        return self.left <= 0


class StopWhileEncoding:
    """A progress hook and a stop signal: set once a frame has been encoded. painted: frames until then."""

    def __init__(self) -> None:
        self.painted, self._encoded = 0, False

    def __call__(self, event: Progress) -> None:
        self.painted += event.phase == "paint"
        self._encoded |= event.phase == "encode"

    def is_set(self) -> bool:
        return self._encoded


def stopped(paint: Paint, hook: Any, *where: Any, **settings: Any) -> None:
    """Paint until a hook, such as the two above, says stop."""
    with pytest.raises(Stopped):
        paint(*where, **settings, progress=hook, stop=hook)


def assert_resumes(paint: Paint, stops: Iterable[int], *kept: str, **settings: Any) -> Path:
    """Stopped after so many frames, again and again, a clip becomes what it is in one go; returns it.

    paint: paint(OUTPUT, SETTING=VALUE...); gone on with from another directory in the end.
    kept: the folders of the job directory that are compared.
    """
    settings = {"codec": "ffv1", "keep": True} | settings
    whole = paint("whole.mkv", **settings).resolve()
    job, painted = whole.with_name("parts.mkv.vidstyle"), 0
    for count in stops:
        stopped(paint, StopAfter(count), "parts.mkv", **settings)
        painted += count
        assert JobStore.load(job).painted() == painted
    with chdir("/"):
        parts = resume(job)
    for folder in kept or ("frames",):
        assert stored(job, folder) == stored(whole.with_name("whole.mkv.vidstyle"), folder)
    assert_same(parts, whole)
    return parts


def assert_same(one: Path, other: Path) -> None:
    """Two clips show the same pictures."""
    assert all(np.array_equal(a, b) for a, b in zip(pictures(one), pictures(other), strict=True))


def noise(path: Path, seed: int = 0, size: tuple[int, int] = (40, 50)) -> Path:
    """A picture of random colours; size: height and width."""
    return write_image(path, np.random.default_rng(seed).integers(0, 255, (*size, 3), np.uint8))


def stored(job: Path, folder: str = "frames") -> dict[str, bytes]:
    """The painted frames in a job directory by name; `folder` for those of a later pass."""
    return {path.name: path.read_bytes() for path in sorted((job / folder).iterdir())}


def pictures(path: Path) -> list[np.ndarray]:
    return [frame.pixels for frame in open_clip(path).frames()]
