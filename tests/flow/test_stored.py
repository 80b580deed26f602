"""Sources of flow: estimated at another size, read from files, masks grown and feathered."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from vidstyle.errors import InputError, MediaError, UsageError
from vidstyle.flow.consistency import HALF_A_PIXEL, cautious, reliability, reliability_8bit
from vidstyle.flow.estimators import ESTIMATORS
from vidstyle.flow.files import read_pgm, write_flo, write_pgm
from vidstyle.flow.pair import EstimatedFlow, StoredFlow
from vidstyle.flow.stored import FlowFiles
from vidstyle.types import Frame

HEIGHT, WIDTH = 40, 60


def frame(index: int, height: int = HEIGHT, width: int = WIDTH) -> Frame:
    """A pattern that moves by a pixel per frame to the right."""
    y, x = np.mgrid[:height, :width]
    waves = [127 + 120 * np.sin((x - index) / (3 + c) + y / (4 + c)) for c in range(3)]
    return Frame(np.stack(waves).astype(np.uint8), index, index, Fraction(1, 25))


def constant(dx: float, dy: float = 0, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    flow = np.empty((2, height, width), np.float32)
    flow[0], flow[1] = dx, dy
    return flow


class TestEstimated:
    def test_either_direction_and_any_distance(self) -> None:
        source = EstimatedFlow(ESTIMATORS["dis"])
        for target, other in ((5, 4), (4, 5), (7, 4), (4, 7)):
            flow, weight = source.between(frame(target), frame(other))
            assert (flow.target, flow.source) == (target, other)
            assert np.median(flow.vectors[0]) == pytest.approx(other - target, abs=0.1)
            assert weight.shape == (1, HEIGHT, WIDTH) and weight.dtype == np.float32

    def test_flow_found_at_a_smaller_size_is_scaled_up(self) -> None:
        seen = []

        def estimator(target: np.ndarray, source: np.ndarray) -> np.ndarray:
            seen.append(target.shape)
            return constant(2, -1, *target.shape[1:])

        vectors = EstimatedFlow(estimator, longest=30).vectors(frame(1), frame(0))
        assert seen == [(3, 20, 30)]
        assert np.array_equal(vectors, constant(4, -2))
        EstimatedFlow(estimator, longest=200).vectors(frame(1), frame(0))
        assert seen[1] == (3, HEIGHT, WIDTH)

    def test_the_mask_is_made_cautious(self) -> None:
        plain = EstimatedFlow(ESTIMATORS["dis"])
        wary = EstimatedFlow(ESTIMATORS["dis"], dilate=2, soften=3)
        weight = plain.between(frame(3), frame(0))[1]
        assert np.array_equal(wary.between(frame(3), frame(0))[1], cautious(weight, 2, 3))


class TestCautious:
    def weight(self) -> np.ndarray:
        """Trusted everywhere but in one pixel."""
        weight = np.ones((1, 41, 41), np.float32)
        weight[0, 20, 20] = 0
        return weight

    def test_nothing_asked_nothing_changed(self) -> None:
        weight = np.random.default_rng(0).random((1, 9, 9), np.float32)
        assert cautious(weight) is weight

    def test_the_untrusted_area_grows_by_a_disc(self) -> None:
        grown = cautious(self.weight(), dilate=5)
        y, x = np.mgrid[:41, :41] - 20
        assert np.array_equal(grown[0] == 0, np.hypot(x, y) <= 5)

    def test_the_edge_becomes_a_straight_ramp(self) -> None:
        ramp = cautious(self.weight(), soften=3)[0, 20, 20:26]
        assert ramp == pytest.approx([0, 0.25, 0.5, 0.75, 1, 1], abs=1e-6)

    def test_both(self) -> None:
        ramp = cautious(self.weight(), dilate=2, soften=1)[0, 20, 20:26]
        assert ramp == pytest.approx([0, 0, 0, 0.5, 1, 1], abs=1e-6)

    def test_it_never_trusts_more(self) -> None:
        weight = np.random.default_rng(0).random((1, 30, 30), np.float32)
        assert (cautious(weight, 1, 2) <= weight).all()

    @pytest.mark.parametrize("value", [0.0, 1.0])
    def test_all_or_nothing_stays(self, value: float) -> None:
        weight = np.full((1, 5, 7), value, np.float32)
        assert np.array_equal(cautious(weight, 3, 3), weight)


class TestStored:
    def write(self, folder: Path, **flows: np.ndarray) -> StoredFlow:
        for name, vectors in flows.items():
            write_flo(folder / f"{name}.flo", vectors)
        return StoredFlow(FlowFiles(str(folder)))

    def test_the_names_of_the_released_program(self, tmp_path: Path) -> None:
        stored = self.write(tmp_path, forward_2_5=constant(3), backward_5_2=constant(-3))
        flow, weight = stored.between(frame(5), frame(2))
        assert (flow.target, flow.source) == (5, 2)
        assert np.array_equal(flow.vectors, constant(-3))
        assert np.array_equal(weight, reliability(constant(-3), constant(3)))
        flow, _ = stored.between(frame(2), frame(5))
        assert np.array_equal(flow.vectors, constant(3))

    def test_a_pattern_of_another_program(self, tmp_path: Path) -> None:
        self.write(tmp_path, a0001_0002=constant(1), a0002_0001=constant(-1))
        files = FlowFiles(str(tmp_path / "a{source:04d}_{target:04d}.flo"))
        assert np.array_equal(files.vectors(2, 1, (HEIGHT, WIDTH)), constant(1))
        assert files.mask(2, 1) == tmp_path / "reliable_2_1.pgm"

    def test_a_folder_with_braces_in_its_name(self, tmp_path: Path) -> None:
        (tmp_path / "{odd}").mkdir()
        assert FlowFiles(str(tmp_path / "{odd}")).flow(1, 0) == tmp_path / "{odd}" / "backward_1_0.flo"

    def test_a_mask_beside_it_goes_before_the_reverse_flow(self, tmp_path: Path) -> None:
        stored = self.write(tmp_path, backward_1_0=constant(0))
        mask = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(np.uint8)
        write_pgm(tmp_path / "reliable_1_0.pgm", mask)
        _, weight = stored.between(frame(1), frame(0))
        assert weight.dtype == np.float32 and weight.max() == 1
        assert np.array_equal(weight[0], np.minimum(mask, 254).astype(np.float32) / 254)

    def test_a_stored_mask_weighs_what_it_weighed(self, tmp_path: Path) -> None:
        """The weight goes through 8 bits and back without a difference."""
        ways = constant(-2.5, 1), constant(2.5, -1)
        stored = self.write(tmp_path, backward_1_0=ways[0])
        write_pgm(tmp_path / "reliable_1_0.pgm", reliability_8bit(*ways, HALF_A_PIXEL))
        assert np.array_equal(stored.between(frame(1), frame(0))[1], reliability(*ways))

    def test_another_size_is_scaled(self, tmp_path: Path) -> None:
        stored = self.write(tmp_path, backward_1_0=constant(-3, 1), forward_0_1=constant(3, -1))
        target, source = frame(1, 2 * HEIGHT, 3 * WIDTH), frame(0, 2 * HEIGHT, 3 * WIDTH)
        flow, weight = stored.between(target, source)
        assert np.array_equal(flow.vectors, constant(-9, 2, 2 * HEIGHT, 3 * WIDTH))
        assert weight.shape == (1, 2 * HEIGHT, 3 * WIDTH)
        write_pgm(tmp_path / "reliable_1_0.pgm", np.full((HEIGHT, WIDTH), 254, np.uint8))
        assert (stored.between(target, source)[1] == 1).all()

    def test_unknown_vectors_weigh_nothing(self, tmp_path: Path) -> None:
        unknown = constant(0)
        unknown[:, 20, 30] = np.nan
        stored = self.write(tmp_path, backward_1_0=unknown, forward_0_1=constant(0))
        assert stored.between(frame(1), frame(0))[1][0, 20, 30] < 0.5

    def test_what_is_missing_is_named_with_the_remedy(self, tmp_path: Path) -> None:
        stored = self.write(tmp_path, backward_3_1=constant(0))
        with pytest.raises(InputError, match=r"forward_1_3\.flo is missing.*vidstyle flow .* --distance 2"):
            stored.between(frame(3), frame(1))
        pattern = FlowFiles(str(tmp_path / "{target}_{source}.flo"))
        with pytest.raises(InputError, match=r"7_6\.flo is missing; put it there"):
            pattern.vectors(7, 6, (HEIGHT, WIDTH))
        (tmp_path / "reliable_3_1.pgm").write_bytes(b"P5 no mask")
        with pytest.raises(MediaError, match=r"reliable_3_1\.pgm"):
            stored.between(frame(3), frame(1))

    @pytest.mark.parametrize(
        "place", ["{target}.flo", "{source}{", "{}_{}.flo", "{target}{source}{x}", "a{0}b"]
    )
    def test_a_wrong_pattern_says_what_it_needs(self, place: str) -> None:
        with pytest.raises(UsageError, match=r"a pattern needs \{target\} and \{source\}") as error:
            FlowFiles(place)
        assert place in str(error.value)

    def test_a_missing_folder_is_named(self) -> None:
        with pytest.raises(InputError, match="nowhere does not exist"):
            FlowFiles("nowhere")


def test_a_mask_is_read_as_it_was_written(tmp_path: Path) -> None:
    mask = np.random.default_rng(0).integers(0, 255, (5, 7), np.uint8)
    write_pgm(tmp_path / "a.pgm", mask)
    assert np.array_equal(read_pgm(tmp_path / "a.pgm"), mask)
    cv2.imwrite(str(tmp_path / "b.png"), mask)
    assert np.array_equal(read_pgm(tmp_path / "b.png"), mask)
