"""Memory that runs out while a frame is painted: less is tried and kept to, and at last one line tells."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.pipeline.painting import Paint, StopAfter, pictures, stopped, stored
from tests.video.clip_makers import make_video
from vidstyle.errors import OutOfMemory, is_out_of_memory
from vidstyle.job import JobStore
from vidstyle.methods.style import painter as style
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.methods.tiling import narrower_tiles

SIZE = 576, 64
Limit = Callable[[int, int], None]


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Limit:
    """limit(SIDE, FRAMES): after so many frames there is memory for SIDE pixels alone, of frames or tiles."""
    real, seen, allowed = style.term_values, set[int](), [2**20, 0]

    def scarce(features: Any, x: Tensor, terms: Any, *, tile: int | None = None, **more: Any) -> Any:
        side, free = allowed
        if len(seen) >= free and min(max(x.shape), tile or 2**20) > side:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return real(features, x, terms, tile=tile, **more)

    def painted(self: Any, *arguments: Any) -> Any:
        made = paint(self, *arguments)
        seen.add(len(seen))
        return made

    paint = style.NeuralStyle.paint
    monkeypatch.setattr(style, "term_values", scarce)
    monkeypatch.setattr(style.NeuralStyle, "paint", painted)

    def set_to(side: int, frames: int) -> None:
        seen.clear()
        allowed[:] = side, frames

    return set_to


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    return make_video(tmp_path / "wide.mp4", size=SIZE, count=3)


def test_it_goes_on_in_tiles_and_whoever_resumes_does(
    paint: Paint, wide: Path, tmp_path: Path, limit: Limit
) -> None:
    notices: list[str] = []
    painting = partial(paint, wide, steps=1, next_steps=1, keep=True, notice=notices.append)
    painting("whole.mkv")
    limit(300, 1)
    painting("once.mkv")
    line = "out of memory painting 576x64; from here on it is done with --tile-size 256"
    assert line in notices
    jobs = {name: tmp_path / f"{name}.mkv.vidstyle" for name in ("whole", "once", "parts")}
    assert JobStore.load(jobs["whole"]).narrowed() == 0 and JobStore.load(jobs["once"]).narrowed() == 1
    limit(300, 1)
    stopped(painting, StopAfter(2), "parts.mkv")
    limit(2**20, 0)  # there is room again; it has to be the same clip all the same
    painting("parts.mkv")
    assert stored(jobs["parts"]) == stored(jobs["once"])
    clips = [np.stack(pictures(tmp_path / f"{name}.mkv")).astype(int) for name in ("whole", "once")]
    assert np.array_equal(clips[0][0], clips[1][0]), "painted before"
    assert np.abs(clips[0] - clips[1]).max() <= 2
    painting("parts.mkv", restart=True)
    assert stored(jobs["parts"]) == stored(jobs["whole"])


def test_at_last_one_line_says_what_to_change_and_nothing_is_lost(
    paint: Paint, wide: Path, tmp_path: Path, limit: Limit
) -> None:
    painting = partial(paint, wide, "out.mkv", steps=1, next_steps=1)
    limit(100, 1)
    line = "out of memory painting 576x64; choose a smaller --size or --tile-size.*; what is painted is kept"
    with pytest.raises(OutOfMemory, match=line):
        painting()
    assert JobStore.load(tmp_path / "out.mkv.vidstyle").painted() == 1
    limit(2**20, 0)
    notices: list[str] = []
    painting(notice=notices.append)
    assert "going on after 1 painted frames" in notices and len(pictures(tmp_path / "out.mkv")) == 3


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("MPS backend out of memory (MPS allocated: 5.00 GB)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
)
def test_it_is_known_by_what_libraries_say(error: Exception) -> None:
    assert is_out_of_memory(error)
    assert not is_out_of_memory(RuntimeError("shapes do not match"))


@pytest.mark.parametrize(
    ("size", "before", "after"),
    [
        ((3840, 2160), None, 1024),
        ((1280, 720), None, 640),
        ((500, 500), None, None),
        ((3840, 2160), 1024, 512),
        ((3840, 2160), 300, None),
        ((3840, 2160), 0, None),
    ],
)
def test_tiles_are_halved(size: tuple[int, int], before: int | None, after: int | None) -> None:
    found = narrower_tiles(NeuralOptions(tile_size=before), *size)
    assert (None if found is None else found.tile_size) == after
