"""Pictures of every usual kind come out upright with depth and alpha, and are written whole or not at all."""

from __future__ import annotations

import contextlib
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from clip_makers import random_pixels, scene, write_image
from PIL import Image

from vidstyle.errors import MediaError, OutputError, UsageError
from vidstyle.video.depth import to_depth
from vidstyle.video.pictures import decode_png, encode_png, read_picture, write_picture
from vidstyle.video.png import SIGNATURE as PNG_SIGNATURE
from vidstyle.video.reader import open_clip

# Reading


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp", ".ppm"])
def test_lossless_formats(tmp_path: Path, suffix: str) -> None:
    pixels = random_pixels()
    write_image(tmp_path / f"a{suffix}", pixels.transpose(1, 2, 0)[:, :, ::-1])
    found, alpha = read_picture(tmp_path / f"a{suffix}")
    assert alpha is None
    assert (found == pixels).all()


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_lossy_formats(tmp_path: Path, suffix: str) -> None:
    pixels = np.full((3, 40, 50), 30, np.uint8)
    pixels[0] = 200
    write_picture(tmp_path / f"a{suffix}", pixels)
    found, _ = read_picture(tmp_path / f"a{suffix}")
    assert np.abs(found.astype(int) - pixels).max() <= 3


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_sixteen_bits_and_alpha(tmp_path: Path, suffix: str) -> None:
    pixels, alpha = random_pixels(np.uint16), random_pixels(np.uint16, 1)
    write_picture(tmp_path / f"a{suffix}", pixels, alpha)
    found, found_alpha = read_picture(tmp_path / f"a{suffix}")
    assert found.dtype == np.uint16
    assert (found == pixels).all()
    assert found_alpha is not None
    assert (found_alpha == alpha).all()


