"""Consistency masks: the released program's own masks, and scenes whose occlusions are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vidstyle.flow.consistency import (
    CERTAIN,
    DISOCCLUDED,
    UNCERTAIN,
    agreement,
    consistency,
    long_term,
    reliability,
    reliability_8bit,
)
from vidstyle.flow.files import read_flo

HEIGHT, WIDTH = 40, 60
SQUARE = (slice(12, 28), slice(20, 36))  # where it is in the first frame
STEP = 8  # how far it moves to the right


def constant(dx: float, dy: float) -> np.ndarray:
    flow = np.empty((2, HEIGHT, WIDTH), np.float32)
    flow[0], flow[1] = dx, dy
    return flow


def moving_square() -> tuple[np.ndarray, np.ndarray]:
    """Exact flows (first to second, second to first) of a square that moves over a still ground."""
    rows, columns = SQUARE
    moved = slice(columns.start + STEP, columns.stop + STEP)
    forward, backward = constant(0, 0), constant(0, 0)
    forward[0, rows, columns] = STEP
    backward[0, rows, moved] = -STEP
    return forward, backward


@pytest.mark.parametrize(
    "judged, reverse", [("forward_1_2", "backward_2_1"), ("backward_2_1", "forward_1_2")]
)
def test_the_masks_of_the_released_program(shared, judged, reverse):
    folder = shared("golden/ruder_marple")
    direction = judged.split("_", 1)[1]
    golden = cv2.imread(str(folder / f"reliable_{direction}.pgm"), cv2.IMREAD_UNCHANGED)
    flows = read_flo(folder / f"{judged}.flo"), read_flo(folder / f"{reverse}.flo")
    mask = reliability_8bit(*flows)
    assert mask.dtype == np.uint8 and mask.shape == golden.shape
    assert np.abs(mask.astype(int) - golden).max() <= 1
    # The weight departs from them only where a vector ends just outside.
    weight = reliability(*flows)[0]
    assert (weight >= mask / np.float32(254)).all()
    assert (weight[20:-20, 20:-20] == mask[20:-20, 20:-20] / np.float32(254)).all()


def test_a_picture_that_stands_still_is_certain_up_to_its_border():
    assert (consistency(constant(0, 0), constant(0, 0)) == CERTAIN).all()
    weight = reliability(constant(0, 0), constant(0, 0))
    assert weight.shape == (1, HEIGHT, WIDTH) and weight.dtype == np.float32
    assert (weight == 1).all()
    assert (reliability_8bit(constant(0, 0), constant(0, 0)) == 254).all()


def test_a_constant_shift_is_certain_wherever_it_stays_in_frame():
    marks = consistency(constant(3, -2), constant(-3, 2))
    expected = np.full((HEIGHT, WIDTH), CERTAIN)
    expected[:, -3:] = UNCERTAIN
    expected[:2] = UNCERTAIN
    assert np.array_equal(marks, expected)


def test_a_still_picture_keeps_its_border_though_estimates_tremble():
    tremble = np.random.default_rng(0).normal(0, 0.01, (2, HEIGHT, WIDTH)).astype(np.float32)
    assert (reliability(tremble, -tremble) == 1).all()
    assert reliability_8bit(tremble, -tremble)[0].mean() < 200
    # What truly leaves the picture keeps only what smoothing spreads to it.
    leaving = reliability(constant(-1, 0), constant(1, 0))[0]
    assert leaving[:, 0].max() < 0.3
    assert (leaving[:, 3:] == 1).all()


def test_flows_that_contradict_each_other_are_disoccluded():
    marks = consistency(constant(3, 0), constant(3, 0))
    assert (marks[:, :-3] == DISOCCLUDED).all()
    assert not reliability(constant(3, 0), constant(3, 0)).any()


@pytest.mark.parametrize("length, mark", [(0.70, CERTAIN), (0.72, DISOCCLUDED)])
def test_the_threshold_of_disocclusion(length, mark):
    # With b = 0 the limit is |f|² = 0.01 |f|² + 0.5, at |f| = 0.7107.
    marks = consistency(constant(length, 0), constant(0, 0))
    assert (marks[:, :-1] == mark).all()


@pytest.mark.parametrize("slope, mark", [(0.044, CERTAIN), (0.046, UNCERTAIN)])
def test_the_threshold_of_motion_boundaries(slope, mark):
    # Next to the column where u = slope * (x - 30) is zero, the limit is slope² = 0.002, at 0.0447.
    flow = constant(0, 0)
    flow[0] = slope * (np.arange(WIDTH) - 30)
    assert (consistency(flow, -flow)[:, 30] == mark).all()


def test_what_a_moving_square_uncovers_is_disoccluded():
    forward, backward = moving_square()
    rows, columns = SQUARE
    # Seen from the second frame, the strip behind the square was hidden in the first.
    uncovered = np.zeros((HEIGHT, WIDTH), bool)
    uncovered[rows, columns.start : columns.start + STEP] = True
    square = np.zeros((HEIGHT, WIDTH), bool)
    square[rows, columns.start + STEP : columns.stop + STEP] = True
    marks = consistency(backward, forward)
    assert (marks[uncovered] == DISOCCLUDED).all()
    assert not (marks[~uncovered] == DISOCCLUDED).any()
    # Motion boundaries reach one pixel to either side of the outline, and nowhere else.
    outline = cv2.dilate(square.astype(np.uint8), np.ones((3, 3))) > cv2.erode(
        square.astype(np.uint8), np.ones((3, 3))
    )
    assert (marks[~uncovered & ~outline] == CERTAIN).all()
    weight = reliability(backward, forward)[0]
    assert not weight[uncovered].any()
    assert (
        weight[rows.start + 4 : rows.stop - 4, columns.start + STEP + 4 : columns.stop + STEP - 4] == 1
    ).all()


@pytest.mark.parametrize("unknown", [np.nan, np.inf, -np.inf, 1e10])
@pytest.mark.parametrize("where", ["flow", "reverse"])
def test_unknown_vectors_are_never_certain(unknown, where):
    flow, reverse = constant(0, 0), constant(0, 0)
    (flow if where == "flow" else reverse)[:, 20, 30] = unknown
    marks = consistency(flow, reverse)
    assert marks[20, 30] != CERTAIN
    assert np.count_nonzero(marks != CERTAIN) <= 9
    assert reliability(flow, reverse)[0, 20, 30] <= 0.5


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (6, 1), (2, 2)])
def test_tiny_pictures(shape):
    still = np.zeros((2, *shape), np.float32)
    assert (reliability(still, still) == 1).all()


def test_inputs_are_read_only_and_unchanged():
    flow, reverse = moving_square()
    for array in (flow, reverse):
        array.flags.writeable = False
    reliability(flow, reverse)


def test_sizes_that_differ_are_refused():
    with pytest.raises(ValueError, match="must both be"):
        consistency(constant(0, 0), constant(0, 0)[:, 1:])


def test_each_pixel_is_held_by_the_nearest_frame_that_sees_it() -> None:
    seen = [[1.0, 0.0, 0.4, 0.2, 0.0], [1.0, 1.0, 0.5, 0.3, 0.0], [1.0, 1.0, 1.0, 1.0, 0.7]]
    held = long_term([np.array(row, np.float32).reshape(1, 1, 5) for row in seen])
    # The original weights are subtracted: at the third place 1 − 0.4 − 0.5, not 1 − 0.4 − 0.1.
    wanted = [[1, 0, 0.4, 0.2, 0], [0, 1, 0.1, 0.1, 0], [0, 0, 0.1, 0.5, 0.7]]
    assert np.allclose(np.concatenate(held)[:, 0], wanted, atol=1e-6)
    assert long_term([]) == []


def test_agreement_is_of_what_looks_alike_along_the_flow() -> None:
    rng = np.random.default_rng(3)
    target = cv2.GaussianBlur(rng.integers(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32), (0, 0), 2)
    target = np.clip(target * 3 - 255, 0, 255).astype(np.uint8).transpose(2, 0, 1)
    source = np.roll(target, 5, axis=2)
    right = agreement(target, source, constant(5, 0))
    assert right.shape == (1, HEIGHT, WIDTH) and right.dtype == np.float32
    assert right[0, 8:-8, 8:-14].min() > 0.95
    assert agreement(target, source, constant(0, 0)).mean() < 0.4
    deep = agreement(target.astype(np.uint16) * 257, source.astype(np.uint16) * 257, constant(5, 0))
    assert np.array_equal(deep, right)


def test_islands_of_agreement_do_not_count() -> None:
    """Black on white but for a spot of 4 and one of 16 pixels across that look alike."""
    target, source = np.zeros((3, HEIGHT, WIDTH), np.uint8), np.full((3, HEIGHT, WIDTH), 255, np.uint8)
    source[:, 4:8, 4:8] = 0
    source[:, 12:28, 30:46] = 0
    found = agreement(target, source, constant(0, 0))[0]
    assert not found[:12, :12].any()
    assert found[18:22, 36:40].min() > 0.9
