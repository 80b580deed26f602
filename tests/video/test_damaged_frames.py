"""Frames damaged in the middle of a stream: left out, with the times of the others kept, or the end of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clip_makers import click_times, make_video, packets

from vidstyle.errors import MediaError
from vidstyle.types import Frame
from vidstyle.video.reader import open_clip
from vidstyle.video.writer import open_writer

COUNT = 20


def busy(index: int) -> np.ndarray:
    """uint8 (128, 192, 3): coloured squares that move, so that every packet has much to say."""
    squares = np.random.default_rng(1).integers(0, 255, (16, 24, 3))
    return np.roll(np.kron(squares, np.ones((8, 8, 1))), 3 * index, axis=1).astype(np.uint8)


def noise(packet: bytes) -> bytes:
    """All but its beginning overwritten."""
    return packet[:20] + random.Random(0).randbytes(len(packet) - 20)


def damage(path: Path, numbers: tuple[int, ...], change: Callable[[bytes], bytes] = noise) -> Path:
    """Change some packets of the video, in decoding order, where they lie in the file."""
    data, found = path.read_bytes(), packets(path, "video")
    for number in numbers:
        assert data.count(found[number]) == 1
        data = data.replace(found[number], change(found[number]))
    path.write_bytes(data)
    return path


def times(frames: list[Frame]) -> list[int]:
    return [round(frame.pts_seconds * 25) for frame in frames]


CODECS = {
    "h264.mp4": {"codec": "libx264", "options": {"g": "8", "bf": "0"}},
    "mpeg4.mp4": {"codec": "mpeg4", "options": {"g": "1"}},
    "mjpeg.mkv": {"codec": "mjpeg", "pix_fmt": "yuvj420p"},
    "ffv1.mkv": {"codec": "ffv1", "pix_fmt": "bgr0", "options": {"level": "3", "slicecrc": "1"}},
    "prores.mov": {"codec": "prores_ks", "pix_fmt": "yuv422p10le"},
}


def clip_of(path: Path) -> Path:
    settings = CODECS[path.name]
    return make_video(path, pictures=list(map(busy, range(COUNT))), size=(192, 128), count=COUNT, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", CODECS)
def test_left_out_and_the_one_before_shown_longer(tmp_path: Path, name: str) -> None:
    clip = open_clip(damage(clip_of(tmp_path / name), (10, 11)))
    frames = list(clip.frames())
    assert times(frames) == [*range(10), *range(12, COUNT)]
    assert [frame.index for frame in frames] == list(range(COUNT - 2))
    assert frames[9].duration == 3 * frames[8].duration
    assert len(clip.notices) == 1
    assert f"{name} is damaged after 0.36 s" in clip.notices[0]
    list(clip.frames())
    assert len(clip.notices) == 1


@pytest.mark.parametrize("name", CODECS)
def test_the_end_of_it_if_so_wished(tmp_path: Path, name: str) -> None:
    clip = open_clip(damage(clip_of(tmp_path / name), (10, 11)), damaged="stop")
    assert times(list(clip.frames(0, 9))) == list(range(9))
    with pytest.raises(MediaError, match=r"is damaged after 0\.36 s; --damaged skip") as error:
        list(clip.frames())
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", CODECS)
def test_whole_clips_are_whole_either_way(tmp_path: Path, name: str) -> None:
    path = clip_of(tmp_path / name)
    for damaged in ("skip", "stop"):
        clip = open_clip(path, damaged=damaged)
        assert times(list(clip.frames())) == list(range(COUNT))
        assert clip.notices == []


def flagged(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        try:
            return [round(f.time * 25) for f in container.decode(video=0) if f.is_corrupt]
        except av.FFmpegError:
            return []


def test_a_frame_that_is_concealed_and_flagged_counts_as_damaged(tmp_path: Path) -> None:
    whole = clip_of(tmp_path / "h264.mp4").read_bytes()
    for seed in range(40):  # of a few wrong bits, the decoder notices some, and cannot go on after others

        def few_bits(packet: bytes, seed: int = seed) -> bytes:
            changed, chance = bytearray(packet), random.Random(seed)
            for _ in range(4):
                changed[chance.randrange(60, len(packet))] ^= 1 << chance.randrange(8)
            return bytes(changed)

        (tmp_path / "h264.mp4").write_bytes(whole)
        path = damage(tmp_path / "h264.mp4", (10,), few_bits)
        if flagged(path) == [10]:
            break
    assert flagged(path) == [10]
    assert times(list(open_clip(path).frames())) == [*range(10), *range(11, COUNT)]


def test_stopping_means_a_file_that_breaks_off_too(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mkv", count=60, options={"g": "10"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert list(open_clip(path).frames())
    fast = make_video(tmp_path / "b.mov", codec="mjpeg", pix_fmt="yuvj420p", count=60)
    data = fast.read_bytes()
    where = data.index(packets(fast, "video")[30])
    fast.write_bytes(
        data[:where] + bytes(len(data[where : data.index(b"moov") - 4])) + data[data.index(b"moov") - 4 :]
    )
    assert times(list(open_clip(fast).frames())) == list(range(30))
    with pytest.raises(MediaError, match=r"1\.16 s"):
        list(open_clip(fast, damaged="stop").frames())


def test_sound_stays_where_it_was(tmp_path: Path) -> None:
    source = make_video(
        tmp_path / "a.mkv", codec="mjpeg", pix_fmt="yuvj420p", count=50, audio=("flac",), size=(96, 64)
    )
    clip = open_clip(damage(source, (5, 6, 7, 20)))
    notices: list[str] = []
    with open_writer(tmp_path / "b.mkv", clip, width=96, height=64, notice=notices.append) as writer:
        for frame in clip.frames():
            writer.write(frame)
    result = open_clip(tmp_path / "b.mkv")
    expected = [i for i in range(50) if i not in (5, 6, 7, 20)]
    assert times(list(result.frames())) == expected
    heard = click_times(tmp_path / "b.mkv")
    assert heard == pytest.approx(click_times(source), abs=0.002) and len(heard) == 4


def test_damage_past_a_seek_point_is_found_again_when_reading_begins_there(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mkv", codec="mjpeg", pix_fmt="yuvj420p", count=130)
    clip = open_clip(damage(path, (20, 120)))
    whole = list(clip.frames())
    assert len(whole) == 128 and sorted(clip.seek_points) == [50, 100]
    again = list(clip.frames(110))
    assert [(f.index, f.pts) for f in again] == [(f.index, f.pts) for f in whole[110:]]
    assert again[0].pts_seconds == Fraction(111, 25)


def test_reading_that_begins_between_two_key_frames_meets_no_damage(tmp_path: Path) -> None:
    """From a seek point: what comes before it lacks the pictures that it refers to, which is no damage."""
    path = make_video(
        tmp_path / "a.mp4", count=240, options={"g": "60", "x264-params": "open-gop=1:bframes=3"}
    )
    clip = open_clip(path, damaged="stop")
    whole = list(clip.frames())
    assert len(whole) == 240
    for start in (110, 170, 215):
        assert [frame.pts for frame in clip.frames(start)] == [frame.pts for frame in whole[start:]]
    assert clip.notices == []
