"""The warping error by contrast, of clips whose slopes, shifts and contrasts are known."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from tests.evaluation.clips import SIZE, MakeClip, Measure, moving, scene, still
from vidstyle.evaluation import Evaluation
from vidstyle.evaluation.measures import ClipMeasures
from vidstyle.evaluation.meter import BY_CONTRAST, Meter
from vidstyle.evaluation.page import page
from vidstyle.evaluation.plots import plots
from vidstyle.evaluation.table import ABSENT, rows, significant

PLAIN = np.full((3, *SIZE), 0.5)
LABELS = "… by contrast, next frame", "… by contrast, 10 frames on"


def noisy(count: int) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [frame + random.normal(0, 0.02, frame.shape) for frame in moving(count)]


def faint(frames: list[np.ndarray], k: float) -> list[np.ndarray]:
    return [0.5 + k * (frame - 0.5) for frame in frames]


def slope(shift: float) -> np.ndarray:
    """Rises by 0.008 per pixel to the right and by 0.006 down, and moves to the right by `shift`."""
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    return np.stack([0.1 + 0.008 * (x - shift) + 0.006 * y] * 3)


def cells(found: Evaluation, label: str) -> tuple[list[str], list[str]]:
    """A row of the table, and the one below it: relative to the original."""
    table = rows(found)
    at = [row.label for row in table].index(label)
    assert table[at + 1].label == "… relative to the original"
    return table[at].cells, table[at + 1].cells


def metered(*pairs: tuple[torch.Tensor, torch.Tensor], mask: torch.Tensor) -> ClipMeasures:
    meter = Meter("clip", 0, 0)
    flow = torch.zeros(2, *mask.shape[1:])
    for first, second in pairs:
        meter.add_frame(first, None, 0.0)
        meter.add_frame(second, None, 0.0)
        meter.add_pair(1, first, second, flow, mask, first)
        meter.end_shot()
    return meter.result(25.0, None)


def test_contrast_scales_the_raw_error_and_not_the_one_by_contrast(
    make_clip: MakeClip, measure: Measure
) -> None:
    original, strong = make_clip("original", moving(12)), make_clip("strong", noisy(12))
    found = measure(original, [strong, make_clip("faint", faint(noisy(12), 0.4))])
    of_strong, of_faint = (clip.totals for clip in found.stylized)
    for lai, contrast in zip(("lai_1", "lai_10"), BY_CONTRAST, strict=True):
        assert of_faint.ratio[lai] == pytest.approx(0.16 * (of_strong.ratio[lai] or 0), rel=1e-3)
        assert of_faint.ratio[contrast] == pytest.approx(of_strong.ratio[contrast], rel=1e-3)
    assert (of_strong.ratio["contrast_1"] or 0) > 1.1


def test_a_slope_that_slides_by_a_quarter_of_a_pixel(make_clip: MakeClip, measure: Measure) -> None:
    """Over a still original: (0.008 d)² / (0.008² + 0.006²) with d = 0.25, and 2.5 ten frames on."""
    sliding = [slope(t / 4) for t in range(12)]
    found = measure(make_clip("still", still(12)), make_clip("sliding", sliding), cuts=False)
    totals = found.stylized[0].totals
    assert totals.trusted_gradient_energy["contrast_1"] == pytest.approx(1e-4, rel=1e-2)
    assert totals.warping_error["contrast_1"] == pytest.approx(0.64 / 16, rel=1e-2)
    assert totals.warping_error["contrast_10"] == pytest.approx(0.64 * 6.25, rel=1e-2)
    assert cells(found, LABELS[0])[0][1].startswith(("3.9", "4.0"))  # per cent


def test_one_colour_has_no_error_by_contrast(make_clip: MakeClip, measure: Measure) -> None:
    flickering = [PLAIN + 0.1 * (t % 2) for t in range(12)]
    original = make_clip("original", moving(12))
    found = measure(original, [make_clip("plain", flickering), original])
    plain = found.stylized[0]
    assert (plain.totals.warping_error["lai_1"] or 0) == pytest.approx(0.01, rel=1e-2)
    for name, label in zip(BY_CONTRAST, LABELS, strict=True):
        assert plain.frames.warping_error[name] == [None] * 12
        assert plain.totals.warping_error[name] is None and plain.totals.ratio[name] is None
        assert [row[1] for row in cells(found, label)] == [ABSENT, ABSENT]
    assert "by contrast" in page(found)
    beside_plain = measure(plain.path, original).stylized[0].totals
    assert beside_plain.ratio["contrast_1"] is None
    assert measure(plain.path, plain.path).stylized[0].totals.ratio["contrast_1"] is None


def test_a_plain_frame_does_not_outweigh_the_others() -> None:
    """Errors 0.25² / 2 and 0.2², gradient energies 0.25 and 0: the total is the quotient of the sums.

    The gradient is that of the earlier frame; the later one has a quarter of its energy.
    """
    stripes, plain = torch.zeros(3, 4, 6), torch.zeros(3, 4, 6)
    stripes[..., ::2] = 0.5
    found = metered((stripes, 0.5 * stripes), (plain, plain + 0.2), mask=torch.ones(1, 4, 6))
    assert found.frames.warping_error["contrast_1"] == [pytest.approx(0.25**2 / 2 / 0.25), None, None, None]
    assert found.frames.trusted_gradient_energy["contrast_1"] == [pytest.approx(0.25), None, 0, None]
    assert found.totals.warping_error["contrast_1"] == pytest.approx((0.25**2 / 2 + 0.2**2) / 0.25)


def test_error_and_gradient_are_over_the_same_pixels() -> None:
    trusted = torch.zeros(1, *SIZE, dtype=torch.bool)
    trusted[..., :30] = True
    smooth = torch.from_numpy(slope(0)).float()
    busy = smooth.clone()
    busy[..., 30:] = torch.rand(3, SIZE[0], SIZE[1] - 30, generator=torch.Generator().manual_seed(0))
    totals = [metered((each, each + 0.02), mask=trusted).totals for each in (smooth, busy)]
    assert [each.warping_error["contrast_1"] for each in totals] == [pytest.approx(4.0, rel=1e-3)] * 2
    assert totals[1].gradient_energy > 100 * totals[0].gradient_energy  # the measure of whole frames sees it


def test_nothing_trusted_is_nothing_to_compare() -> None:
    image = torch.from_numpy(scene()).float()
    found = metered((image, image), mask=torch.zeros(1, *SIZE, dtype=torch.bool))
    assert found.totals.warping_error["contrast_1"] is None
    assert found.totals.trusted_gradient_energy["contrast_1"] is None


def test_the_totals_follow_from_the_frames_in_the_json(make_clip: MakeClip, measure: Measure) -> None:
    """Also across a cut, whose pairs do not count; and the page draws what the JSON holds."""
    frames = [*moving(12), *faint(moving(12, 5), 0.3)]
    found = measure(make_clip("original", frames), make_clip("painted", faint(frames, 0.7)), cut=(12,))
    values = json.loads(json.dumps(found.to_json(), allow_nan=False))["stylized"][0]
    errors, energies = values["frames"]["warping_error"], values["frames"]["trusted_gradient_energy"]
    for interval, name in ((1, "contrast_1"), (10, "contrast_10")):
        pairs = [*range(12 - interval), *range(12, 24 - interval)]
        assert [t for t, error in enumerate(errors[name]) if error is not None] == pairs
        assert [t for t, energy in enumerate(energies[name]) if energy is not None] == pairs
        lai = errors[f"lai_{interval}"]
        assert [errors[name][t] * energies[name][t] for t in pairs] == pytest.approx([lai[t] for t in pairs])
        total = sum(lai[t] for t in pairs) / sum(energies[name][t] for t in pairs)
        assert values["totals"]["warping_error"][name] == pytest.approx(total)
        assert cells(found, LABELS[interval == 10])[0][1] == significant(100 * total)
    assert sum("by contrast" in plot.title for plot in plots(found)) == 2
