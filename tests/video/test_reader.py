"""Any clip comes out as upright, square, exact RGB frames; anything else gives one clear line."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from clip_makers import make_video, scene

from vidstyle.types import Frame
from vidstyle.video.clip import file_digest
from vidstyle.video.reader import Clip, open_clip

PATCHES = np.array(
    [[210, 60, 50], [40, 170, 70], [50, 70, 190], [235, 235, 235], [20, 20, 20], [128, 128, 128]]
)


def patch_picture(size: tuple[int, int] = (192, 64)) -> np.ndarray:
    """uint8 (H, W, 3): six vertical patches of known colours."""
    return np.repeat(PATCHES.astype(np.uint8)[None], size[0] // 6, axis=1).repeat(size[1], axis=0)


def patches_of(frame: Frame) -> np.ndarray:
    """The colours in the middle of the six patches, in 8-bit levels."""
    scale = 1 if frame.pixels.dtype == np.uint8 else 257
    width = frame.width // 6
    middle = frame.pixels[:, frame.height // 3 : -frame.height // 3]
    columns = [middle[:, :, width * i + width // 3 : width * (i + 1) - width // 3] for i in range(6)]
    return np.array([column.mean(axis=(1, 2)) / scale for column in columns])


def encode_patches(path: Path, pix_fmt: str, matrix: int, full: bool, tagged: bool, height: int = 64) -> Path:
    """FFV1 of the patches, converted to YUV here, by the textbook formula."""
    kr, kb = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}[matrix]
    depth = 10 if "10" in pix_fmt else 8
    unit = 2 ** (depth - 8)
    r, g, b = np.moveaxis(patch_picture((192, height)) / 255, 2, 0)
    y = kr * r + (1 - kr - kb) * g + kb * b
    chroma = (b - y) / (2 - 2 * kb), (r - y) / (2 - 2 * kr)
    top = 2**depth - 1
    luma = y * top if full else (16 + 219 * y) * unit
    cb, cr = ((c * top + 2 ** (depth - 1)) if full else (128 + 224 * c) * unit for c in chroma)
    frame = av.VideoFrame(192, height, pix_fmt)
    step = 2 if "420" in pix_fmt else 1
    for plane, values in zip(frame.planes, (luma, cb[::step, ::step], cr[::step, ::step]), strict=True):
        dtype = np.uint8 if depth == 8 else np.uint16
        rows = np.zeros((plane.height, plane.line_size // np.dtype(dtype).itemsize), dtype)
        rows[:, : plane.width] = np.rint(values)
        plane.update(rows.tobytes())
    frame.pts, frame.time_base = 0, Fraction(1, 25)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 192, height, pix_fmt
        context = stream.codec_context
        if tagged:
            context.colorspace, context.color_range = matrix, 2 if full else 1
            frame.colorspace, frame.color_range = matrix, 2 if full else 1
        output.mux([*stream.encode(frame), *stream.encode(None)])
    return path


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p", "yuv420p10le"])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", [1, 6, 9])
def test_matrix_and_range(tmp_path: Path, pix_fmt: str, matrix: int, full: bool) -> None:
    clip = open_clip(encode_patches(tmp_path / "a.mkv", pix_fmt, matrix, full, tagged=True))
    assert (clip.color.matrix, clip.color.range) == (matrix, 2 if full else 1)
    frame = next(clip.frames())
    assert frame.pixels.dtype == (np.uint16 if "10" in pix_fmt else np.uint8)
    assert np.abs(patches_of(frame) - PATCHES).max() < 1.5


@pytest.mark.parametrize(("height", "matrix"), [(64, 6), (720, 1)])
def test_untagged_colours_follow_the_size(tmp_path: Path, height: int, matrix: int) -> None:
    clip = open_clip(
        encode_patches(tmp_path / "a.mkv", "yuv444p", matrix, False, tagged=False, height=height)
    )
    assert np.abs(patches_of(next(clip.frames())) - PATCHES).max() < 1.5


def test_motion_jpeg_is_full_range(tmp_path: Path) -> None:
    path = make_video(
        tmp_path / "a.mkv",
        codec="mjpeg",
        pix_fmt="yuvj444p",
        tags=(5, 2),
        pictures=[patch_picture()],
        size=(192, 64),
        pts=[0],
    )
    assert np.abs(patches_of(next(open_clip(path).frames())) - PATCHES).max() < 3


@pytest.mark.parametrize("pix_fmt", ["bgr0", "gbrp10le", "gbrp16le", "gray"])
def test_white_and_black_are_exact_without_yuv(tmp_path: Path, pix_fmt: str) -> None:
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:, 48:] = 255
    path = tmp_path / "a.mkv"
    deep = pix_fmt.endswith("le")
    plane = np.where(picture[:, :, 0] > 0, 2 ** int(pix_fmt[4:-2]) - 1 if deep else 255, 0)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, pix_fmt
        frame = av.VideoFrame(96, 64, pix_fmt)
        for target in frame.planes:
            rows = (
                np.zeros((64, target.line_size), np.uint8)
                if not deep
                else np.zeros((64, target.line_size // 2), np.uint16)
            )
            values = np.repeat(plane, 4, axis=1) if pix_fmt == "bgr0" else plane
            rows[:, : values.shape[1]] = values
            target.update(rows.tobytes())
        if pix_fmt == "gray":
            stream.codec_context.color_range = frame.color_range = 2
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        output.mux([*stream.encode(frame), *stream.encode(None)])
    pixels = next(open_clip(path).frames()).pixels
    top = 65535 if deep else 255
    assert pixels.dtype.itemsize == (2 if deep else 1)
    assert (pixels[:, :, 50:] == top).all()
    assert (pixels[:, :, :46] == 0).all()


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "depth"),
    [
        ("a.mp4", "libx264", "yuv420p", 8),
        ("a.mp4", "libx265", "yuv420p10le", 10),
        ("a.mkv", "libsvtav1", "yuv420p10le", 10),
        ("a.webm", "libvpx-vp9", "yuv420p", 8),
        ("a.mov", "prores_ks", "yuv422p10le", 10),
        ("a.avi", "mpeg4", "yuv420p", 8),
        ("a.ts", "mpeg2video", "yuv420p", 8),
    ],
)
def test_codecs_and_containers(tmp_path: Path, name: str, codec: str, pix_fmt: str, depth: int) -> None:
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    clip = open_clip(make_video(tmp_path / name, codec=codec, pix_fmt=pix_fmt, options=options))
    assert (clip.kind, clip.width, clip.height, clip.bit_depth) == ("video", 96, 64, depth)
    assert clip.frame_rate == 25
    frames = list(clip.frames())
    assert [frame.index for frame in frames] == list(range(12))
    assert {b.pts_seconds - a.pts_seconds for a, b in pairwise(frames)} == {Fraction(1, 25)}
    assert {frame.duration * frame.time_base for frame in frames if frame.duration} == {Fraction(1, 25)}
    scale = 1 if depth == 8 else 257
    for frame in frames:
        difference = frame.pixels.transpose(1, 2, 0) / scale - scene(96, 64, frame.index)
        assert np.abs(difference).mean() < (14 if "mpeg" in codec else 6)
    assert clip.notices == []


def test_29_97_is_exact(tmp_path: Path) -> None:
    clip = open_clip(
        make_video(tmp_path / "a.mp4", time_base=Fraction(1001, 30000), rate=Fraction(30000, 1001), count=40)
    )
    assert clip.frame_rate == Fraction(30000, 1001)
    assert [frame.pts_seconds for frame in clip.frames()] == [i * Fraction(1001, 30000) for i in range(40)]


def test_variable_frame_rate_with_reordered_frames(tmp_path: Path) -> None:
    pts = [0, 10, 25, 26, 60, 100, 101, 102, 150, 200, 210, 300]
    path = make_video(tmp_path / "a.mp4", pts=pts, time_base=Fraction(1, 600), rate=Fraction(24))
    frames = list(open_clip(path).frames())
    assert [frame.pts_seconds * 600 for frame in frames] == pts
    assert [frame.duration * frame.time_base * 600 for frame in frames[:-1]] == list(np.diff(pts))


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_late_start_is_kept(tmp_path: Path, name: str) -> None:
    path = make_video(tmp_path / name, pts=list(range(20, 30)), audio=("aac",), audio_seconds=2)
    assert next(open_clip(path).frames()).pts_seconds == Fraction(20, 25)


@pytest.mark.parametrize("size", [(97, 63), (1, 1), (17, 250)])
def test_odd_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    path = make_video(tmp_path / "a.mkv", codec="ffv1", pix_fmt="bgr0", size=size, count=2)
    clip = open_clip(path)
    assert (clip.width, clip.height) == size
    assert (next(clip.frames()).pixels.transpose(1, 2, 0) == scene(*size, 0)).all()


@pytest.mark.parametrize(
    ("aspect", "expected"), [(Fraction(4, 3), (128, 64)), (Fraction(2, 3), (96, 96)), (Fraction(1), (96, 64))]
)
def test_pixels_are_made_square_without_loss(
    tmp_path: Path, aspect: Fraction, expected: tuple[int, int]
) -> None:
    clip = open_clip(make_video(tmp_path / "a.mp4", aspect=aspect, count=2))
    frame = next(clip.frames())
    assert (clip.width, clip.height) == (frame.width, frame.height) == expected


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("hflip", [False, True])
def test_rotation_and_flips(tmp_path: Path, rotation: int, hflip: bool) -> None:
    picture = np.full((64, 96, 3), 30, np.uint8)
    picture[:32, :48] = 220  # the upper left is bright
    picture[32:, :48] = 120
    path = make_video(tmp_path / "a.mp4", pictures=[picture] * 2, pts=[0, 1], rotation=rotation, hflip=hflip)
    clip = open_clip(path)
    expected = np.rot90(picture, rotation // 90)  # counter-clockwise, as is PyAV's angle
    if hflip:
        expected = expected[:, ::-1]
    frame = next(clip.frames())
    assert (clip.height, clip.width) == expected.shape[:2] == (frame.height, frame.width)
    assert np.abs(frame.pixels.transpose(1, 2, 0).astype(int) - expected).mean() < 4


def test_a_range_equals_a_part_of_all(tmp_path: Path) -> None:
    clip = open_clip(make_video(tmp_path / "a.mp4"))
    everything = list(clip.frames())
    part = list(clip.frames(4, 9))
    assert [frame.index for frame in part] == [4, 5, 6, 7, 8]
    for frame in part:
        assert frame.pts == everything[frame.index].pts
        assert frame.duration == everything[frame.index].duration
        assert (frame.pixels == everything[frame.index].pixels).all()
    assert list(clip.frames(12)) == []
    assert list(clip.frames(3, 3)) == []


def test_two_readers_at_once(tmp_path: Path) -> None:
    clip = open_clip(make_video(tmp_path / "a.mp4"))
    one, two = clip.frames(), clip.frames(2)
    pairs = list(islice(zip(one, two, strict=False), 5))
    assert [(a.index, b.index) for a, b in pairs] == [(i, i + 2) for i in range(5)]
    alone = list(clip.frames())
    assert all((b.pixels == alone[b.index].pixels).all() for _, b in pairs)


def test_other_streams_are_described(tmp_path: Path) -> None:
    path = make_video(
        tmp_path / "a.mkv", audio=("aac", "flac"), languages=("eng", "deu"), subtitles=[(0, 100, "Hello")]
    )
    found = [(stream.kind, stream.codec, stream.language) for stream in open_clip(path).streams]
    assert sorted(found, key=str) == [
        ("audio", "aac", "eng"),
        ("audio", "flac", "deu"),
        ("subtitle", "subrip", None),
    ]


def raw_h264(source: Path) -> bytes:
    """The bare stream of a video, without a container and so without times."""
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        annexb = av.bitstream.BitStreamFilterContext("h264_mp4toannexb", stream)
        found = [bytes(p) for packet in container.demux(stream) for p in annexb.filter(packet)]
    return b"".join(found)


def test_times_are_made_where_there_are_none(tmp_path: Path) -> None:
    path = tmp_path / "a.h264"
    path.write_bytes(raw_h264(make_video(tmp_path / "a.mp4")))
    clip = open_clip(path)
    frames = list(clip.frames())
    assert len(frames) == 12
    steps = {b.pts_seconds - a.pts_seconds for a, b in pairwise(frames)}
    assert steps == {1 / clip.frame_rate} if clip.frame_rate else False


def test_a_change_of_size_is_scaled_and_noted(tmp_path: Path) -> None:
    one = raw_h264(make_video(tmp_path / "a.mp4", count=4))
    two = raw_h264(make_video(tmp_path / "b.mp4", count=4, size=(48, 32)))
    path = tmp_path / "c.h264"
    path.write_bytes(one + two)
    clip = open_clip(path)
    frames = list(clip.frames())
    assert {(frame.width, frame.height) for frame in frames} == {(96, 64)}
    assert len(frames) == 8
    (notice,) = clip.notices
    assert "96x64" in notice
    assert "48x32" in notice
    small = frames[5].pixels.transpose(1, 2, 0)[::2, ::2]
    assert np.abs(small.astype(int) - scene(48, 32, 1)).mean() < 25


def test_animated_gif(tmp_path: Path) -> None:
    path = make_video(
        tmp_path / "a.gif", codec="gif", pix_fmt="rgb8", count=5, rate=Fraction(10), time_base=Fraction(1, 10)
    )
    clip = open_clip(path)
    assert clip.kind == "video"
    assert [frame.pts_seconds for frame in clip.frames()] == [Fraction(i, 10) for i in range(5)]


def test_an_abandoned_reader_lets_go_of_the_file(tmp_path: Path) -> None:
    clip = open_clip(make_video(tmp_path / "a.mp4"))
    frames = clip.frames()
    next(frames)
    opened = {path.resolve() for path in Path("/proc/self/fd").iterdir() if path.exists()}
    assert clip.path in opened
    frames.close()  # type: ignore[attr-defined]
    assert clip.path not in {path.resolve() for path in Path("/proc/self/fd").iterdir() if path.exists()}


def test_hdr_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p10le"
        stream.codec_context.color_trc, stream.codec_context.colorspace = 16, 9
        frame = av.VideoFrame(64, 64, "yuv420p10le")
        frame.color_trc, frame.colorspace = 16, 9
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        output.mux([*stream.encode(frame), *stream.encode(None)])
    clip = open_clip(path)
    assert clip.color.is_hdr
    assert "HDR" in clip.notices[0]


# Fingerprints


def test_digest(tmp_path: Path) -> None:
    one = make_video(tmp_path / "a.mp4")
    clip: Clip = open_clip(one)
    (tmp_path / "b.mp4").write_bytes(one.read_bytes())
    assert open_clip(tmp_path / "b.mp4").digest() == clip.digest()
    data = bytearray(one.read_bytes())
    data[-1] ^= 1
    (tmp_path / "b.mp4").write_bytes(data)
    assert file_digest(tmp_path / "b.mp4").hex() != clip.digest()


@pytest.mark.parametrize("at", [0, 9_500_000, -1])
def test_digest_of_a_large_file_sees_head_middle_and_tail(tmp_path: Path, at: int) -> None:
    path = tmp_path / "large"
    data = bytearray(40 * 2**20)
    path.write_bytes(data)
    before = file_digest(path)
    at = at if at != 9_500_000 else (len(data) - 2**20) // 15 * 7 + 5
    data[at] = 1
    path.write_bytes(data)
    assert file_digest(path) != before
