"""Samples of no bytes, by which recorders say that a frame was dropped: the frame before is held."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import pytest
from clip_makers import make_video
from writing import convert, times

from vidstyle.video.reader import open_clip

EMPTY = b"dropped!"


def with_empty_samples(source: Path, path: Path, dropped: set[int]) -> Path:
    """A copy as MOV, without what these samples hold; their times stay."""
    with av.open(str(source)) as old, av.open(str(path), "w", format="mov") as output:
        stream = output.add_stream_from_template(old.streams.video[0], opaque=True)
        output.start_encoding()
        for number, packet in enumerate(each for each in old.demux(video=0) if each.size):
            kept = av.Packet(EMPTY if number in dropped else bytes(packet))
            kept.stream, kept.time_base, kept.is_keyframe = stream, packet.time_base, packet.is_keyframe
            kept.pts, kept.dts, kept.duration = packet.pts, packet.dts, packet.duration
            output.mux(kept)
    data = path.read_bytes()
    assert data.count(EMPTY) == len(dropped)
    at = data.index(b"mdat") - 4
    (length,) = struct.unpack_from(">I", data, at)
    shorter = struct.pack(">I", length - len(EMPTY) * len(dropped))
    data = (data[:at] + shorter + data[at + 4 :]).replace(EMPTY, b"")
    sizes = data.index(b"stsz") + 16
    for number in dropped:
        place = sizes + 4 * number
        data = data[:place] + bytes(4) + data[place + 4 :]
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("codec", ["mjpeg", "libx264", "mpeg4", "prores_ks"])
def test_the_frame_before_is_held(tmp_path: Path, codec: str) -> None:
    pix_fmt = {"mjpeg": "yuvj420p", "prores_ks": "yuv422p10le"}.get(codec, "yuv420p")
    # Of intra frames any can be left out without harm.
    source = make_video(tmp_path / "a.mov", codec=codec, pix_fmt=pix_fmt, count=12, options={"g": "1"})
    clip = open_clip(with_empty_samples(source, tmp_path / "b.mov", {4, 5, 9}))
    assert clip.frame_count == 9
    frames = list(clip.frames())
    assert [round(frame.pts_seconds * 25) for frame in frames] == [0, 1, 2, 3, 6, 7, 8, 10, 11]
    assert [round((f.duration or 0) * f.time_base * 25) for f in frames] == [1, 1, 1, 3, 1, 1, 2, 1, 1]
    assert clip.notices == []
    convert(tmp_path / "b.mov", tmp_path / "c.mp4", preset="ultrafast")
    assert times(tmp_path / "c.mp4") == times(tmp_path / "b.mov")


def test_an_empty_sample_at_the_end_holds_the_last_frame(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mov", count=6, options={"g": "1"})
    frames = list(open_clip(with_empty_samples(source, tmp_path / "b.mov", {5})).frames())
    assert len(frames) == 5 and frames[-1].duration * frames[-1].time_base == Fraction(2, 25)  # type: ignore[operator]
