"""Files that claim to be enormous, or unpack to it: refused by a limit before memory is taken."""

from __future__ import annotations

import struct
import subprocess
import sys
import tracemalloc
import zlib
from fractions import Fraction
from pathlib import Path

import pytest
from clip_makers import make_video, random_pixels

from vidstyle.errors import MediaError, UsageError
from vidstyle.video.limits import LIMIT_VARIABLE, MAX_PIXELS
from vidstyle.video.pictures import encode_png, read_picture
from vidstyle.video.png import SIGNATURE, plain_png
from vidstyle.video.reader import open_clip


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, pixels: bytes, *more: bytes, depth: int = 8, colour: int = 2) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return SIGNATURE + header + b"".join(more) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def refused(path: Path, data: bytes, words: str) -> None:
    """In one line with these words, and with no more than 20 MB of memory beyond the file."""
    path.write_bytes(data)
    tracemalloc.start()
    with pytest.raises(MediaError, match=words) as error:
        read_picture(path)
    assert tracemalloc.get_traced_memory()[1] - 2 * len(data) < 20_000_000
    tracemalloc.stop()
    assert "\n" not in str(error.value)


HUGE = 40_000  # 1.6 thousand million pixels


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.png", png(HUGE, HUGE, zlib.compress(b""))),
        ("a.bmp", b"BM" + bytes(12) + struct.pack("<Iii", 40, HUGE, -HUGE) + bytes(60)),
        ("a.ppm", b"P6 40000 40000 255\n"),
        (
            "a.jpg",
            b"\xff\xd8\xff\xc0\0\x11\x08"
            + struct.pack(">HH", HUGE, HUGE)
            + bytes(10)
            + b"\xff\xda\0\4\0\0\xff\xd9",
        ),
        ("a.webp", b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\x3f\x9c\0\x3f\x9c\0"),
        (
            "a.tif",
            b"II*\0\x08\0\0\0\2\0"
            + struct.pack("<HHII", 256, 4, 1, HUGE)
            + struct.pack("<HHII", 257, 4, 1, HUGE),
        ),
    ],
)
def test_a_size_that_is_absurd(tmp_path: Path, name: str, data: bytes) -> None:
    refused(tmp_path / name, data, rf"{name} says that it is 40000x40000, .* {LIMIT_VARIABLE}=1600000000")


def test_a_claim_within_the_limit_without_pixels_to_show(tmp_path: Path) -> None:
    refused(tmp_path / "a.png", png(16_000, 16_000, zlib.compress(b"\0" * 100)), "pixels are missing")


def test_more_pixels_than_the_size_says(tmp_path: Path) -> None:
    bomb = zlib.compress(bytes(200_000_000), 9)
    refused(tmp_path / "a.png", png(4, 4, bomb), "more pixels")


@pytest.mark.parametrize("kind", [b"iCCP", b"zTXt", b"iTXt"])
def test_what_lies_packed_beside_the_pixels_is_not_unpacked(tmp_path: Path, kind: bytes) -> None:
    packed = zlib.compress(bytes(100_000_000), 9)
    body = {b"iCCP": b"x\0\0", b"zTXt": b"x\0\0", b"iTXt": b"x\0\1\0\0\0"}[kind] + packed
    row = b"\0" + bytes(range(12))
    path = tmp_path / "a.png"
    path.write_bytes(png(4, 4, zlib.compress(row * 4), chunk(kind, body)))
    tracemalloc.start()
    pixels, _ = read_picture(path)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()
    assert pixels[:, 0, 1].tolist() == [3, 4, 5]


