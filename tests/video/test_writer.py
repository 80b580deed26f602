"""What is written has the times, colours, sound and subtitles of its source, and is whole or not there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from clip_makers import click_times, make_video, packets, scene

from vidstyle.errors import OutputError, UsageError, VidstyleError
from vidstyle.types import Frame
from vidstyle.video.formats import CODECS
from vidstyle.video.pictures import read_picture, write_picture
from vidstyle.video.reader import Clip, open_clip
from vidstyle.video.writer import check_output, open_writer

FAST: dict[str, dict[str, Any]] = {
    "h264": {"preset": "veryfast"},
    "h265": {"preset": "ultrafast"},
    "av1": {"preset": "9"},
    "vp9": {"preset": "8"},
    "ffv1": {},
    "prores": {},
}


def convert(source: Path | Clip, target: Path, **options: Any) -> tuple[list[Frame], list[str]]:
    """Copy a clip through the writer; returns the frames written and the notices."""
    clip = source if isinstance(source, Clip) else open_clip(source)
    notices: list[str] = []
    options = {**FAST[options.get("codec", "h264")], **options}
    frames = list(clip.frames(options.get("start", 0), options.get("stop")))
    with open_writer(
        target, clip, width=clip.width, height=clip.height, notice=notices.append, **options
    ) as writer:
        for frame in frames:
            writer.write(frame)
    assert not [path for path in target.parent.iterdir() if path.name.startswith(".")]
    return frames, notices


def times(path: Path) -> list[tuple[Fraction, Fraction | None]]:
    return [
        (frame.pts_seconds, None if frame.duration is None else frame.duration * frame.time_base)
        for frame in open_clip(path).frames()
    ]


# Times


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [("h264", "mp4"), ("h264", "mov"), ("h265", "mp4"), ("av1", "mp4"), ("vp9", "mp4"), ("prores", "mov")],
)
def test_times_are_exact(tmp_path: Path, codec: str, suffix: str) -> None:
    pts = [0, 1001, 2002, 4004, 5000, 5001, 9000, 12012, 12500, 13013, 14014, 17017]
    source = make_video(tmp_path / "a.mp4", pts=pts, time_base=Fraction(1, 30000), rate=Fraction(30000, 1001))
    convert(source, tmp_path / f"b.{suffix}", codec=codec)
    assert times(tmp_path / f"b.{suffix}") == times(source)


@pytest.mark.parametrize("target", ["h264.mp4", "h264.mkv", "h265.mp4", "vp9.webm"])
def test_the_same_frames_give_the_same_file(tmp_path: Path, samples: Path, target: str) -> None:
    """As promised of a resumed run; x264's macroblock tree gave up to nine files for frames of this size."""
    with av.open(str(samples / "passing.mp4")) as film:
        pictures = [frame.to_ndarray(format="rgb24")[:176] for frame in film.decode(video=0)]
    source = make_video(
        tmp_path / "a.mkv", codec="ffv1", pix_fmt="bgr0", size=(320, 176), pictures=pictures, count=40
    )
    files = [tmp_path / f"{number}.{target}" for number in range(5)]
    for file in files:
        convert(source, file, codec=target.split(".")[0])
    assert len({file.read_bytes() for file in files}) == 1


def test_ntsc_rate_and_late_start(tmp_path: Path) -> None:
    source = make_video(
        tmp_path / "a.mp4", pts=list(range(9, 30)),
        time_base=Fraction(1001, 30000), rate=Fraction(30000, 1001),
        audio=("aac",), audio_start=4800, audio_seconds=1,
    )  # fmt: skip
    convert(source, tmp_path / "b.mp4")
    assert times(tmp_path / "b.mp4") == times(source)
    assert open_clip(tmp_path / "b.mp4").frame_rate == Fraction(30000, 1001)
    assert click_times(tmp_path / "b.mp4") == click_times(source)


def test_matroska_keeps_milliseconds(tmp_path: Path) -> None:
    source = make_video(
        tmp_path / "a.mkv", pts=[0, 33, 67, 200, 233, 500], time_base=Fraction(1, 1000), audio=("aac",)
    )
    convert(source, tmp_path / "b.mkv")
    assert [time for time, _ in times(tmp_path / "b.mkv")] == [time for time, _ in times(source)]


# Colours


