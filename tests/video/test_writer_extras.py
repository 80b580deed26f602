"""Chapters, covers, attachments, timecodes and metadata in what the writer writes, or a notice for each."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition
from clip_makers import make_video, packets
from film_makers import FONT, MILLI, SUBTITLES, cover_picture, remux, subtitled
from writing import convert

from vidstyle.video.extras import cut_chapters, shifted_timecode

CODECS = {"mp4": "h264", "mov": "h264", "mkv": "h264", "webm": "vp9"}
CHAPTERS = [(0, 1000, "One"), (1000, 1800, "Two"), (1800, 2400, "Three")]


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return make_video(tmp_path / "plain.mp4", count=60, audio=("aac", "aac"), languages=("fra", "deu"))


def streams(path: Path) -> list[tuple[str, str | None]]:
    with av.open(str(path)) as source:
        return [
            (each.type, each.codec_context.name if each.codec_context else None) for each in source.streams
        ]


def covers(path: Path) -> list[bytes]:
    with av.open(str(path)) as source:
        found = [each for each in source.streams.video if each.disposition & Disposition.attached_pic]
        return [next(bytes(packet) for packet in source.demux(each)) for each in found]


def chapters(path: Path) -> list[tuple[float, float, str]]:
    with av.open(str(path)) as source:
        return [
            (float(c["start"] * c["time_base"]), float(c["end"] * c["time_base"]), c["metadata"]["title"])
            for c in source.chapters()
        ]


@pytest.mark.parametrize("target", CODECS)
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_covers(tmp_path: Path, plain: Path, name: str, target: str, suffix: str) -> None:
    picture = cover_picture(suffix)
    source = remux(plain, tmp_path / name, cover=picture)
    assert covers(source) == [picture]
    result = tmp_path / f"b.{target}"
    _, notices = convert(source, result, codec=CODECS[target], start=5, stop=20)
    kept = target in ("mp4", "mkv")
    assert covers(result) == [picture] * kept
    assert [line for line in notices if "cover" in line] == [
        f"the cover picture ({'png' if suffix == '.png' else 'mjpeg'}) is left out: {target} cannot hold it; "
        "a .mkv output would"
    ] * (not kept)


@pytest.mark.parametrize("target", CODECS)
def test_attachments(tmp_path: Path, plain: Path, target: str) -> None:
    source = remux(plain, tmp_path / "a.mkv", attachment=FONT)
    _, notices = convert(source, tmp_path / f"b.{target}", codec=CODECS[target])
    named = [line for line in notices if "attachment" in line]
    with av.open(str(tmp_path / f"b.{target}")) as result:
        kept = [(each.metadata["filename"], each.data) for each in result.streams.attachments]
    if target == "mkv":
        assert kept == [("letters.ttf", FONT)] and not named
    else:
        assert not kept
        assert named == [f"attachment letters.ttf is left out: {target} cannot hold it; a .mkv output would"]


@pytest.mark.parametrize("target", CODECS)
def test_bitmap_subtitles(tmp_path: Path, plain: Path, target: str) -> None:
    source = remux(plain, tmp_path / "a.mkv", bitmaps=True)
    _, notices = convert(source, tmp_path / f"b.{target}", codec=CODECS[target])
    named = [line for line in notices if "hdmv_pgs_subtitle" in line]
    if target == "mkv":
        assert packets(tmp_path / "b.mkv", "subtitle") == packets(source, "subtitle") and not named
    else:
        assert len(named) == 1 and "left out" in named[0]
        assert "subtitle" not in dict(streams(tmp_path / f"b.{target}"))


@pytest.mark.parametrize("target", CODECS)
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_chapters_of_a_range_are_cut_and_shifted(tmp_path: Path, plain: Path, name: str, target: str) -> None:
    source = remux(plain, tmp_path / name, chapters=CHAPTERS)
    late = 0.021 if name == "a.mkv" else 0  # FFmpeg wrote no time before 0
    options: dict[str, Any] = {"codec": CODECS[target]}
    _, notices = convert(source, tmp_path / f"b.{target}", start=10, stop=40, **options)
    first, second = chapters(tmp_path / f"b.{target}")
    assert first == (0, pytest.approx(0.6 - late, abs=0.001), "One")
    assert second == (pytest.approx(0.6 - late, abs=0.001), pytest.approx(1.2, abs=0.001), "Two")
    assert not [line for line in notices if "data" in line]
    convert(source, tmp_path / f"b.{target}", start=30, **options)
    assert [title for _, _, title in chapters(tmp_path / f"b.{target}")] == ["Two", "Three"]


def test_chapters_follow_the_times_of_frames_not_their_rate(tmp_path: Path) -> None:
    pts = [0, 40, 80, 120, 1000, 1040, 1080, 2000, 2040, 2080]
    plain = make_video(tmp_path / "plain.mp4", pts=pts, time_base=MILLI)
    source = remux(plain, tmp_path / "a.mkv", chapters=[(0, 1020, "One"), (1020, 2060, "Two")])
    convert(source, tmp_path / "b.mkv", start=1, stop=8)
    assert chapters(tmp_path / "b.mkv") == [(0, 0.98, "One"), (0.98, 2.0, "Two")]


def test_cut_chapters_known_answers() -> None:
    source = [{"start": 0, "end": 10, "time_base": Fraction(1, 2), "id": 1},
              {"start": 10, "end": 20, "time_base": Fraction(1, 2), "id": 2}]  # fmt: skip
    assert [c["id"] for c in cut_chapters(source, Fraction(5), None)] == [2]
    assert cut_chapters(source, Fraction(4), Fraction(6)) == [
        {"start": 0, "end": 2, "time_base": Fraction(1, 2), "id": 1},
        {"start": 2, "end": 4, "time_base": Fraction(1, 2), "id": 2},
    ]


NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("timecode", "frames", "rate", "expected"),
    [
        ("01:00:00:00", 10, Fraction(25), "01:00:00:10"),
        ("01:00:59:24", 1, Fraction(25), "01:01:00:00"),
        ("23:59:59:23", 1, Fraction(24000, 1001), "00:00:00:00"),
        ("00:00:59;29", 1, NTSC, "00:01:00;02"),
        ("00:01:59;29", 1, NTSC, "00:02:00;02"),
        ("00:09:59;29", 1, NTSC, "00:10:00;00"),
        ("00:00:00;00", 17982, NTSC, "00:10:00;00"),
        ("00:00:00;00", 107892, NTSC, "01:00:00;00"),
        ("00:00:59;59", 1, 2 * NTSC, "00:01:00;04"),
        ("00:00:59:29", 1, NTSC, "00:01:00:00"),
        ("midnight", 5, Fraction(25), "midnight"),
    ],
)
def test_timecodes_known_answers(timecode: str, frames: int, rate: Fraction, expected: str) -> None:
    assert shifted_timecode(timecode, frames, rate) == expected


@pytest.mark.parametrize("target", CODECS)
@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv"])
def test_timecodes(tmp_path: Path, plain: Path, name: str, target: str) -> None:
    source = remux(plain, tmp_path / name, of_picture={"timecode": "10:11:12:05"})
    for start, expected in ((0, "10:11:12:05"), (20, "10:11:13:00")):
        _, notices = convert(source, tmp_path / f"b.{target}", codec=CODECS[target], start=start, stop=40)
        with av.open(str(tmp_path / f"b.{target}")) as result:
            said = {k.lower(): v for k, v in result.streams.video[0].metadata.items()}
            tracks = [
                each for each in result.streams if each.metadata.get("timecode") and each.type == "data"
            ]
        assert said["timecode"] == expected
        assert len(tracks) == (target in ("mp4", "mov"))
        assert not [line for line in notices if "data" in line or "timecode" in line]


METADATA = {
    **{"title": "A walk", "artist": "Somebody", "comment": "Slowly", "copyright": "2020", "genre": "Film"},
    **{"creation_time": "2020-01-02T03:04:05.000000Z", "location": "+47.1000+008.5000/"},
}


@pytest.mark.parametrize("target", CODECS)
@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv"])
def test_metadata_of_the_film(tmp_path: Path, plain: Path, name: str, target: str) -> None:
    source = remux(plain, tmp_path / name, metadata=METADATA)
    _, notices = convert(source, tmp_path / f"b.{target}", codec=CODECS[target])
    with av.open(str(tmp_path / f"b.{target}")) as result:
        found = {key.lower(): value for key, value in result.metadata.items()}
    assert {key: found.get(key) for key in METADATA} == METADATA
    assert not [line for line in notices if "metadata" in line]


def test_lost_metadata_is_named(tmp_path: Path, plain: Path) -> None:
    source = remux(plain, tmp_path / "a.mkv", metadata={"mood": "blue", "weather": "rain", "title": "A"})
    _, notices = convert(source, tmp_path / "b.mp4")
    line = "mp4 has no place for the metadata MOOD, WEATHER: left out; a .mkv output would keep it"
    assert notices == [line]
    many = remux(plain, tmp_path / "many.mkv", metadata={f"key{number:02}": "x" for number in range(11)})
    _, notices = convert(many, tmp_path / "b.mp4")
    assert "KEY07 and 3 more: left out" in notices[0]


@pytest.mark.parametrize(
    ("code", "mov"), [("fra", "fra"), ("fre", "fra"), ("deu", "ger"), ("cze", "ces"), ("ces", "ces")]
)
def test_languages(tmp_path: Path, code: str, mov: str) -> None:
    source = make_video(tmp_path / "a.mkv", audio=("aac",), languages=(code,))
    for target, expected in (("mov", mov), ("mp4", code), ("mkv", code)):
        _, notices = convert(source, tmp_path / f"b.{target}")
        with av.open(str(tmp_path / f"b.{target}")) as result:
            assert result.streams.audio[0].language == expected
        assert notices == []


def test_a_language_that_quicktime_has_no_number_for(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mkv", audio=("aac",), languages=("hrv",))
    _, notices = convert(source, tmp_path / "b.mov")
    assert notices == [
        "mov has no place for the metadata language hrv: left out; a .mkv output would keep it"
    ]


@pytest.mark.parametrize("target", ["mp4", "mov", "mkv"])
def test_titles_of_tracks(tmp_path: Path, plain: Path, target: str) -> None:
    """MP4 calls them names; and the statistics of the source's packets are not true of the result's."""
    of_picture = {"title": "Main view", "BPS": "1234", "NUMBER_OF_FRAMES-eng": "60", "language": "spa"}
    source = remux(plain, tmp_path / "a.mkv", of_picture=of_picture)
    middle, path = tmp_path / "m.mp4", tmp_path / f"b.{target}"
    convert(source, middle)
    convert(middle, path, stop=10)
    with av.open(str(path)) as result:
        said = result.streams.video[0].metadata
        assert said["title" if target == "mkv" else "name"] == "Main view"
        assert said["language"] == "spa"
    convert(source, path)
    with av.open(str(path)) as result:
        assert not {"bps", "number_of_frames-eng"} & {k.lower() for k in result.streams.video[0].metadata}


def test_a_second_picture_is_named(tmp_path: Path) -> None:
    source = tmp_path / "a.mkv"
    with av.open(str(source), "w") as output:
        both = [output.add_stream("libx264", rate=25) for _ in range(2)]
        for stream in both:
            stream.width, stream.height = 64, 64
        for number in range(3):
            for stream in both:
                frame = av.VideoFrame.from_ndarray(np.zeros((96, 64), np.uint8), "yuv420p")
                frame.pts = number
                output.mux(stream.encode(frame))
        for stream in both:
            output.mux(stream.encode(None))
    _, notices = convert(source, tmp_path / "b.mkv")
    assert notices == ["video track 1 (h264) is left out: only the first picture is painted"]


KINDS = {
    "subrip": {"mp4": "mov_text", "mov": "mov_text", "mkv": "subrip", "webm": "webvtt"},
    "ass": {"mp4": "mov_text", "mov": "mov_text", "mkv": "ass", "webm": "webvtt"},
    "mov_text": {"mp4": "mov_text", "mov": "mov_text", "mkv": "subrip", "webm": "webvtt"},
    "dvd_subtitle": {"mp4": "dvd_subtitle", "mkv": "dvd_subtitle"},
}


@pytest.mark.parametrize("target", CODECS)
@pytest.mark.parametrize("codec", SUBTITLES)
def test_subtitles_of_every_kind(tmp_path: Path, codec: str, target: str) -> None:
    source, path = subtitled(tmp_path, codec), tmp_path / f"b.{target}"
    _, notices = convert(source, path, codec=CODECS[target], start=5, stop=25)
    kind = KINDS[codec].get(target)
    with av.open(str(path)) as result:
        tracks = [stream for stream in result.streams if stream.type == "subtitle"]
        found = [
            (float(p.pts * p.time_base), float(p.duration * p.time_base))
            for track in tracks
            for p in result.demux(track)
            if p.size > 2
        ]
    assert [track.codec_context.codec.canonical_name for track in tracks] == ([kind] if kind else [])
    expected = [f"{kind}, which"] * (kind != codec) if kind else [f"({codec}) [deu] is left out"]
    if kind:
        assert found[0][0] == 0 and found[1] == pytest.approx((0.5, 0.3), abs=0.001)
        assert tracks[0].language == ("ger" if target == "mov" else "deu")
        forced = bool(tracks[0].disposition & Disposition.forced)
        assert forced == (target != "mov")
        expected += ["metadata forced (subtitle): left out"] * (not forced)
    assert len(notices) == len(expected)
    assert all(words in line for words, line in zip(expected, notices, strict=True))


SOUND = {
    "aac": {"webm": "opus"},
    "libmp3lame": {"mp4": "mp3", "mov": "mp3", "mkv": "mp3", "webm": "opus"},
    "ac3": {"webm": "opus"},
    "eac3": {"webm": "opus"},
    "libopus": {"mp4": "opus", "mov": "aac", "mkv": "opus", "webm": "opus"},
    "flac": {"mov": "aac", "webm": "opus"},
    "pcm_s16le": {"mp4": "aac", "webm": "opus"},
    "pcm_s24le": {"mp4": "aac", "webm": "opus"},
}


@pytest.mark.parametrize("codec", SOUND)
def test_sound_of_every_kind(tmp_path: Path, codec: str) -> None:
    source = make_video(tmp_path / "a.mkv", count=10, audio=(codec,))
    for target, video in CODECS.items():
        _, notices = convert(source, tmp_path / f"b.{target}", codec=video)
        with av.open(str(tmp_path / f"b.{target}")) as result:
            found = result.streams.audio[0].codec_context.codec.canonical_name
        assert found == SOUND[codec].get(target, codec)
        assert len(notices) == (found not in codec)
