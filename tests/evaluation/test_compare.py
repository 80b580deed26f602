"""Measures that are known by construction: still clips, flicker, noise, cuts, and clips that do not match."""

from __future__ import annotations

import gc
import json
import math
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import pytest

from tests.evaluation.clips import SIZE, MakeClip, Measure, moving, scene, still
from tests.video.clip_makers import make_video
from vidstyle.errors import UsageError
from vidstyle.evaluation import Evaluation
from vidstyle.evaluation.meter import BY_CONTRAST, ERRORS
from vidstyle.types import Frame
from vidstyle.video.pictures import encode_png


def stripes() -> np.ndarray:
    """Two colours in stripes that lean, unlike any scene."""
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    colours = np.array([[1.0, 0.8, 0.1], [0.1, 0.0, 0.3]])
    return colours[(x + y) // 3 % 2].transpose(2, 0, 1)


@pytest.fixture
def style(tmp_path: Path) -> Path:
    path = tmp_path / "style.png"
    path.write_bytes(encode_png((stripes() * 255).astype(np.uint8)))
    return path


def test_a_clip_against_itself_is_at_its_floor(make_clip: MakeClip, measure: Measure, style: Path) -> None:
    clip = make_clip("clip", moving(13))
    found = measure(clip, clip, style)
    (same,) = found.stylized
    assert same.totals.ratio == pytest.approx(dict.fromkeys(ERRORS + BY_CONTRAST, 1.0))
    assert same.totals.content_loss == 0
    assert same.totals.style_loss == found.original.totals.style_loss
    assert same.totals == found.original.totals
    assert same.frames == found.original.frames
    assert same.spectrum == found.original.spectrum
    assert same.totals.warping_error["lai_1"] > 0
    assert (found.start, found.stop, found.shots, found.frame_rate) == (0, 13, [0], 25.0)


def test_alternating_brightness_on_a_still_clip(make_clip: MakeClip, measure: Measure) -> None:
    """Frames differ by 2a at odd intervals and not at all at even ones: errors 4a² and 0."""
    a = 0.05
    original = make_clip("still", still(24))
    flicker = make_clip("flicker", [frame + a * (-1) ** t for t, frame in enumerate(still(24))])
    found = measure(original, flicker, cuts=False)
    (totals,) = (clip.totals for clip in found.stylized)
    assert totals.warping_error["lai_1"] == pytest.approx(4 * a**2, rel=1e-3)
    assert totals.warping_error["ruder_1"] == pytest.approx(4 * a**2, rel=1e-3)
    assert totals.warping_error["lai_10"] == pytest.approx(0, abs=1e-8)
    assert found.original.totals.warping_error["lai_1"] == pytest.approx(0, abs=1e-8)
    assert totals.flicker == pytest.approx(2 * a, rel=1e-2)
    spectrum = found.stylized[0].spectrum
    assert spectrum is not None
    assert spectrum.frequencies[spectrum.power.index(max(spectrum.power))] == 12.5  # half of 25 per second
    errors = found.stylized[0].frames.warping_error["lai_1"]
    assert errors[-1] is None and None not in errors[:-1]
    assert found.stylized[0].frames.warping_error["lai_10"][13:] != [None] * 11
    assert found.stylized[0].frames.warping_error["lai_10"][14:] == [None] * 10


def test_noise_adds_twice_its_variance(make_clip: MakeClip, measure: Measure) -> None:
    sigma = 0.02
    random = np.random.default_rng(0)
    original = make_clip("still", still(13))
    noisy = make_clip("noisy", [frame + random.normal(0, sigma, frame.shape) for frame in still(13)])
    found = measure(original, noisy)
    errors = found.stylized[0].totals.warping_error
    assert [errors[name] for name in ERRORS] == pytest.approx([2 * sigma**2] * 4, rel=0.02)


def test_a_cut_does_not_count(make_clip: MakeClip, measure: Measure) -> None:
    frames = [scene(0), *still(11), *still(14, seed=9)]
    found = measure(make_clip("a", frames), make_clip("b", frames), cut=(12,))
    assert found.shots == [0, 12]
    same = found.stylized[0]
    for name, interval in (("lai_1", 1), ("lai_10", 10)):
        pairs = [t for t, error in enumerate(same.frames.warping_error[name]) if error is not None]
        assert pairs == [*range(12 - interval), *range(12, 26 - interval)]
        assert same.totals.warping_error[name] == pytest.approx(0, abs=1e-8)
    assert same.totals.flicker == pytest.approx(0, abs=1e-4)
    assert [(shot.start, shot.stop) for shot in same.shots] == [(0, 12), (12, 26)]
    assert all(shot.colour == 0 and shot.sharpness == 0 for shot in same.shots)


def test_cuts_are_found_in_the_original_alone(samples: Path, measure: Measure) -> None:
    clip = samples / "cut.mp4"
    found = measure(clip, clip, frames="34:46", size=64)
    assert found.shots == [34, 38]
    assert found.stylized[0].frames.warping_error["lai_1"][3] is None  # the pair of frames 37 and 38
    assert measure(clip, clip, frames="34:46", size=64, cuts=False).shots == [34]


def test_drift_of_brightness_and_sharpness(make_clip: MakeClip, measure: Measure) -> None:
    """The last frame is a tenth darker and has half the contrast, so a quarter of the gradient energy."""
    flat = 0.5 + (scene() - 0.5) * 0.5
    original = make_clip("still", still(3))
    found = measure(original, make_clip("drifting", [scene(), scene(), flat - 0.1]))
    (drift,) = found.stylized[0].shots
    mean = scene().mean(axis=(1, 2))
    assert drift.brightness == pytest.approx(-0.1 - (mean * [0.299, 0.587, 0.114]).sum() / 2 + 0.25, abs=1e-4)
    assert drift.colour == pytest.approx(0.1, abs=0.01)
    assert drift.sharpness == pytest.approx(-0.75, abs=1e-3)
    assert found.original.totals.brightness_drift == 0


def test_style_and_content_loss_tell_painted_from_unpainted(
    make_clip: MakeClip, measure: Measure, style: Path
) -> None:
    original = make_clip("clip", moving(2))
    painted = make_clip("painted", [stripes()] * 2)
    found = measure(original, [painted, original], [style])
    by_style, unpainted = (clip.totals for clip in found.stylized)
    assert by_style.style_loss == pytest.approx(0, abs=1e-3)
    assert unpainted.style_loss is not None and unpainted.style_loss > 0.01
    assert by_style.content_loss is not None and by_style.content_loss > 0.01
    assert unpainted.content_loss == 0
    assert measure(original, painted).stylized[0].totals.style_loss is None


def test_the_worst_pairs_come_first(make_clip: MakeClip, measure: Measure) -> None:
    frames = still(12)
    for t, step in ((3, 0.02), (7, 0.06), (9, 0.04)):
        frames[t:] = [frame + step for frame in frames[t:]]
    found = measure(make_clip("still", still(12)), make_clip("steps", frames), worst=2)
    worst = found.stylized[0].worst
    assert [pair.frame for pair in worst] == [6, 8]
    assert [pair.warping_error for pair in worst] == pytest.approx([0.06**2, 0.04**2], rel=1e-3)
    pictures = worst[0].pictures
    assert pictures is not None
    assert np.allclose(pictures.original / 255, scene(), atol=0.003)
    assert np.allclose((pictures.second - pictures.first.astype(float)) / 255, 0.06, atol=0.005)
    assert np.nanmedian(pictures.change) == pytest.approx(0.06, rel=1e-3)
    assert found.original.worst == []
    assert measure(found.original.path, found.stylized[0].path, worst=0).stylized[0].worst == []


def test_json_has_all_the_numbers(make_clip: MakeClip, measure: Measure, style: Path) -> None:
    clip = make_clip("a", moving(6))
    found = measure(clip, [clip, make_clip("b", moving(6, 1))], style)
    text = json.dumps(found.to_json(), allow_nan=False)
    assert "pictures" not in text
    values = json.loads(text)
    assert set(values) == {field.name for field in fields(Evaluation)}
    for clip, of_clip in zip([values["original"], *values["stylized"]], found.clips, strict=True):
        assert (clip["totals"], clip["frames"]) == (asdict(of_clip.totals), asdict(of_clip.frames))


def test_a_part_of_the_original(make_clip: MakeClip, measure: Measure) -> None:
    """A clip painted from frames 4:9 begins with the original's frame 4; a whole one is cut as well."""
    whole = make_clip("whole", moving(12))
    part = make_clip("part", moving(12)[4:9])
    lines: list[str] = []
    found = measure(whole, [part, whole], frames="4:9", notice=lines.append)
    assert (found.start, found.stop) == (4, 9)
    assert [clip.totals.content_loss for clip in found.stylized] == [0, 0]
    assert lines == [f"{whole} is as long as {whole}: --frames 4:9 is taken from both"]


def test_clips_of_different_lengths_are_compared_as_far_as_they_go(
    make_clip: MakeClip, measure: Measure
) -> None:
    long, short = make_clip("long", moving(9)), make_clip("short", moving(5))
    lines: list[str] = []
    found = measure(long, short, notice=lines.append)
    assert (found.start, found.stop) == (0, 5)
    assert lines == [
        f"{short}: no more than 5 frames, so only 5 are compared; --frames A:B says which part was painted"
    ]
    lines.clear()
    assert measure(short, [long, short], notice=lines.append).stop == 5
    assert lines == [f"{short}: no more than 5 frames, so only 5 are compared"]
    lines.clear()
    assert measure(long, short, frames=":3", notice=lines.append).stop == 3
    assert lines == ["more was painted than --frames :3: the first 3 frames of each are compared"]


def test_other_sizes_are_scaled_to_that_of_the_painted_clip(make_clip: MakeClip, measure: Measure) -> None:
    large = make_clip("large", moving(2))
    small = make_clip("small", [frame[:, ::2, ::2] for frame in moving(2)])
    square = make_clip("square", [frame[:, :, :48] for frame in moving(2)])
    lines: list[str] = []
    found = measure(large, small, notice=lines.append)
    assert (found.width, found.height, lines) == (32, 24, [])
    found = measure(small, [large, small], notice=lines.append)
    assert (found.width, found.height) == (32, 24)
    assert lines == [f"{large} is 64x48: it is scaled to 32x24"]
    lines.clear()
    assert measure(large, large, size=40).width == 40
    measure(large, square, notice=lines.append)
    assert lines == [f"{large} is 64x48: it is stretched to 48x48"]


def test_pictures_have_losses_and_no_pairs(tmp_path: Path, measure: Measure, style: Path) -> None:
    found = measure(style, style, style)
    totals = found.stylized[0].totals
    assert (totals.style_loss, totals.content_loss) == (pytest.approx(0, abs=1e-9), 0)
    assert set(totals.warping_error.values()) == {None}
    assert totals.flicker is None and found.stylized[0].spectrum is None and found.frame_rate is None
    json.dumps(found.to_json(), allow_nan=False)


def test_another_frame_rate_is_told(tmp_path: Path, make_clip: MakeClip, measure: Measure) -> None:
    clip = make_video(tmp_path / "v.mp4", size=(SIZE[1], SIZE[0]), count=4)
    slow = make_video(tmp_path / "s.mp4", size=(SIZE[1], SIZE[0]), count=4, rate=12, pts=[0, 2, 4, 6])
    lines: list[str] = []
    measure(clip, slow, notice=lines.append)
    assert any("frames per second" in line and "by their numbers" in line for line in lines)


def test_an_empty_mask_leaves_the_pair_out(make_clip: MakeClip, measure: Measure) -> None:
    """Unrelated noise: hardly any flow is confirmed backwards, and no figure is made of nothing."""
    random = np.random.default_rng(1)
    frames = [random.uniform(0, 1, (3, *SIZE)) for _ in range(4)]
    totals = measure(make_clip("noise", frames), make_clip("again", frames), cuts=False).stylized[0].totals
    assert all(value is None or math.isfinite(value) for value in totals.warping_error.values())


def test_progress_counts_the_frames(make_clip: MakeClip, measure: Measure) -> None:
    events: list[tuple[str, int, int | None, int]] = []
    clip = make_clip("clip", moving(4))
    measure(clip, clip, frames="1:", progress=lambda e: events.append((e.phase, e.done, e.total, e.frame)))
    assert events == [("measure", 1, 3, 1), ("measure", 2, 3, 2), ("measure", 3, 3, 3)]


def test_memory_does_not_grow_with_the_clip(make_clip: MakeClip, measure: Measure) -> None:
    def frames() -> int:
        return sum(type(o) is Frame for o in gc.get_objects())

    held: list[int] = []
    clip = make_clip("clip", moving(40))
    gc.collect()
    before = frames()  # of other tests
    measure(clip, clip, progress=lambda _: held.append(frames() - before))
    # Of each clip the ten frames before this one, and what the cut detector looks at.
    assert max(held) <= 2 * 11 + 12
    assert max(held[30:36]) <= max(held[15:30])


def test_what_cannot_be_measured_is_refused(make_clip: MakeClip, measure: Measure) -> None:
    clip = make_clip("clip", moving(2))
    with pytest.raises(UsageError, match="colour"):
        measure(clip, clip, colour=1)
    with pytest.raises(UsageError):
        measure(clip, [])