@pytest.mark.parametrize("matrix", [1, 6, 9])
@pytest.mark.parametrize("codec", ["h264", "prores"])
def test_matrix_of_the_source_is_kept(tmp_path: Path, matrix: int, codec: str) -> None:
    picture = np.zeros((64, 192, 3), np.uint8)
    for i, colour in enumerate(
        [(200, 60, 50), (50, 180, 60), (50, 60, 200), (200, 200, 40), (240, 240, 240), (128,) * 3]
    ):
        picture[:, 32 * i : 32 * (i + 1)] = colour
    source = make_video(
        tmp_path / "a.mkv", codec="ffv1", pix_fmt="yuv444p", tags=(matrix, 1), size=(192, 64),
        pictures=[picture] * 3, pts=[0, 1, 2],
    )  # fmt: skip
    path = tmp_path / "b.mov"
    frames, _ = convert(source, path, codec=codec, **({"crf": 1} if codec == "h264" else {}))
    result = open_clip(path)
    assert (result.color.matrix, result.color.range) == (matrix, 1)
    difference = [
        b.pixels.astype(float) / (257 if b.pixels.dtype == np.uint16 else 1) - a.pixels
        for a, b in zip(frames, result.frames(), strict=True)
    ]
    middle = np.array(difference)[..., 16::32]
    assert np.abs(middle).max() < 3


def test_untagged_sources_and_pictures_are_tagged(tmp_path: Path) -> None:
    small = make_video(tmp_path / "a.mkv", codec="ffv1", pix_fmt="yuv420p", count=2)
    convert(small, tmp_path / "small.mp4")
    assert open_clip(tmp_path / "small.mp4").color.matrix == 6
    write_picture(tmp_path / "a.png", scene(96, 64, 0).transpose(2, 0, 1))
    convert(tmp_path / "a.png", tmp_path / "still.mp4")
    color = open_clip(tmp_path / "still.mp4").color
    assert (color.primaries, color.transfer, color.matrix, color.range) == (1, 1, 1, 1)


def test_hdr_tags_are_kept(tmp_path: Path) -> None:
    source = tmp_path / "a.mkv"
    with av.open(str(source), "w") as output:
        stream = output.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p10le"
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = 9, 16, 9, 1
        frame = av.VideoFrame(64, 64, "yuv420p10le")
        frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range = 9, 16, 9, 1
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        output.mux([*stream.encode(frame), *stream.encode(None)])
    convert(source, tmp_path / "b.mp4", codec="h265", bit_depth=10)
    result = open_clip(tmp_path / "b.mp4")
    assert result.bit_depth == 10
    assert (result.color.primaries, result.color.transfer, result.color.matrix) == (9, 16, 9)


@pytest.mark.parametrize(("dtype", "depth"), [(np.uint8, 8), (np.uint16, 16)])
def test_ffv1_loses_nothing(tmp_path: Path, dtype: type, depth: int) -> None:
    random = np.random.default_rng(0)
    pixels = random.integers(0, np.iinfo(dtype).max, (3, 37, 51), dtype=dtype, endpoint=True)
    write_picture(tmp_path / "a.png", pixels)
    convert(tmp_path / "a.png", tmp_path / "b.mkv", codec="ffv1", bit_depth=depth)
    (frame,) = open_clip(tmp_path / "b.mkv").frames()
    assert frame.pixels.dtype == dtype
    assert (frame.pixels == pixels).all()


# Codecs and sizes


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_in_every_container(tmp_path: Path, codec: str) -> None:
    source = make_video(tmp_path / "a.mp4", count=5)
    for container in CODECS[codec].containers:
        suffix = {"matroska": "mkv"}.get(container, container)
        for depth in CODECS[codec].pix_fmts:
            path = tmp_path / f"b{depth}.{suffix}"
            frames, _ = convert(source, path, codec=codec, bit_depth=depth)
            result = open_clip(path)
            assert result.bit_depth == depth
            for a, b in zip(frames, result.frames(), strict=True):
                b8 = b.pixels.astype(float) / (257 if b.pixels.dtype == np.uint16 else 1)
                assert np.abs(a.pixels - b8).mean() < 5


def test_hevc_in_mp4_has_the_tag_that_players_ask_for(tmp_path: Path) -> None:
    convert(make_video(tmp_path / "a.mp4", count=3), tmp_path / "b.mp4", codec="h265")
    with av.open(str(tmp_path / "b.mp4")) as result:
        assert result.streams.video[0].codec_context.codec_tag == "hvc1"