def png(width: int, height: int, depth: int, kind: int, rows: bytes, *extra: tuple[bytes, bytes]) -> bytes:
    """A PNG file with the given raw rows (each behind its filter byte) and chunks before the data."""
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    chunks = [(b"IHDR", header), *extra, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return PNG_SIGNATURE + b"".join(png_chunk(name, body) for name, body in chunks)


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def test_grey(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(2, 1, 8, 0, bytes([0, 10, 200])))
    pixels, alpha = read_picture(tmp_path / "a.png")
    assert alpha is None
    assert pixels[:, 0].tolist() == [[10, 200]] * 3


def test_grey_with_alpha(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(2, 1, 8, 4, bytes([0, 10, 0, 200, 255])))
    pixels, alpha = read_picture(tmp_path / "a.png")
    assert pixels[:, 0].tolist() == [[10, 200]] * 3
    assert alpha is not None
    assert alpha[0, 0].tolist() == [0, 255]


def test_palette_with_transparency(tmp_path: Path) -> None:
    palette = (b"PLTE", bytes([255, 0, 0, 0, 0, 250]))
    (tmp_path / "a.png").write_bytes(png(2, 1, 8, 3, bytes([0, 0, 1]), palette))
    pixels, alpha = read_picture(tmp_path / "a.png")
    assert pixels[:, 0].T.tolist() == [[255, 0, 0], [0, 0, 250]]
    assert alpha is None or (alpha == 255).all()
    (tmp_path / "b.png").write_bytes(png(2, 1, 8, 3, bytes([0, 0, 1]), palette, (b"tRNS", b"\x40")))
    pixels, alpha = read_picture(tmp_path / "b.png")
    assert pixels[:, 0].T.tolist() == [[255, 0, 0], [0, 0, 250]]
    assert alpha is not None
    assert alpha[0, 0].tolist() == [0x40, 255]


def exif(orientation: int) -> bytes:
    return struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def stored(upright: np.ndarray, orientation: int) -> np.ndarray:
    """The (H, W, C) array that an orientation turns into `upright`, by the EXIF table of rows and columns."""
    return {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(upright, -1),
    }[orientation]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_orientation(tmp_path: Path, orientation: int, suffix: str) -> None:
    upright = np.full((48, 80, 3), 20, np.uint8)
    upright[:24, :40] = 240
    upright[24:, :40] = 130
    done, data = cv2.imencode(suffix, np.ascontiguousarray(stored(upright, orientation)))
    assert done
    picture = data.tobytes()
    if suffix == ".png":
        picture = picture[:33] + png_chunk(b"eXIf", exif(orientation)) + picture[33:]
    elif suffix == ".jpg":
        body = b"Exif\0\0" + exif(orientation)
        picture = picture[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + picture[2:]
    else:
        picture = with_webp_exif(picture, exif(orientation))
    (tmp_path / f"a{suffix}").write_bytes(picture)
    pixels, _ = read_picture(tmp_path / f"a{suffix}")
    assert pixels.shape == (3, 48, 80)
    assert np.abs(pixels.transpose(1, 2, 0).astype(int) - upright).mean() < 3
    clip = open_clip(tmp_path / f"a{suffix}")
    assert (clip.width, clip.height) == (80, 48)


def with_webp_exif(picture: bytes, body: bytes) -> bytes:
    """A simple WebP file as an extended one with an EXIF chunk."""
    height, width = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_UNCHANGED).shape[:2]
    extended = bytes([8, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunks = (
        b"VP8X"
        + struct.pack("<I", 10)
        + extended
        + picture[12:]
        + b"EXIF"
        + struct.pack("<I", len(body))
        + body
    )
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def test_cmyk_jpeg(tmp_path: Path) -> None:
    # Pure cyan ink, as Photoshop stores it (inverted), in a JPEG of one 8x8 block of four components.
    path = tmp_path / "a.jpg"
    path.write_bytes(cmyk_jpeg())
    pixels, _ = read_picture(path)
    red, green, blue = pixels[:, 4, 4].tolist()
    assert red < 40
    assert min(green, blue) > 200


def cmyk_jpeg() -> bytes:
    """Baseline JPEG whose blocks hold only a DC value: C is 0 (full ink, inverted), M, Y and K are 255."""

    def segment(marker: int, body: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body

    components = range(1, 5)
    table = segment(0xDB, bytes([0, 8] + [1] * 63))
    frame = segment(
        0xC0, struct.pack(">BHHB", 8, 8, 8, 4) + bytes(v for i in components for v in (i, 0x11, 0))
    )
    # DC: the one code "0" for category 7, AC: "0" for the end of the block.
    dc = segment(0xC4, bytes([0x00, 1] + [0] * 15 + [7]))
    ac = segment(0xC4, bytes([0x10, 1] + [0] * 15 + [0]))
    scan = segment(0xDA, bytes([4, *(v for i in components for v in (i, 0)), 0, 63, 0]))
    # DC of level L is 8 (L - 128) / 8: -127 for 1 (bits of -127 in category 7: 0000000), +127 for 255.
    blocks = ["0" + "0000000" + "0"] + ["0" + "1111111" + "0"] * 3
    bits = "".join(blocks)
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")
    adobe = segment(0xEE, b"Adobe" + bytes([0, 100, 0, 0, 0, 0, 0]))
    return b"\xff\xd8" + adobe + table + frame + dc + ac + scan + data + b"\xff\xd9"


def test_unicode_paths(tmp_path: Path) -> None:
    path = tmp_path / "наброски été 写生.png"
    pixels = random_pixels()
    write_picture(path, pixels)
    assert (read_picture(path)[0] == pixels).all()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (png(60000, 60000, 8, 2, b""), "60000x60000"),
        (png(4, 4, 8, 2, b"\0" * 3), "damaged"),
        (b"words", "known format"),
        (b"RIFF" + struct.pack("<I", 500) + b"WEBPVP8X", "cut short"),
    ],
)
def test_bad_pictures(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "bad.png"
    path.write_bytes(data)
    with pytest.raises(MediaError) as error:
        read_picture(path)
    assert "bad.png" in str(error.value)
    assert words in str(error.value)


CUTS = [(suffix, part) for suffix in (".png", ".jpg", ".webp", ".tif") for part in (0.02, 0.5, 0.95)]


@pytest.mark.parametrize(("suffix", "part"), [cut for cut in CUTS if cut != (".jpg", 0.95)])
def test_pictures_cut_short(tmp_path: Path, suffix: str, part: float) -> None:
    path = tmp_path / f"a{suffix}"
    write_picture(path, random_pixels(size=(60, 60)))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(MediaError) as error:
        read_picture(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("share", [0.9, 1.0])
def test_a_jpeg_without_its_end(tmp_path: Path, share: float, mode: str, progressive: bool) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(scene(160, 120, 0)).convert(mode).save(path, quality=95, progressive=progressive)
    data, (right, _) = path.read_bytes(), read_picture(path)
    begin = data.index(b"\xff\xda") if not progressive else 0
    path.write_bytes(data[: begin + int(share * (len(data) - begin)) - 2])
    told: list[str] = []
    pixels, _ = read_picture(path, told.append)
    assert told == ["a.jpg breaks off before its end; it is painted as far as it goes"]
    assert open_clip(path).notices == told
    rows = 88 if share < 1 else 120
    # Pillow, by which it is read, and OpenCV differ by a level in what they make of inks.
    most = 12 if progressive else int(mode == "CMYK")
    assert np.abs(pixels[:, :rows].astype(int) - right[:, :rows]).max() <= most


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("share", [0.2, 0.4, 0.6])
def test_of_which_most_is_missing_it_stays_refused(tmp_path: Path, share: float, progressive: bool) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    Image.fromarray(scene(160, 120, 0)).save(folder / "1.jpg", quality=95, progressive=progressive)
    data = (folder / "1.jpg").read_bytes()
    (folder / "2.jpg").write_bytes(data[: int(share * len(data))])
    for read in (read_picture, open_clip):
        with pytest.raises(MediaError, match=r"2\.jpg .*cut short"):
            read(folder / "2.jpg")
    with pytest.raises(MediaError, match=r"2\.jpg .*cut short"):
        open_clip(folder)


def test_missing_picture_and_folder(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="does not exist"):
        read_picture(tmp_path / "none.png")
    with pytest.raises(MediaError, match="cannot be read"):
        read_picture(tmp_path)


def test_decoders_write_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    profile = (b"iCCP", b"x\0\0" + zlib.compress(b"junk"))
    (tmp_path / "a.png").write_bytes(png(2, 1, 8, 2, bytes([0] + [9] * 6), profile, (b"gAMA", b"\0" * 4)))
    pixels, _ = read_picture(tmp_path / "a.png")
    assert (pixels == 9).all()
    write_picture(tmp_path / "a.tif", random_pixels(size=(60, 60)))
    data = bytearray((tmp_path / "a.tif").read_bytes())
    data[200:4000] = bytes(3800)
    (tmp_path / "a.tif").write_bytes(data)
    with contextlib.suppress(MediaError):
        read_picture(tmp_path / "a.tif")
    assert capfd.readouterr() == ("", "")


# PNG in memory


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("transparent", [False, True])
def test_png_round_trip(dtype: type, transparent: bool) -> None:
    pixels = random_pixels(dtype)
    alpha = random_pixels(dtype, 1) if transparent else None
    found, found_alpha = decode_png(encode_png(pixels, alpha))
    assert found.dtype == dtype
    assert (found == pixels).all()
    assert (found_alpha is None) == (alpha is None)
    assert alpha is None or (found_alpha == alpha).all()


def test_any_flipped_bit_is_noticed() -> None:
    data = encode_png(random_pixels(size=(5, 6)))
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 1 << position % 8
        with pytest.raises(MediaError):
            decode_png(bytes(damaged))


# Writing


def test_depths_are_converted_exactly() -> None:
    every = np.arange(256, dtype=np.uint8)
    assert to_depth(every, 16)[[0, 1, 255]].tolist() == [0, 257, 65535]
    assert (to_depth(to_depth(every, 16), 8) == every).all()
    assert to_depth(np.array([128, 129], np.uint16), 8).tolist() == [0, 1]


def test_jpeg_takes_what_it_can(tmp_path: Path) -> None:
    pixels = np.full((3, 20, 20), 40000, np.uint16)
    write_picture(tmp_path / "a.jpg", pixels, np.full((1, 20, 20), 9, np.uint16))
    found, alpha = read_picture(tmp_path / "a.jpg")
    assert alpha is None
    assert np.abs(found.astype(int) - 40000 / 257).max() <= 2


def test_nothing_is_left_when_writing_fails(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can be written as"):
        write_picture(tmp_path / "a.xyz", random_pixels())
    (tmp_path / "a.png").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_picture(tmp_path / "a.png", random_pixels())
    with pytest.raises(OutputError, match="cannot be written"):
        write_picture(tmp_path / "none" / "a.png", random_pixels())
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
