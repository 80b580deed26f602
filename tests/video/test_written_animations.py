"""Clips as GIF, APNG and WebP: with the source's times, loop and transparency, and nothing flickers."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from clip_makers import make_video, scene
from PIL import Image
from writing import convert

from vidstyle.errors import OutputError, UsageError
from vidstyle.types import Frame
from vidstyle.video.blank import BlankClip
from vidstyle.video.clip import Clip
from vidstyle.video.formats import ANIMATIONS, check_output
from vidstyle.video.pictures import read_picture, write_picture
from vidstyle.video.reader import open_clip
from vidstyle.video.writer import open_writer

TIMES = [0, 4, 12, 15, 20, 40, 44, 48, 52, 56]  # hundredths


def film(folder: Path) -> Path:
    return make_video(folder / "a.mp4", pts=TIMES, time_base=Fraction(1, 100), audio=("aac",))


def shown(path: Path) -> list[tuple[float, np.ndarray]]:
    """(milliseconds, RGBA as displayed) of every frame."""
    with Image.open(path) as picture:
        return [(_seek(picture, n), np.array(picture.convert("RGBA"))) for n in range(picture.n_frames)]


def _seek(picture: Image.Image, number: int) -> float:
    picture.seek(number)
    picture.load()
    return float(picture.info["duration"])


def written(target: Path, frames: Iterator[Frame], clip: Clip, **options: int) -> list[str]:
    notices: list[str] = []
    with open_writer(target, clip, width=96, height=64, notice=notices.append, **options) as writer:
        for frame in frames:
            writer.write(frame)
    return notices


@pytest.fixture
def blank() -> Clip:
    """What has no loop and no sound."""
    return BlankClip(96, 64, 20)


def transparent(index: int, dtype: type = np.uint8) -> Frame:
    """A hole that moves over a moving scene."""
    full = np.iinfo(dtype).max
    alpha = np.full((1, 64, 96), full, dtype)
    alpha[:, 10 + index : 30 + index, 10:40] = 0
    pixels = scene(96, 64, index).transpose(2, 0, 1).astype(dtype) * dtype(full // 255)
    return Frame(pixels, index, index, Fraction(1, 10), 1, alpha)


@pytest.mark.parametrize("suffix", ANIMATIONS)
def test_a_film_keeps_its_times(tmp_path: Path, suffix: str) -> None:
    frames, notices = convert(film(tmp_path), tmp_path / f"b{suffix}")
    found = shown(tmp_path / f"b{suffix}")
    delays = [10 * (b - a) for a, b in zip(TIMES, [*TIMES[1:], 60], strict=True)]
    assert [time for time, _ in found] == delays
    for frame, (_, pixels) in zip(frames, found, strict=True):
        assert (pixels[..., 3] == 255).all()
        assert np.abs(pixels[..., :3].transpose(2, 0, 1).astype(int) - frame.pixels).mean() < 6
    assert notices == [f"audio track 1 (aac) [und] is left out: {suffix} holds nothing but pictures"]


def test_apng_loses_nothing(tmp_path: Path) -> None:
    frames, _ = convert(film(tmp_path), tmp_path / "b.apng", start=2)
    for frame, (_, pixels) in zip(frames, shown(tmp_path / "b.apng"), strict=True):
        assert (pixels[..., :3].transpose(2, 0, 1) == frame.pixels).all()


def test_apng_of_16_bits(tmp_path: Path, blank: Clip) -> None:
    written(tmp_path / "b.apng", (transparent(n, np.uint16) for n in range(3)), blank, bit_depth=16)
    pixels, alpha = read_picture(tmp_path / "b.apng")
    assert alpha is not None and pixels.dtype == np.uint16
    assert (pixels == transparent(0, np.uint16).pixels).all()


def test_times_between_hundredths_are_rounded_without_drift(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4", rate=Fraction(30), time_base=Fraction(1, 30), count=30)
    _, notices = convert(source, tmp_path / "b.gif")
    assert notices == [
        "b.gif: GIF counts time in hundredths of a second: the times of frames are rounded to them"
    ]
    delays = [time for time, _ in shown(tmp_path / "b.gif")]
    assert set(delays) == {30, 40} and sum(delays) == 1000


def test_many_frames_a_second_are_named(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4", rate=Fraction(60), time_base=Fraction(1, 60), count=6)
    _, notices = convert(source, tmp_path / "b.gif")
    assert len(notices) == 2 and "browsers" in notices[1]
    assert sum(time for time, _ in shown(tmp_path / "b.gif")) == 100


@pytest.mark.parametrize("suffix", ANIMATIONS)
def test_transparency_is_kept(tmp_path: Path, blank: Clip, suffix: str) -> None:
    frames = [transparent(index) for index in range(8)]
    assert written(tmp_path / f"b{suffix}", iter(frames), blank) == []
    for frame, (_, pixels) in zip(frames, shown(tmp_path / f"b{suffix}"), strict=True):
        assert frame.alpha is not None
        assert (pixels[..., 3] == frame.alpha[0]).all()
        away = np.abs(pixels[..., :3].transpose(2, 0, 1).astype(int) - frame.pixels)
        assert away[:, pixels[..., 3] > 0].mean() < 6


def test_what_stands_still_does_not_flicker_in_a_gif(tmp_path: Path, blank: Clip) -> None:
    """One half stands still while other colours come and go in the other."""
    ground = scene(96, 64, 0).transpose(2, 0, 1)
    frames = []
    for index in range(12):
        pixels = ground.copy()
        pixels[:, :, 48:] = scene(48, 64, 0, seed=7 * index).transpose(2, 0, 1)
        frames.append(Frame(pixels, index, index, Fraction(1, 10), 1))
    written(tmp_path / "b.gif", iter(frames), blank)
    found = [pixels[:, :48] for _, pixels in shown(tmp_path / "b.gif")]
    assert all((pixels == found[0]).all() for pixels in found)


def looping(path: Path, loops: int | None) -> Path:
    """An animation that says how often it loops, as its format counts."""
    pictures = [Image.fromarray(scene(96, 64, n)) for n in range(3)]
    more = {} if loops is None else {"loop": loops}
    name = {".apng": "PNG"}.get(path.suffix)
    pictures[0].save(path, name, save_all=True, append_images=pictures[1:], duration=100, **more)
    return path


def loops(path: Path) -> int | None:
    with Image.open(path) as picture:
        found = picture.info.get("loop")
        return None if found is None else int(found)


@pytest.mark.parametrize(("before", "after"), [(None, 1), (0, 0), (2, 3)])
def test_a_gif_is_played_as_often_as_its_source(tmp_path: Path, before: int | None, after: int) -> None:
    source = looping(tmp_path / "a.gif", before)
    convert(source, tmp_path / "b.gif")
    convert(source, tmp_path / "b.apng")
    convert(source, tmp_path / "b.webp")
    assert loops(tmp_path / "b.gif") == before
    assert loops(tmp_path / "b.apng") == loops(tmp_path / "b.webp") == after


@pytest.mark.parametrize(("plays", "loop"), [(0, 0), (1, None), (3, 2)])
@pytest.mark.parametrize("suffix", [".apng", ".webp"])
def test_others_are_too(tmp_path: Path, blank: Clip, suffix: str, plays: int, loop: int | None) -> None:
    blank.path = looping(tmp_path / f"a{suffix}", plays)
    written(tmp_path / "b.gif", (transparent(index) for index in range(2)), blank)
    assert loops(tmp_path / "b.gif") == loop


def test_a_film_and_what_is_made_from_none_loop_for_ever(tmp_path: Path, blank: Clip) -> None:
    convert(film(tmp_path), tmp_path / "b.gif")
    written(tmp_path / "c.gif", (transparent(index) for index in range(2)), blank)
    assert loops(tmp_path / "b.gif") == loops(tmp_path / "c.gif") == 0


def test_one_frame_as_webp_is_a_still(tmp_path: Path) -> None:
    convert(film(tmp_path), tmp_path / "b.webp", start=3, stop=4)
    assert read_picture(tmp_path / "b.webp")[0].shape == (3, 64, 96)
    write_picture(tmp_path / "still.png", scene(96, 64, 0).transpose(2, 0, 1))
    convert(tmp_path / "still.png", tmp_path / "c.webp")
    assert read_picture(tmp_path / "c.webp")[0].shape == (3, 64, 96)


def test_depths_that_cannot_be(tmp_path: Path) -> None:
    clip = open_clip(film(tmp_path))
    with pytest.raises(UsageError, match=r"\.gif is written with 8 bits, not 16"):
        check_output(tmp_path / "b.gif", clip, bit_depth=16)
    with pytest.raises(UsageError, match=r"\.apng is written with 8 or 16 bits, not 10"):
        check_output(tmp_path / "b.apng", clip, bit_depth=10)


@pytest.mark.parametrize("suffix", ANIMATIONS)
def test_whole_or_not_there(
    tmp_path: Path, blank: Clip, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / f"b{suffix}"
    target.write_bytes(b"old")
    (tmp_path / f".b.0123abcd{suffix}").write_bytes(b"left by a run that was killed")

    def frames() -> Iterator[Frame]:
        yield transparent(0)
        assert target.read_bytes() == b"old"
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        written(target, frames(), blank)
    with pytest.raises(UsageError, match="no frame"):
        written(target, iter(()), blank)
    monkeypatch.setattr("vidstyle.video.animation_writer.put_in_place", _full)
    with pytest.raises(OutputError, match="cannot be written: no space left"):
        written(target, (transparent(index) for index in range(2)), blank)
    assert sorted(path.name for path in tmp_path.iterdir()) == [target.name]
    assert target.read_bytes() == b"old"


def _full(temporary: Path, path: Path) -> None:
    raise OSError(28, "No space left on device")