@pytest.mark.parametrize("codec", ["h264", "prores"])
def test_odd_sizes_are_padded_by_their_edge(tmp_path: Path, codec: str) -> None:
    source = make_video(tmp_path / "a.mkv", codec="ffv1", pix_fmt="bgr0", size=(67, 45), count=2)
    frames, _ = convert(source, tmp_path / "b.mov", codec=codec)
    result = open_clip(tmp_path / "b.mov")
    assert (result.width, result.height) == (68, 46 if codec == "h264" else 45)
    pixels = next(result.frames()).pixels.astype(float)
    pixels = pixels / 257 if codec == "prores" else pixels
    assert np.abs(pixels[:, :45, :67] - frames[0].pixels).mean() < 5
    assert np.abs(pixels[:, :45, 67] - frames[0].pixels[:, :, 66]).mean() < 9


def test_another_size_than_the_source(tmp_path: Path) -> None:
    clip = open_clip(make_video(tmp_path / "a.mp4", count=3))
    with open_writer(tmp_path / "b.mp4", clip, width=48, height=32, notice=print) as writer:
        for frame in clip.frames():
            small = np.ascontiguousarray(frame.pixels[:, ::2, ::2])
            writer.write(Frame(small, frame.index, frame.pts, frame.time_base, frame.duration))
    assert open_clip(tmp_path / "b.mp4").width == 48
    with (
        pytest.raises(ValueError, match="48x32"),
        open_writer(tmp_path / "c.mp4", clip, width=48, height=32, notice=print) as writer,
    ):
        writer.write(next(clip.frames()))
    assert not (tmp_path / "c.mp4").exists()


# Sound and subtitles


def with_sound(path: Path, *codecs: str, count: int = 60) -> Path:
    return make_video(path, count=count, audio=codecs, languages=("eng", "deu"))


@pytest.mark.parametrize(("name", "target"), [("a.mp4", "b.mp4"), ("a.mp4", "b.mov"), ("a.mkv", "b.mkv")])
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


def test_matroska_leaves_out_what_is_before_the_beginning(tmp_path: Path) -> None:
    source = with_sound(tmp_path / "a.mp4", "aac")
    convert(source, tmp_path / "b.mkv")
    assert packets(tmp_path / "b.mkv", "audio") == packets(source, "audio")[1:]
    assert times(tmp_path / "b.mkv")[0][0] == 0
    assert click_times(tmp_path / "b.mkv")[-3:] == pytest.approx(click_times(source)[-3:], abs=0.001)


@pytest.mark.parametrize(
    ("source", "sound", "target", "codec", "found"),
    [
        ("a.mov", "pcm_s16le", "b.mp4", "h264", "aac"),
        ("a.mov", "pcm_s16le", "b.mov", "h264", "pcm_s16le"),
        ("a.avi", "pcm_s16le", "b.mkv", "h264", "pcm_s16le"),
        ("a.mkv", "pcm_s24le", "b.mp4", "h264", "aac"),
        ("a.mp4", "aac", "b.webm", "vp9", "opus"),
        ("a.mkv", "libopus", "b.webm", "vp9", "opus"),
        ("a.mkv", "libopus", "b.mp4", "h264", "opus"),
        ("a.mkv", "flac", "b.mkv", "h264", "flac"),
    ],
)
def test_sound_in_other_containers(
    tmp_path: Path, source: str, sound: str, target: str, codec: str, found: str
) -> None:
    path = with_sound(tmp_path / source, sound)
    _, notices = convert(path, tmp_path / target, codec=codec)
    with av.open(str(tmp_path / target)) as result:
        assert result.streams.audio[0].codec_context.codec.canonical_name == found
    anew = found not in sound
    assert len(notices) == anew
    assert not anew or sound in notices[0]
    assert click_times(tmp_path / target) == pytest.approx(click_times(path), abs=0.003)


@pytest.mark.parametrize("target", ["b.mp4", "b.mov", "b.mkv"])
@pytest.mark.parametrize(("name", "sound"), [("a.mp4", "aac"), ("a.mov", "pcm_s16le"), ("a.mkv", "aac")])
def test_a_range_keeps_sound_in_time(tmp_path: Path, name: str, sound: str, target: str) -> None:
    source = with_sound(tmp_path / name, sound)
    convert(source, tmp_path / target, start=7, stop=40)
    result = times(tmp_path / target)
    assert [time for time, _ in result] == [Fraction(i, 25) for i in range(33)]
    begin, end = 7 / 25, 40 / 25
    expected = [time - begin for time in click_times(source) if begin <= time < end]
    assert click_times(tmp_path / target) == pytest.approx(expected, abs=0.002)
    with av.open(str(tmp_path / target)) as container:
        stream = container.streams.audio[0]
        ends = [(p.pts + p.duration) * p.time_base for p in container.demux(stream) if p.pts is not None]
    assert abs(float(max(ends)) - (end - begin)) < 0.05


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


