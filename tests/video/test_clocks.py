"""Clocks of files that start late or jump: the clip begins near 0 and goes on evenly, sound with it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from clip_makers import click_times, make_video
from film_makers import flash_times, flashing, remux, sound_span
from writing import convert, times

from vidstyle.video.reader import open_clip

TENTH = Fraction(1, 10)


def recording(path: Path, start: int = 0, **options: object) -> Path:
    """A transport stream of 0.8 s, ten frames per second, whose clock starts so late."""
    settings = {"audio": ("mp2",), "audio_seconds": 0.8, **options}
    plain = make_video(path.with_suffix(".mp4"), count=8, time_base=TENTH, rate=Fraction(10), **settings)  # type: ignore[arg-type]
    return remux(plain, path, shift=Fraction(start))


def joined(path: Path, *parts: Path) -> Path:
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def late(path: Path, seconds: int) -> Path:
    plain = flashing(path.parent / "plain.mp4", count=50)
    return remux(plain, path, shift=Fraction(seconds))


@pytest.mark.parametrize("name", ["a.ts", "a.mkv", "a.flv"])
@pytest.mark.parametrize("options", [{}, {"start": 0, "stop": 30}, {"start": 10, "stop": 40}])
def test_what_starts_hours_late_starts_near_0(tmp_path: Path, name: str, options: dict[str, int]) -> None:
    sources = [late(tmp_path / f"{seconds}{name}", seconds) for seconds in (0, 45001)]
    clips = [open_clip(source) for source in sources]
    assert 0 <= next(clips[1].frames()).pts_seconds < 0.1
    assert clips[1].frame_count == pytest.approx(50, abs=2)
    for source in sources:
        convert(source, source.with_suffix(".mp4"), **options)
    usual, shifted = (source.with_suffix(".mp4") for source in sources)
    begin = 0 if options else float(times(usual)[0][0] - times(shifted)[0][0])  # of a TS it is not 0
    assert flash_times(shifted) == pytest.approx([time - begin for time in flash_times(usual)], abs=0.002)
    assert click_times(shifted) == pytest.approx([time - begin for time in click_times(usual)], abs=0.003)
    assert sound_span(shifted) == pytest.approx([time - begin for time in sound_span(usual)], abs=0.003)


def test_a_late_sound_stays_late(tmp_path: Path) -> None:
    plain = flashing(tmp_path / "plain.mp4", count=50, audio_start=24000, audio_seconds=1)
    source = remux(plain, tmp_path / "a.ts", shift=Fraction(45001))
    convert(source, tmp_path / "b.mp4")
    assert sound_span(tmp_path / "b.mp4")[0] == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_a_film_that_means_its_late_start_keeps_it(tmp_path: Path, name: str) -> None:
    source = late(tmp_path / name, 4)
    assert next(open_clip(source).frames()).pts_seconds >= 4


@pytest.mark.parametrize("second", [0, 8000, 45001])
@pytest.mark.parametrize("first", [0, 2, 45001])
def test_joined_recordings_go_on_evenly(tmp_path: Path, first: int, second: int) -> None:
    parts = recording(tmp_path / "a.ts", first), recording(tmp_path / "b.ts", second)
    source = joined(tmp_path / "c.ts", *parts)
    clip = open_clip(source)
    frames = list(clip.frames())
    begin = frames[0].pts_seconds
    assert [frame.pts_seconds - begin for frame in frames] == [index * TENTH for index in range(16)]
    assert {(frame.duration or 0) * frame.time_base for frame in frames} == {TENTH}
    assert clip.frame_count == pytest.approx(16, abs=0.1) and not clip.notices


def test_where_the_signal_was_lost_for_seconds_the_frame_is_held(tmp_path: Path) -> None:
    parts = recording(tmp_path / "a.ts"), recording(tmp_path / "b.ts", 20)
    frames = list(open_clip(joined(tmp_path / "c.ts", *parts)).frames())
    assert len(frames) == 16
    assert frames[8].pts_seconds == 20 and (frames[7].duration or 0) * frames[7].time_base > 18


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 8000), (45001, 0), (45001, 45001)])
def test_joined_recordings_are_written_with_their_sound(
    tmp_path: Path, first: int, second: int, suffix: str
) -> None:
    parts = recording(tmp_path / "a.ts", first), recording(tmp_path / "b.ts", second)
    source = joined(tmp_path / "c.ts", *parts)
    convert(source, tmp_path / f"d.{suffix}")
    shown = times(tmp_path / f"d.{suffix}")
    assert len(shown) == 16
    steps = np.diff([float(time) for time, _ in shown])
    assert steps == pytest.approx(np.full(15, 0.1), abs=0.0011)
    start, end = sound_span(tmp_path / f"d.{suffix}")
    assert end - start == pytest.approx(1.6, abs=0.06)
    clicks = click_times(tmp_path / f"d.{suffix}")
    begin = float(shown[0][0])
    assert [click - begin for click in clicks] == pytest.approx([0, 0.5, 0.8, 1.3], abs=0.03)


def test_a_part_of_joined_recordings(tmp_path: Path) -> None:
    source = joined(tmp_path / "c.ts", *(recording(tmp_path / name) for name in ("a.ts", "b.ts")))
    convert(source, tmp_path / "d.mp4", start=4, stop=12)
    assert [time for time, _ in times(tmp_path / "d.mp4")] == [index * TENTH for index in range(8)]
    start, end = sound_span(tmp_path / "d.mp4")
    assert end - start == pytest.approx(0.8, abs=0.06)


def test_joined_recordings_are_not_sought_by_time(tmp_path: Path) -> None:
    films = []
    for seed, name in enumerate(("a.ts", "b.ts")):
        pictures = [np.full((64, 96, 3), 10 + 80 * seed + index, np.uint8) for index in range(120)]
        films.append(
            make_video(tmp_path / name, pictures=pictures, pts=list(range(120)), options={"g": "12"})
        )
    clip = open_clip(joined(tmp_path / "c.ts", *films))
    whole = list(clip.frames())
    assert len(whole) == 240
    for start in (60, 110, 130, 200):
        found = next(clip.frames(start, start + 1))
        assert found.pts == whole[start].pts and np.array_equal(found.pixels, whole[start].pixels)
