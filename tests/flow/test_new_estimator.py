"""A flow estimator of one class and one line, as the guide to extending shows it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.guides.reading import follow, guide
from vidstyle.errors import UsageError
from vidstyle.flow.estimators import ESTIMATORS, FlowEstimator, make_estimator


@pytest.fixture
def shift(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FlowEstimator:
    monkeypatch.setitem(ESTIMATORS, "shift", ESTIMATORS["none"])
    follow(guide("extending"), "shift.py", tmp_path, monkeypatch)
    return make_estimator("shift")


@pytest.mark.parametrize("step", [(0, 0), (3, -2), (-5, 7)])
def test_a_frame_that_is_shifted_is_found(shift: FlowEstimator, step: tuple[int, int]) -> None:
    source = np.random.default_rng(2).integers(0, 255, (3, 40, 60), np.uint8)
    target = np.roll(source, (-step[1], -step[0]), axis=(1, 2))
    found = shift(target, source)
    assert found.dtype == np.float32 and found.shape == (2, 40, 60)
    assert (found == np.array(step, np.float32)[:, None, None]).all()


def test_any_size_is_taken(shift: FlowEstimator) -> None:
    for size in ((1, 1), (1, 7), (5, 2)):
        assert np.isfinite(shift(np.zeros((3, *size), np.uint16), np.zeros((3, *size), np.uint16))).all()


def test_it_takes_no_weights(shift: FlowEstimator) -> None:
    with pytest.raises(UsageError, match="not shift"):
        make_estimator("shift", "some.pth")
