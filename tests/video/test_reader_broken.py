"""Broken, cut and foreign files: what can be read is, the rest is refused in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from clip_makers import make_video, scene, write_image

from vidstyle.errors import MediaError
from vidstyle.video.light import srgb_curve
from vidstyle.video.reader import open_clip


def cut(path: Path, source: Path, part: float) -> Path:
    data = source.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    return path


def test_a_file_cut_short_yields_what_it_holds(tmp_path: Path) -> None:
    whole = make_video(tmp_path / "a.mp4", count=100, options={"movflags": "faststart", "g": "10", "bf": "0"})
    fast = tmp_path / "fast.mp4"
    with (
        av.open(str(whole)) as source,
        av.open(str(fast), "w", container_options={"movflags": "faststart"}) as output,
    ):
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)
    clip = open_clip(cut(tmp_path / "cut.mp4", fast, 0.6))
    indices = [frame.index for frame in clip.frames()]
    assert 20 < len(indices) < 90
    assert indices == list(range(len(indices)))
    assert "cut.mp4 breaks off" in clip.notices[-1]
    noted = list(clip.notices)
    assert len(list(clip.frames())) == len(indices)
    assert clip.notices == noted  # once, however often it is read


def test_damage_in_the_middle_is_noted(tmp_path: Path) -> None:
    path = make_video(
        tmp_path / "a.mkv", codec="ffv1", pix_fmt="bgr0", count=20, options={"level": "3", "slicecrc": "1"}
    )
    data = bytearray(path.read_bytes())
    for at in range(len(data) // 2, len(data) // 2 + 40000, 50):
        data[at] ^= 0xFF
    path.write_bytes(data)
    clip = open_clip(path)
    frames = list(clip.frames())
    assert 5 < len(frames) <= 20
    assert clip.notices


def refused(path: Path, *words: str) -> None:
    """In one line with these words."""
    with pytest.raises(MediaError) as error:
        open_clip(path)
    assert "\n" not in str(error.value)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("text.mp4", b"These are words, not a film.\n" * 50, "text.mp4"),
        ("text.txt", b"These are words, not a film.\n" * 50, "text.txt"),
        ("notes", b"no suffix either", "notes"),
        ("zero.mp4", b"", "empty"),
        ("noise.mkv", bytes(range(256)) * 40, "noise.mkv"),
        ("half.png", b"\x89PNG\r\n\x1a\n\x00\x00", "cut short"),
        ("half.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF", "half.jpg"),
    ],
)
def test_what_is_not_media(tmp_path: Path, name: str, data: bytes, word: str) -> None:
    (tmp_path / name).write_bytes(data)
    refused(tmp_path / name, name, word)


def test_missing_and_headless(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere.mp4", "nowhere.mp4 does not exist")
    whole = make_video(tmp_path / "a.mp4")  # the header is at the end
    refused(cut(tmp_path / "cut.mp4", whole, 0.7), "cut.mp4")


def test_sound_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = 48000, 0
        output.mux([*stream.encode(frame), *stream.encode(None)])
    refused(path, "no video stream", "audio")


def test_no_frames(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "bgr0"
        output.start_encoding()
    refused(path, "a.mkv")


def test_ffmpeg_is_silent(tmp_path: Path) -> None:
    whole = make_video(tmp_path / "a.mp4")
    cut(tmp_path / "cut.mp4", whole, 0.7)
    write_image(tmp_path / "a.jpg", scene(64, 64, 0))
    cut(tmp_path / "cut.jpg", tmp_path / "a.jpg", 0.6)
    (tmp_path / "text.mkv").write_bytes(b"text")
    program = (
        "import sys\nfrom pathlib import Path\nfrom vidstyle.errors import MediaError\n"
        "from vidstyle.video.reader import open_clip\n"
        "for path in sorted(Path(sys.argv[1]).iterdir()):\n"
        "    try:\n        list(open_clip(path).frames())\n    except MediaError:\n        pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=True
    )
    assert done.stdout + done.stderr == ""


def test_floating_point_pictures_are_read_with_16_bits(tmp_path: Path) -> None:
    values = np.tile(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None], (16, 1, 3))
    assert cv2.imwrite(str(tmp_path / "a.hdr"), values)
    (frame,) = open_clip(tmp_path / "a.hdr").frames()
    assert frame.pixels.dtype == np.uint16
    assert np.abs(frame.pixels[0, 8] / 65535 - srgb_curve(values[8, :, 0])).max() < 0.01
