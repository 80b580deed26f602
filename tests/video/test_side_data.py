"""Side data of frames: whatever kinds there are, films are read, and turned as they say."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.filter import Graph
from clip_makers import make_video
from PIL import Image
from writing import convert

from vidstyle.video.orientation import orientation
from vidstyle.video.reader import open_clip
from vidstyle.video.side_data import side_data


def photo(number: int, turned: int) -> bytes:
    """A JPEG of 64x48 pixels, red at the left, with an EXIF orientation."""
    pixels = np.full((48, 64, 3), 40 * number, np.uint8)
    pixels[:, :16] = (220, 0, 0)
    exif, data = Image.Exif(), io.BytesIO()
    exif[0x0112] = turned
    Image.fromarray(pixels).save(data, "JPEG", exif=exif, quality=95)
    return data.getvalue()


def camera_film(path: Path, turned: int) -> Path:
    """Four frames of Motion JPEG, each with EXIF of its own."""
    with av.open(str(path), "w") as output:
        stream = output.add_mux_stream("mjpeg", time_base=Fraction(1, 25), width=64, height=48)
        for number in range(4):
            packet = av.Packet(photo(number, turned))
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, 25), True
            packet.pts = packet.dts = number
            packet.duration = 1
            output.mux(packet)
    return path


@pytest.mark.parametrize("name", ["camera.avi", "camera.mov", "camera.mkv"])
@pytest.mark.parametrize(("turned", "red"), [(1, "left"), (3, "right"), (6, "top"), (8, "bottom")])
def test_motion_jpeg_with_exif_is_read_upright(tmp_path: Path, name: str, turned: int, red: str) -> None:
    clip = open_clip(camera_film(tmp_path / name, turned))
    frames = list(clip.frames())
    assert len(frames) == 4
    assert (clip.width, clip.height) == ((48, 64) if turned >= 5 else (64, 48))
    edges = {
        "left": np.s_[:, :, :8],
        "right": np.s_[:, :, -8:],
        "top": np.s_[:, :8],
        "bottom": np.s_[:, -8:],
    }
    for frame in frames:
        assert frame.pixels[edges[red]][0].min() > 180 > 60 > frame.pixels[edges[red]][1].max()


def test_it_is_written_as_well(tmp_path: Path) -> None:
    convert(camera_film(tmp_path / "camera.avi", 6), tmp_path / "a.mp4")
    assert [(f.width, f.height) for f in open_clip(tmp_path / "a.mp4").frames()] == [(48, 64)] * 4


def test_kinds_with_names_beside_one_without_are_read(tmp_path: Path) -> None:
    with av.open(str(camera_film(tmp_path / "camera.avi", 6))) as container:
        frame = next(container.decode(video=0))
    with pytest.raises(ValueError, match="31"):
        dict(frame.side_data)
    assert set(side_data(frame)) == {"DISPLAYMATRIX"} and orientation(frame).transpose


def test_every_kind_that_ffmpeg_has_can_be_taken_away() -> None:
    graph = Graph()
    for number in range(64):
        graph.add("sidedata", f"mode=delete:type={number}")


def copied(source: Path, target: Path, sei: bytes = b"") -> Path:
    """An H.264 film in MP4, every picture with these words of supplemental information before it."""
    with av.open(str(source)) as film, av.open(str(target), "w") as output:
        stream = output.add_stream_from_template(film.streams.video[0])
        for packet in film.demux(video=0):
            if packet.size:
                unit = len(sei).to_bytes(4, "big") + sei if sei else b""
                again = av.Packet(unit + bytes(packet))
                again.stream, again.pts, again.dts = stream, packet.pts, packet.dts
                again.time_base, again.is_keyframe = packet.time_base, packet.is_keyframe
                output.mux(again)
    return target


def test_captions_within_pictures_are_named(tmp_path: Path) -> None:
    """ATSC A/53 part 4: user data of a registered kind, by GA94, with two bytes for line 21."""
    body = b"\xb5\x00\x31GA94\x03\x41\xff\xfc\x94\x20\xff"
    film = copied(
        make_video(tmp_path / "a.mp4", count=4), tmp_path / "b.mp4", b"\x06\x04\x0e" + body + b"\x80"
    )
    clip = open_clip(film)
    assert len(list(clip.frames())) == 4
    assert clip.notices == [
        "b.mp4 holds captions within its pictures (CEA-608, CEA-708), which no result keeps"
    ]


def test_the_mark_of_a_360_film_is_named(tmp_path: Path) -> None:
    """Google's spherical video RFC, version 1: XML in a box of the track."""
    path = make_video(tmp_path / "a.mp4", count=4)
    words = (
        b'<rdf:SphericalVideo xmlns:GSpherical="http://ns.google.com/videos/1.0/spherical/">'
        b"<GSpherical:Spherical>true</GSpherical:Spherical><GSpherical:Stitched>true</GSpherical:Stitched>"
        b"<GSpherical:StitchingSoftware>none</GSpherical:StitchingSoftware>"
        b"<GSpherical:ProjectionType>equirectangular</GSpherical:ProjectionType></rdf:SphericalVideo>"
    )
    box = b"uuid" + bytes.fromhex("ffcc8263f8554a938814587a02521fdd") + words
    path.write_bytes(in_track(path.read_bytes(), (len(box) + 4).to_bytes(4, "big") + box))
    clip = open_clip(path)
    list(clip.frames())
    assert clip.notices == ["a.mp4 holds the mark that it is a 360° film, which no result keeps"]


def in_track(film: bytes, box: bytes) -> bytes:
    """An MP4 file with its index at its end, and a box more at the end of its only track."""
    longer = bytearray(film)
    for name in (b"moov", b"trak"):
        at = longer.index(name) - 4
        size = int.from_bytes(longer[at : at + 4], "big")
        longer[at : at + 4] = (size + len(box)).to_bytes(4, "big")
    end = at + size
    return bytes(longer[:end]) + box + bytes(longer[end:])
