"""Deep Image Analogy through the spine: resumed, in one job directory, its fields as files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import vidstyle
from tests.pipeline.painting import assert_resumes
from vidstyle.errors import UsageError
from vidstyle.flow.files import read_flo
from vidstyle.job import JobStore
from vidstyle.methods.analogy.options import AnalogyOptions
from vidstyle.methods.base import Engine
from vidstyle.methods.registry import method

Match = Callable[..., Path]


@pytest.fixture
def match(clip: Path, style: Path, quick: dict[str, Any]) -> Match:
    """match(OUTPUT, SETTING=VALUE...) matches five frames with an exemplar by a thin network."""
    own = {name: value for name, value in quick.items() if name != "next_steps"} | {"sweeps": 1}
    return partial(vidstyle.analogy, clip, style, **own, frames=":5")


def test_stopped_anywhere_it_goes_on_as_if_it_had_not(match: Match, tmp_path: Path) -> None:
    assert_resumes(match, [1] * 3)
    assert JobStore.load(tmp_path / "parts.mkv.vidstyle").settings["method"] == "analogy"


def test_matches_are_saved(match: Match, tmp_path: Path) -> None:
    folder = tmp_path / "fields"
    match("out.mkv", save_fields=str(folder))
    names = [f"{n}_4.{s}" for n in ("ab", "ba") for s in ("flo", "png")] + ["fields_4.npz", "b_4.png"]
    assert all((folder / name).is_file() for name in names)
    fields, vectors = np.load(folder / "fields_0.npz"), read_flo(folder / "ab_0.flo")
    assert fields["ab"].shape == (2, 32, 48) and fields["ba"].shape[0] == 2
    assert np.array_equal(vectors[0] + np.arange(48), fields["ab"][0].astype(np.float32))


def test_one_exemplar(clip: Path) -> None:
    with pytest.raises(UsageError, match="analogy takes one exemplar, not 2"):
        vidstyle.analogy(clip, [clip, clip], "out.mkv")  # type: ignore[arg-type]


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