def test_a_whole_png_is_kept_as_it_is() -> None:
    for dtype in ("uint8", "uint16"):
        data = encode_png(random_pixels(dtype), random_pixels(dtype, 1))  # type: ignore[arg-type]
        assert plain_png(data) is data


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([chunk(b"PLTE", bytes(5))], "palette"),
        ([chunk(b"ABCD", b"")], "unknown"),
        ([chunk(b"IHDR", bytes(13))], "unknown"),
    ],
)
def test_chunks_that_libpng_would_complain_of(parts: list[bytes], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        plain_png(png(4, 4, zlib.compress(bytes(52)), *parts))


@pytest.mark.parametrize("colour", [0, 2, 3, 4, 6])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (8, 8), (17, 9)])
def test_interlaced_rows_are_counted(colour: int, size: tuple[int, int]) -> None:
    width, height = size
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    # The numbers of pixels of the seven passes, counted one by one.
    order = [
        (1, 6, 4, 6, 2, 6, 4, 6),
        *[(7,) * 8, (5, 6, 5, 6, 5, 6, 5, 6), (7,) * 8, (3, 6, 4, 6, 3, 6, 4, 6)],
        *[(7,) * 8, (5, 6, 5, 6, 5, 6, 5, 6), (7,) * 8],
    ]
    total = 0
    for number in range(1, 8):
        rows = [[order[y % 8][x % 8] == number for x in range(width)] for y in range(height)]
        total += sum(1 + channels * sum(row) for row in rows if any(row))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 1))
    palette = chunk(b"PLTE", bytes(6)) if colour == 3 else b""
    for count, whole in ((total, True), (total - 1, False), (total + 1, False)):
        data = (
            SIGNATURE + header + palette + chunk(b"IDAT", zlib.compress(bytes(count))) + chunk(b"IEND", b"")
        )
        if whole:
            assert plain_png(data) is data
        else:
            with pytest.raises(ValueError, match="pixels"):
                plain_png(data)


def test_the_limit_is_one_for_all_and_can_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = make_video(tmp_path / "a.mp4", count=2)  # 96x64
    still = tmp_path / "a.png"
    still.write_bytes(encode_png(random_pixels(size=(64, 96))))
    for limit, reads in ((96 * 64, True), (96 * 64 - 1, False)):
        monkeypatch.setenv(LIMIT_VARIABLE, str(limit))
        for path in (clip, still):
            if reads:
                assert list(open_clip(path).frames())
            else:
                with pytest.raises(MediaError, match=f"96x64.*{LIMIT_VARIABLE}=6144"):
                    open_clip(path)
    for wrong in ("many", "-1", "0", "99999999999", "1e6"):
        monkeypatch.setenv(LIMIT_VARIABLE, wrong)
        with pytest.raises(UsageError, match=LIMIT_VARIABLE):
            read_picture(still)


def test_absurd_pixel_shapes_make_no_absurd_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_video(tmp_path / "a.mp4", codec="mpeg4", size=(4000, 64), count=2, aspect=Fraction(60))
    monkeypatch.setenv(LIMIT_VARIABLE, "1000000")
    with pytest.raises(MediaError, match="240000x64"):
        open_clip(path)


def test_a_file_too_large_for_any_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode_png(random_pixels()))
    with path.open("r+b") as file:
        file.truncate(8 * MAX_PIXELS + 2**26 + 1)  # sparse: it takes no room
    with pytest.raises(MediaError, match="too large"):
        read_picture(path)


def test_a_video_that_grows_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = (
        make_video(tmp_path / f"{i}.ts", size=size, count=5) for i, size in enumerate([(96, 64), (640, 480)])
    )
    joined = tmp_path / "joined.ts"
    joined.write_bytes(small.read_bytes() + large.read_bytes())
    assert max(frame.pts for frame in open_clip(joined).frames()) >= 0
    monkeypatch.setenv(LIMIT_VARIABLE, "100000")
    clip = open_clip(joined)
    assert 0 < len(list(clip.frames())) <= 5
    assert clip.notices


def test_an_encoder_that_breaks_down_at_small_sizes(tmp_path: Path) -> None:
    """libx265's assembler writes beyond its buffers there. It would take this process with it."""
    program = (
        "import sys\nimport numpy as np\nfrom vidstyle.types import Frame\n"
        "from vidstyle.video.blank import BlankClip\nfrom vidstyle.video.writer import open_writer\n"
        "for seed in range(8):\n"
        "    clip, noise = BlankClip(48, 32, 12), np.random.default_rng(seed)\n"
        "    with open_writer(sys.argv[1], clip, width=48, height=32, codec='h265', notice=print) as to:\n"
        "        for frame in clip.frames():\n"
        "            pixels = noise.integers(0, 255, (3, 32, 48), np.uint8)\n"
        "            to.write(Frame(pixels, frame.index, frame.pts, frame.time_base, 1))\n"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path / "b.mp4"], check=True)
    assert len(list(open_clip(tmp_path / "b.mp4").frames())) == 12
