"""Sound, subtitles, chapters and metadata of the source in what the writer writes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
from clip_makers import click_times, make_video, packets
from writing import convert

from vidstyle.video.reader import open_clip


def with_sound(path: Path, *codecs: str, count: int = 60) -> Path:
    return make_video(path, count=count, audio=codecs, languages=("eng", "deu"))


@pytest.mark.parametrize(
    ("name", "target"),
    [("a.mp4", "b.mp4"), ("a.mp4", "b.mov"), ("a.mkv", "b.mkv"), ("a.mp4", "b.mkv")],
)
def test_sound_is_copied_bit_by_bit(tmp_path: Path, name: str, target: str) -> None:
    source = with_sound(tmp_path / name, "aac", "aac")
    _, notices = convert(source, tmp_path / target)
    assert notices == []
    for track in (0, 1):
        assert packets(tmp_path / target, "audio", track) == packets(source, "audio", track)
    assert click_times(tmp_path / target) == pytest.approx(click_times(source), abs=0.001)
    with av.open(str(tmp_path / target)) as result:
        assert [stream.language for stream in result.streams.audio] == [
            "eng",
            "ger" if target == "b.mov" else "deu",
        ]


def test_sound_longer_than_the_picture_is_kept(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4", count=10, audio=("aac",), audio_seconds=3)
    convert(source, tmp_path / "b.mp4")
    assert packets(tmp_path / "b.mp4", "audio") == packets(source, "audio")


TEXTS = [(100, 400, "Good <i>morning</i>"), (900, 700, "Good night"), (1900, 300, "The end")]


def texts(path: Path) -> list[tuple[float, float, str]]:
    """(start, duration, words) of the first subtitle track."""
    found = []
    with av.open(str(path)) as source:
        for packet in source.demux(subtitles=0):
            words = bytes(packet)[2 if "mp4" in source.format.name else 0 :].decode()
            if words:
                found.append(
                    (float(packet.pts * packet.time_base), float(packet.duration * packet.time_base), words)
                )
    return found


@pytest.mark.parametrize(
    ("target", "codec", "kind", "first"),
    [
        ("b.mkv", "h264", "subrip", "Good <i>morning</i>"),
        ("b.mp4", "h264", "mov_text", "Good morning"),
        ("b.webm", "vp9", "webvtt", "Good morning"),
    ],
)
def test_subtitles(tmp_path: Path, target: str, codec: str, kind: str, first: str) -> None:
    source = make_video(tmp_path / "a.mkv", count=60, subtitles=TEXTS)
    _, notices = convert(source, tmp_path / target, codec=codec)
    assert [(stream.kind, stream.codec) for stream in open_clip(tmp_path / target).streams] == [
        ("subtitle", kind)
    ]
    assert texts(tmp_path / target) == [(0.1, 0.4, first), (0.9, 0.7, "Good night"), (1.9, 0.3, "The end")]
    assert len(notices) == (kind != "subrip")
    assert all(kind in notice for notice in notices)


def test_subtitles_there_and_back(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mkv", count=60, subtitles=TEXTS)
    convert(source, tmp_path / "b.mp4")
    convert(tmp_path / "b.mp4", tmp_path / "c.mkv")
    assert [words for _, _, words in texts(tmp_path / "c.mkv")] == ["Good morning", "Good night", "The end"]


def test_subtitles_of_a_range_are_cut(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mkv", count=60, subtitles=TEXTS)
    convert(source, tmp_path / "b.mkv", start=30, stop=50)  # 1.2 to 2.0 s
    assert texts(tmp_path / "b.mkv") == [(0.0, 0.4, "Good night"), (0.7, 0.1, "The end")]


def test_metadata_and_chapters(tmp_path: Path) -> None:
    plain = with_sound(tmp_path / "plain.mp4", "aac")
    source = tmp_path / "a.mkv"
    with av.open(str(plain)) as old, av.open(str(source), "w") as output:
        output.metadata.update({"title": "A walk", "artist": "Somebody"})
        second = Fraction(1, 1000)
        output.set_chapters(
            [{"id": 1, "start": 0, "end": 1000, "time_base": second, "metadata": {"title": "One"}},
             {"id": 2, "start": 1000, "end": 2400, "time_base": second, "metadata": {"title": "Two"}}]
        )  # fmt: skip
        streams = [output.add_stream_from_template(stream) for stream in old.streams]
        streams[1].disposition = av.stream.Disposition.forced
        streams[1].metadata["title"] = "Commentary"
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream_index]
                output.mux(packet)
    for target in ("b.mkv", "b.mp4"):
        convert(source, tmp_path / target)
        with av.open(str(tmp_path / target)) as result:
            assert result.metadata["title"] == "A walk"
            assert [c["metadata"]["title"] for c in result.chapters()] == ["One", "Two"]
            if target == "b.mkv":
                assert result.streams.audio[0].metadata["title"] == "Commentary"
                assert result.streams.audio[0].disposition == av.stream.Disposition.forced
