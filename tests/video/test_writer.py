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
from writing import convert, times

from vidstyle.errors import OutputError, UsageError, VidstyleError
from vidstyle.types import Frame
from vidstyle.video.formats import CODECS
from vidstyle.video.pictures import read_picture, write_picture
from vidstyle.video.reader import Clip, open_clip
from vidstyle.video.writer import check_output, open_writer

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


def test_a_film_of_one_frame(tmp_path: Path) -> None:
    """libx265 leaves the decoding time of its packet undefined: about one file in ten was refused."""
    source = make_video(tmp_path / "a.mkv", count=1)
    for number in range(30):
        convert(source, tmp_path / f"{number}.mp4", codec="h265", bit_depth=10)
        with av.open(str(tmp_path / f"{number}.mp4")) as film:
            assert [packet.dts for packet in film.demux() if packet.size] == [0]


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