# Pictures


def test_a_still_as_a_picture(tmp_path: Path) -> None:
    pixels = scene(31, 20, 0).transpose(2, 0, 1).astype(np.uint16) * 257
    alpha = np.full((1, 20, 31), 30000, np.uint16)
    write_picture(tmp_path / "a.png", pixels, alpha)
    convert(tmp_path / "a.png", tmp_path / "b.tif")
    found, found_alpha = read_picture(tmp_path / "b.tif")
    assert (found == pixels).all()
    assert found_alpha is not None
    assert (found_alpha == alpha).all()
    _, notices = convert(tmp_path / "a.png", tmp_path / "c.jpg")
    assert len(notices) == 1
    assert "transparency" in notices[0]
    convert(tmp_path / "a.png", tmp_path / "d.png", bit_depth=8)
    assert read_picture(tmp_path / "d.png")[0].dtype == np.uint8


def test_a_folder_and_a_pattern(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4", count=6)
    frames, _ = convert(source, tmp_path / "out", bit_depth=16)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"{i:06d}.png" for i in range(6)]
    pixels, _ = read_picture(tmp_path / "out" / "000003.png")
    assert (pixels == frames[3].pixels.astype(np.uint16) * 257).all()
    (tmp_path / "empty").mkdir()
    convert(source, tmp_path / "empty", start=1, stop=3)
    assert sorted(path.name for path in (tmp_path / "empty").iterdir()) == ["000001.png", "000002.png"]
    convert(source, tmp_path / "f%03d.jpg", start=2, stop=4)
    assert sorted(path.name for path in tmp_path.glob("f*")) == ["f002.jpg", "f003.jpg"]
    clip = open_clip(source)
    with open_writer(tmp_path / "new" / "%d.png", clip, width=96, height=64, notice=print) as writer:
        writer.write(frames[0])
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["0.png"]


