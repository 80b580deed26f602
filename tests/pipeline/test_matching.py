"""Deep Image Analogy through the spine: resumed, in one job directory, its fields as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.pipeline.painting import StopAfter, pictures, stored
from tests.video.clip_makers import write_image
from vidstyle.errors import JobMismatch, Stopped, UsageError
from vidstyle.events import Hooks
from vidstyle.flow.files import read_flo
from vidstyle.job import JobStore
from vidstyle.methods.analogy.options import AnalogyOptions
from vidstyle.methods.base import Engine
from vidstyle.methods.registry import method
from vidstyle.options import EncodeOptions, RunOptions
from vidstyle.pipeline import resume, stylize

Match = Callable[..., Path]


@pytest.fixture
def match(tmp_path: Path, clip: Path, thin_weights: Path) -> Match:
    """match(OUTPUT, RUN..., options=...) matches the clip with an exemplar by a thin network."""
    pixels = np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
    exemplar = write_image(tmp_path / "exemplar.png", pixels)

    def run(output: str, options: dict[str, Any] | None = None, **hooks: Any) -> Path:
        return stylize(
            clip,
            [exemplar],
            tmp_path / output,
            options=AnalogyOptions(**({"steps": 2, "sweeps": 1} | (options or {}))),
            run=RunOptions(features=str(thin_weights), precision="float32", keep=True, frames=":5"),
            encode=EncodeOptions(codec="ffv1"),
            hooks=Hooks(**hooks),
        )

    return run


def test_stopped_anywhere_it_goes_on_as_if_it_had_not(match: Match, tmp_path: Path) -> None:
    whole = match("whole.mkv")
    for _ in range(3):
        hook = StopAfter(1)
        with pytest.raises(Stopped):
            match("parts.mkv", progress=hook, stop=hook)
    job = tmp_path / "parts.mkv.vidstyle"
    assert JobStore.load(job).settings["method"] == "analogy"
    parts = resume(job)
    assert stored(job) == stored(tmp_path / "whole.mkv.vidstyle")
    assert all(np.array_equal(a, b) for a, b in zip(pictures(whole), pictures(parts), strict=True))


def test_a_job_of_another_method_or_other_settings_is_refused(match: Match) -> None:
    match("out.mkv")
    with pytest.raises(JobMismatch, match="balance: balanced -> style"):
        match("out.mkv", {"balance": "style"})


def test_matches_are_saved(match: Match, tmp_path: Path) -> None:
    folder = tmp_path / "fields"
    match("out.mkv", {"save_fields": str(folder)})
    names = [f"{n}_4.{s}" for n in ("ab", "ba") for s in ("flo", "png")] + ["fields_4.npz", "b_4.png"]
    assert all((folder / name).is_file() for name in names)
    fields, vectors = np.load(folder / "fields_0.npz"), read_flo(folder / "ab_0.flo")
    assert fields["ab"].shape == (2, 32, 48) and fields["ba"].shape[0] == 2
    assert np.array_equal(vectors[0] + np.arange(48), fields["ab"][0].astype(np.float32))


def test_one_exemplar(match: Match, tmp_path: Path, clip: Path) -> None:
    with pytest.raises(UsageError, match="analogy takes one exemplar, not 2"):
        stylize(clip, [clip, clip], tmp_path / "out.mkv", options=AnalogyOptions())


def test_what_would_not_fit_is_matched_smaller_and_said() -> None:
    lines: list[str] = []
    engine = Engine(torch.device("cpu"), torch.float32, lambda: 1 / 0, lines.append)  # type: ignore[arg-type, return-value]

    def size(longest: int | None, width: int, height: int) -> int | None:
        fitted = method("analogy").fitted(AnalogyOptions(match_size=longest), width, height, engine)
        return fitted.match_size  # type: ignore[no-any-return]

    assert size(None, 700, 500) is None or lines
    huge = size(None, 160_000, 90_000)
    assert huge and huge < 160_000 and "matched at" in lines[-1]
    assert size(50, 160_000, 90_000) == 50
