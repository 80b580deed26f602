"""A film's fades stay fades when it is painted, and the subject is there once it has faded in."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.pipeline.painting import Paint, StopAfter, pictures, stopped, stored
from tests.video.clip_makers import make_video, scene, write_image
from vidstyle.video.reader import open_clip

IN = [0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
LOSSLESS = {"codec": "ffv1", "keep": True}


def faded(path: Path, shares: list[float], colour: int = 0, pictures: list[np.ndarray] | None = None) -> Path:
    """A clip whose frames, uint8 (H, W, 3), of a scene of 48x32 if not given, are so faded to a colour."""
    shown = pictures or [scene(48, 32, i) for i in range(len(shares))]
    frames = [colour + share * (each - float(colour)) for share, each in zip(shares, shown, strict=True)]
    return make_video(
        path,
        size=(shown[0].shape[1], shown[0].shape[0]),
        codec="ffv1",
        pix_fmt="bgr0",
        pts=list(range(len(shares))),
        pictures=[frame.round().astype(np.uint8) for frame in frames],
    )


def levels(path: Path, colour: int = 0) -> np.ndarray:
    """How far frames are from the colour, on average, in 8-bit levels."""
    return np.array([np.abs(frame.astype(float) - colour).mean() for frame in pictures(path)])


@pytest.mark.parametrize(
    "look",
    [{}, {"color": "match"}, {"color": "histogram"}, {"color": "content"}, {"photo": True}, {"passes": 2}],
)
@pytest.mark.parametrize("colour", [0, 255])
def test_fades_stay_fades(paint: Paint, tmp_path: Path, look: dict[str, Any], colour: int) -> None:
    for shares in (IN, IN[::-1]):
        clip = faded(tmp_path / "in.mkv", shares, colour)
        out = levels(paint(clip, "out.mkv", codec="ffv1", restart=True, **look), colour)
        film = levels(clip, colour)
        assert out / out.max() == pytest.approx(film / film.max(), abs=0.2)
        assert out[np.array(shares) == 0].max() == 0 and out.max() > 40


@pytest.mark.parametrize("shares", [IN, [0.12, 0.4, 0.7, *[1.0] * 5]])
def test_the_subject_is_there_once_it_has_faded_in(
    paint: Paint, tmp_path: Path, samples: Path, shares: list[float]
) -> None:
    """By how the brightness of the last painting goes with that of the film."""
    found = []
    shown = [frame.pixels for frame in islice(open_clip(samples / "passing.mp4").frames(), 8)]
    small = [cv2.resize(each.transpose(1, 2, 0), (96, 54), interpolation=cv2.INTER_AREA) for each in shown]
    for name, own in (("whole", [1.0] * 8), ("in", shares)):
        clip = faded(tmp_path / f"{name}.mkv", own, pictures=small)
        settings = {"features": "bundled", "steps": 30, "next_steps": 4, "history": (1,)}
        last = pictures(paint(clip, f"{name}_out.mkv", codec="ffv1", **settings))[-1]
        found.append(np.corrcoef(last.mean(axis=0).ravel(), small[-1].mean(axis=2).ravel())[0, 1])
    assert found[1] > 0.85 * found[0] > 0.3


@pytest.mark.parametrize("colour", [0, 255])
@pytest.mark.parametrize("share", [0.0, 0.25])
def test_after_a_flash_all_is_as_before(paint: Paint, tmp_path: Path, colour: int, share: float) -> None:
    shares = [*[1.0] * 4, share, *[1.0] * 5]
    clip = faded(tmp_path / "in.mkv", shares, colour, [scene(48, 32, 0)] * 10)
    out = levels(paint(clip, "out.mkv", codec="ffv1"))
    assert abs(out[4] - (colour + share * (out[3] - colour))) < 3
    assert np.abs(np.diff(np.delete(out, 4))).max() < 1


@pytest.mark.parametrize("look", [{}, {"color": "match", "passes": 2}])
def test_stopped_within_a_fade_it_goes_on(paint: Paint, tmp_path: Path, look: dict[str, Any]) -> None:
    clip = faded(tmp_path / "in.mkv", [*IN[::-1], *IN])
    paint(clip, "whole.mkv", **LOSSLESS, **look)
    for count in (2, 4, 3, 3):
        stopped(paint, StopAfter(count), clip, "parts.mkv", **LOSSLESS, **look)
    paint(clip, "parts.mkv", **LOSSLESS, **look)
    job, whole = tmp_path / "parts.mkv.vidstyle", tmp_path / "whole.mkv.vidstyle"
    folders = [path.name for path in sorted(whole.iterdir()) if path.is_dir()]
    assert folders
    for name in folders:
        assert stored(job, name) == stored(whole, name)


def test_a_single_map_is_of_the_first_frame_that_shows_anything(paint: Paint, tmp_path: Path) -> None:
    mask = np.zeros((32, 48, 3), np.uint8)
    mask[:, 24:] = 255
    clip = faded(tmp_path / "in.mkv", IN)
    told: list[str] = []
    out = paint(
        clip,
        "out.mkv",
        mask=str(write_image(tmp_path / "mask.png", mask)),
        mask_feather=0,
        steps=20,
        codec="ffv1",
        notice=told.append,
    )
    assert not any("a shot begins" in line for line in told)
    before, after = pictures(clip)[-1].astype(float), pictures(out)[-1].astype(float)
    change = np.abs(after - before).mean(axis=(0, 1))
    assert 2 * change[:20].mean() < change[30:].mean()


def test_a_still_may_be_black(paint: Paint, tmp_path: Path) -> None:
    black = write_image(tmp_path / "black.png", np.zeros((32, 48, 3), np.uint8))
    assert pictures(paint(black, "out.png"))[0].max() > 0