def test_one_frame_of_a_film_as_a_picture(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4", count=6)
    frames, _ = convert(source, tmp_path / "b.png", start=4, stop=5)
    assert (read_picture(tmp_path / "b.png")[0] == frames[0].pixels).all()


# Whole or not at all


@pytest.mark.parametrize("target", ["b.mp4", "b.png", "out", "f%d.png"])
def test_nothing_is_left_after_an_error(tmp_path: Path, target: str) -> None:
    write_picture(tmp_path / "a.png", scene(96, 64, 0).transpose(2, 0, 1))
    clip = open_clip(tmp_path / "a.png")
    with (
        pytest.raises(RuntimeError, match="stop"),
        open_writer(tmp_path / target, clip, width=96, height=64, notice=print) as writer,
    ):
        writer.write(next(clip.frames()))
        raise RuntimeError("stop")
    with (
        pytest.raises(UsageError, match="no frame"),
        open_writer(tmp_path / target, clip, width=96, height=64, notice=print),
    ):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4", count=3)
    target = tmp_path / "b.mp4"
    target.write_bytes(b"old")
    clip = open_clip(source)
    with open_writer(target, clip, width=96, height=64, notice=print) as writer:
        for frame in clip.frames():
            writer.write(frame)
            assert target.read_bytes() == b"old"
    assert len(times(target)) == 3


@pytest.mark.parametrize("target", ["b.mp4", "b.mkv", "out"])
def test_a_full_disk_gives_one_line(tmp_path: Path, target: str) -> None:
    source = make_video(tmp_path / "a.mp4", count=40, size=(320, 240))
    program = (
        "import resource, sys\nfrom vidstyle.errors import OutputError\n"
        "from vidstyle.video.reader import open_clip\nfrom vidstyle.video.writer import open_writer\n"
        "clip = open_clip(sys.argv[1])\nresource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        "try:\n"
        "    with open_writer(sys.argv[2], clip, width=320, height=240, crf=0, notice=print) as writer:\n"
        "        for frame in clip.frames():\n            writer.write(frame)\n"
        "except OutputError as error:\n    print(error)\n"
    )
    command = [sys.executable, "-c", program, str(source), str(tmp_path / target)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    assert "cannot be written" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.parametrize("codec", CODECS)
def test_encoders_are_silent(tmp_path: Path, codec: str) -> None:
    source = make_video(tmp_path / "a.mp4", count=2)
    program = (
        "import sys\nfrom vidstyle.video.reader import open_clip\n"
        "from vidstyle.video.writer import open_writer\n"
        "clip, size = open_clip(sys.argv[1]), {'width': 96, 'height': 64}\n"
        "with open_writer(sys.argv[2], clip, **size, codec=sys.argv[3], notice=print) as writer:\n"
        "    for frame in clip.frames():\n        writer.write(frame)\n"
    )
    target = tmp_path / ("b.mov" if codec == "prores" else "b.mkv")
    command = [sys.executable, "-c", program, str(source), str(target), codec]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""


# Refusals


def refused(path: Path, clip: Clip, kind: type[VidstyleError], *words: str, **options: Any) -> None:
    with pytest.raises(kind) as error:
        check_output(path, clip, **options)
    text = str(error.value)
    assert "\n" not in text
    for word in words:
        assert word in text
    with pytest.raises(kind):
        open_writer(path, clip, width=96, height=64, notice=print, **options)


def test_options_that_cannot_be(tmp_path: Path) -> None:
    clip = open_clip(make_video(tmp_path / "a.mp4", count=3))
    refused(tmp_path / "b.mp4", clip, UsageError, "divx", "h264, h265", codec="divx")
    refused(tmp_path / "b.webm", clip, UsageError, ".webm cannot hold h264", "av1 or vp9", ".mp4")
    refused(tmp_path / "b.mp4", clip, UsageError, "ffv1", ".mkv", codec="ffv1")
    refused(tmp_path / "b.xyz", clip, UsageError, "unknown suffix", ".mp4", ".png")
    refused(tmp_path / "b%04d.xyz", clip, UsageError, ".png")
    refused(tmp_path / "b.mp4", clip, UsageError, "10", "8 bits", bit_depth=10)
    refused(tmp_path / "out", clip, UsageError, "8 or 16", bit_depth=10)
    refused(tmp_path / "b.mp4", clip, UsageError, "crf", "51", crf=70)
    refused(tmp_path / "b.mkv", clip, UsageError, "no crf", codec="ffv1", crf=3)
    refused(tmp_path / "b.mp4", clip, UsageError, "warp", "medium", preset="warp")
    refused(tmp_path / "b.png", clip, UsageError, "b_%04d.png")
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_places_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make_video(tmp_path / "a.mp4", count=3)
    clip = open_clip(source)
    refused(tmp_path / "none" / "b.mp4", clip, OutputError, "does not exist")
    refused(tmp_path / "none" / "deep" / "%d.png", clip, OutputError, "does not exist")
    refused(Path("/proc/b.mp4"), clip, OutputError, "/proc/b.mp4")
    refused(source, clip, UsageError, "input itself")
    monkeypatch.chdir(tmp_path)
    refused(Path("a.mp4"), clip, UsageError, "input itself")
    (tmp_path / "link.mp4").symlink_to(source)
    refused(tmp_path / "link.mp4", clip, UsageError, "input itself")
    (tmp_path / "full").mkdir()
    write_picture(tmp_path / "full" / "000001.png", scene(96, 64, 0).transpose(2, 0, 1))
    refused(tmp_path / "full", clip, OutputError, "not empty")
    refused(tmp_path / "full" / "%06d.png", clip, OutputError, "exist already")
    check_output(tmp_path / "full", clip, overwrite=True)
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file", clip, OutputError, "is a file")


def test_a_long_clip_needs_little_memory(tmp_path: Path, shared: Callable[[str], Path]) -> None:
    # The sound of a whole film is not queued while the first frames are encoded.
    source = shared("clips/nasa_13013.mp4")
    clip = open_clip(source)
    with open_writer(tmp_path / "b.mp4", clip, width=320, height=180, notice=lambda line: None) as writer:
        for frame in clip.frames():
            writer.write(frame)
    assert times(tmp_path / "b.mp4") == times(source)
    assert packets(tmp_path / "b.mp4", "audio", 1) == packets(source, "audio", 1)
    positions: dict[str, list[float]] = {"video": [], "audio": []}
    with av.open(str(tmp_path / "b.mp4")) as result:
        order = sorted(
            (p.pos, p.stream.type, float(p.dts * p.time_base))
            for p in result.demux()
            if p.pos and p.dts is not None
        )
    for _, kind, time in order:
        if kind in positions:
            positions[kind].append(time)
            if all(positions.values()):
                assert abs(positions["video"][-1] - positions["audio"][-1]) < 2
