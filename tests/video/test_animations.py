"""Animated PNG, AVIF and WebP are clips: all their frames, at their times."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from writing import convert, times

from vidstyle.batches.jobs import plan_jobs
from vidstyle.errors import MediaError, UsageError
from vidstyle.video.limits import LIMIT_VARIABLE
from vidstyle.video.pictures import read_picture, write_picture
from vidstyle.video.reader import open_clip

SHOWN = [100, 100, 40, 100, 100, 100, 100, 100, 100, 160]  # milliseconds
EXACT = ["a.apng", "a.png", "a.webp"]


def grey(level: int, mode: str) -> Image.Image:
    pixels = np.full((64, 96, 4), level, np.uint8)
    pixels[:, 48:, 3] = 255
    return Image.fromarray(pixels).convert(mode)


def animation(path: Path, mode: str = "RGB", **options: object) -> Path:
    """Ten greys, each 20 levels brighter than the one before."""
    first, *others = (grey(20 * i, mode) for i in range(10))
    kind = {".apng": "PNG", ".png": "PNG"}.get(path.suffix)
    options = {"lossless": True, "quality": 100, "duration": SHOWN, **options}
    first.save(path, kind, save_all=True, append_images=others, **options)
    return path


@pytest.mark.parametrize("name", [*EXACT, "a.avif"])
def test_all_frames_at_their_times(tmp_path: Path, name: str) -> None:
    clip = open_clip(animation(tmp_path / name))
    frames = list(clip.frames())
    assert (clip.kind, clip.width, clip.height, clip.frame_count) == ("video", 96, 64, 10)
    assert clip.notices == []
    for i, frame in enumerate(frames):
        assert abs(int(frame.pixels.mean()) - 20 * i) <= (name == "a.avif")
    shown = [frame.duration * frame.time_base for frame in frames if frame.duration]
    # FFmpeg does not tell how long an animated PNG shows its last frame.
    assert shown[:9] == [Fraction(ms, 1000) for ms in SHOWN[:9]]
    assert [frame.pts_seconds for frame in frames] == [sum(shown[:i]) for i in range(10)]


@pytest.mark.parametrize("name", EXACT)
def test_a_part_is_that_of_the_whole(tmp_path: Path, name: str) -> None:
    clip = open_clip(animation(tmp_path / name))
    whole, part = list(clip.frames()), list(clip.frames(4, 7))
    assert [(f.index, f.pts) for f in part] == [(f.index, f.pts) for f in whole[4:7]]
    assert all((a.pixels == b.pixels).all() for a, b in zip(part, whole[4:7], strict=True))


@pytest.mark.parametrize("name", EXACT)
def test_a_video_is_made_of_it(tmp_path: Path, name: str) -> None:
    convert(animation(tmp_path / name), tmp_path / "b.mp4")
    assert [time for time, _ in times(tmp_path / "b.mp4")] == [
        Fraction(sum(SHOWN[:i]), 1000) for i in range(10)
    ]


@pytest.mark.parametrize("name", EXACT)
def test_a_still_is_not_made_of_it_without_a_word(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"b\.png is one picture but there are more frames"):
        convert(animation(tmp_path / name), tmp_path / "b.png")
    convert(tmp_path / name, tmp_path / "b.png", start=3, stop=4)
    assert (read_picture(tmp_path / "b.png")[0] == 60).all()


def test_a_batch_makes_clips_of_them(tmp_path: Path) -> None:
    still = tmp_path / "still.png"
    grey(0, "RGB").save(still)
    sources = [still, animation(tmp_path / "a.png"), animation(tmp_path / "b.webp")]
    jobs = plan_jobs(sources, [tmp_path / "s.jpg"], tmp_path / "out")
    assert [job.output.name for job in jobs] == ["still_s.png", "a_s.mp4", "b_s.webp"]


def test_transparency_of_webp(tmp_path: Path) -> None:
    clip = open_clip(animation(tmp_path / "a.webp", "RGBA", exact=True))
    assert clip.has_alpha
    for i, frame in enumerate(clip.frames()):
        assert frame.alpha is not None
        assert [int(frame.alpha[0, 0, x]) for x in (0, 95)] == [20 * i, 255]
        assert (frame.pixels[:, :, 48:] == 20 * i).all()


def test_frames_of_no_time_are_shown_as_browsers_do(tmp_path: Path) -> None:
    frames = list(open_clip(animation(tmp_path / "a.webp", duration=0)).frames())
    assert [frame.pts_seconds for frame in frames] == [Fraction(i, 10) for i in range(10)]


def test_the_still_of_an_animated_png_is_no_frame_of_it(tmp_path: Path) -> None:
    """Where it is for those who show no animations."""
    clip = open_clip(animation(tmp_path / "a.png", default_image=True, duration=100))
    assert [int(frame.pixels.mean()) for frame in clip.frames()] == [20 * i for i in range(1, 10)]


def test_an_animation_of_one_frame_is_a_still(tmp_path: Path) -> None:
    for name in ("a.png", "a.webp"):
        grey(9, "RGB").save(tmp_path / name, save_all=True, duration=100, lossless=True)
        assert open_clip(tmp_path / name).kind == "still"


def test_one_among_other_pictures_is_named(tmp_path: Path) -> None:
    animation(tmp_path / "1.png")
    write_picture(tmp_path / "2.png", np.full((3, 64, 96), 7, np.uint8))
    clip = open_clip(tmp_path)
    assert [int(frame.pixels.mean()) for frame in clip.frames()] == [0, 7]
    assert clip.notices == ["1.png is animated; as one of several pictures it is shown as a still"]


def test_a_style_picture_does_not_play(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"a\.webp is an animated WebP"):
        read_picture(animation(tmp_path / "a.webp"))


def test_cut_short(tmp_path: Path) -> None:
    for name in EXACT:
        path = animation(tmp_path / name)
        data = path.read_bytes()
        path.write_bytes(data[: len(data) * 2 // 3])
    clip = open_clip(tmp_path / "a.png")
    count = len(list(clip.frames()))
    assert 0 < count < 10
    assert clip.notices == [f"a.png breaks off after {count} of 10 frames"]
    with pytest.raises(MediaError, match="breaks off"):
        list(open_clip(tmp_path / "a.png", damaged="stop").frames())
    with pytest.raises(MediaError, match="cut short"):
        open_clip(tmp_path / "a.webp")


@pytest.mark.parametrize("name", [*EXACT, "a.avif"])
def test_the_limit_holds(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    animation(tmp_path / name)
    monkeypatch.setenv(LIMIT_VARIABLE, "6000")
    with pytest.raises(MediaError, match=f"says that it is 96x64, .* {LIMIT_VARIABLE}=6144"):
        open_clip(tmp_path / name)
