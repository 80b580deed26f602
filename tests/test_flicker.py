from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from vidstyle.flicker import LENGTH, FlickerSpectrum, mean_square

SIZE = 24, 40
STILL = torch.zeros(2, *SIZE)
ALL = torch.ones(1, *SIZE)


def grey(levels: list[float]) -> list[torch.Tensor]:
    return [torch.full((3, *SIZE), level) for level in levels]


def spectrum(frames: list[torch.Tensor], mask: torch.Tensor = ALL) -> list[float]:
    found = FlickerSpectrum()
    for before, after in pairwise(frames):
        found.add(before, after, STILL, mask)
    found.end_shot()
    assert found.power is not None
    return found.power


@pytest.mark.parametrize("count", [9, LENGTH + 1, 100])
def test_alternating_brightness_peaks_at_half_the_frame_rate(count: int) -> None:
    power = spectrum(grey([0.5 + 0.1 * (-1) ** t for t in range(count)]))
    assert len(power) == LENGTH // 2 + 1
    assert power.index(max(power)) == LENGTH // 2
    assert mean_square(power) == pytest.approx(0.2**2, rel=1e-5)
    assert mean_square(power, LENGTH // 4) == pytest.approx(mean_square(power), rel=1e-2)


def test_a_wave_of_eight_frames_peaks_at_an_eighth_of_the_frame_rate() -> None:
    power = spectrum(grey([0.5 + 0.1 * math.sin(math.tau * t / 8) for t in range(97)]))
    assert power.index(max(power)) == LENGTH // 8


def test_a_steady_drift_lies_at_the_lowest_frequency() -> None:
    power = spectrum(grey([0.2 + 0.005 * t for t in range(60)]))
    assert power.index(max(power)) == 0
    assert mean_square(power) == pytest.approx(0.005**2, rel=1e-3)


def test_random_brightness_has_twice_its_variance_and_rises_with_the_frequency() -> None:
    levels = 0.5 + 0.02 * torch.randn(4000)
    power = spectrum(grey(levels.tolist()))
    assert mean_square(power) == pytest.approx(2 * 0.02**2, rel=0.1)
    assert sum(power[-5:]) > 4 * sum(power[:5])


def test_cells_that_flicker_against_each_other_do_not_cancel() -> None:
    def frame(sign: int) -> torch.Tensor:
        image = torch.full((3, *SIZE), 0.5)
        image[..., :20] += 0.1 * sign
        image[..., 20:] -= 0.1 * sign
        return image

    power = spectrum([frame((-1) ** t) for t in range(40)])
    assert mean_square(power) > 0.8 * 0.2**2  # the cells across the border cancel


def test_what_the_mask_hides_does_not_count() -> None:
    frames = grey([0.5] * 20)
    for t, frame in enumerate(frames):
        frame[..., 30:] += 0.1 * (-1) ** t
    mask = ALL.clone()
    mask[..., 30:] = 0
    assert mean_square(spectrum(frames, mask)) == pytest.approx(0, abs=1e-12)


def test_motion_is_followed() -> None:
    wide = torch.rand(3, SIZE[0], SIZE[1] + 60)
    vectors = STILL.clone()
    vectors[0] = 2
    mask = ALL.clone()
    mask[..., -2:] = 0
    found = FlickerSpectrum()
    for t in range(20):
        # What frame t shows at x, frame t + 1 shows at x + 2.
        now, then = (wide[..., 60 - 2 * s : 60 - 2 * s + SIZE[1]] for s in (t, t + 1))
        found.add(now, then, vectors, mask)
    found.end_shot()
    assert found.power is not None and mean_square(found.power) == pytest.approx(0, abs=1e-12)


def test_a_cut_lies_in_no_segment() -> None:
    found = FlickerSpectrum()
    for level in (0.1, 0.9):
        for _ in range(10):
            found.add(*grey([level, level]), STILL, ALL)
        found.end_shot()
    assert found.power is not None and mean_square(found.power) == 0


def test_too_few_frames_have_no_spectrum() -> None:
    found = FlickerSpectrum()
    for _ in range(3):
        found.add(*grey([0.1, 0.9]), STILL, ALL)
    found.end_shot()
    assert found.power is None
