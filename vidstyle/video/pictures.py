"""Single pictures: read upright with their depth and transparency, write whole or not at all."""

from __future__ import annotations

import os
import re
from pathlib import Path

import cv2
import numpy as np

from ..atomic import write_whole
from ..errors import MediaError, OutputError, UsageError
from ..plain import not_an_address, read_plain
from .coded import CODECS, decode_coded
from .depth import to_depth
from .headers import PictureHeader, read_header
from .png import plain_png

# Of a picture, or of a frame of a video: far more than any camera makes, and what takes 2 to 5 GB to read.
MAX_PIXELS = 2**28
MOST_PIXELS = 2**30  # that OpenCV reads
LIMIT_VARIABLE = "VIDSTYLE_MAX_PIXELS"
# No picture file holds more per pixel, but for what is no picture in it.
_BYTES_PER_PIXEL, _BYTES_BESIDE = 8, 2**26
READABLE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".ppm", ".pgm", ".pnm"}
    | {".exr", ".dpx", ".tga"}
)
# JPEG and WebP lose a little; PNG and TIFF lose nothing. The fastest PNG level: disk is cheaper than time.
_WRITE_OPTIONS: dict[str, list[int]] = {
    ".png": [cv2.IMWRITE_PNG_COMPRESSION, 1],
    ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".jpeg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".tif": [],
    ".tiff": [],
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, 95],
}
WRITABLE_SUFFIXES = frozenset(_WRITE_OPTIONS)
_DEEP = frozenset({".png", ".tif", ".tiff"})
_TRANSPARENT = frozenset({".png", ".tif", ".tiff", ".webp"})

Picture = tuple[np.ndarray, np.ndarray | None]


def natural_key(name: str) -> list[tuple[int, str]]:
    """Sort key that puts img2 before img10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def read_bytes(path: Path) -> bytes:
    """The contents of a file; raises MediaError where it cannot be read, or is larger than any picture."""
    try:
        return read_plain(path, _BYTES_PER_PIXEL * max_pixels() + _BYTES_BESIDE)
    except FileNotFoundError:
        raise MediaError(missing(path)) from None
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:  # named in a list
        raise MediaError(f"{path} cannot be the name of a file") from error


def missing(path: Path) -> str:
    """What to say of a path where nothing lies."""
    text = str(path)
    if text == "-":
        return "- stands for the standard input, which is not read; write it to a file and give that"
    try:
        not_an_address(path)
    except ValueError as error:
        return str(error)
    return f"{path} does not exist"


def picture_header(data: bytes, name: object) -> PictureHeader:
    """Size and orientation of a picture file's contents; raises MediaError, also for absurd sizes."""
    try:
        header = read_header(data, Path(str(name)).suffix.lower())
    except ValueError as error:
        raise MediaError(f"{name} cannot be read as a picture: {error}") from error
    check_size(header.width, header.height, name)
    return header


def check_size(width: int, height: int, name: object) -> None:
    """Raises MediaError for a picture or frame of more than `max_pixels`, before memory is taken for it."""
    most = max_pixels()
    if width * height > most:
        raise MediaError(
            f"{name} says that it is {width}x{height}, more than the {most / 1e6:.0f} million pixels that "
            f"are read; make it smaller, or raise the limit with {LIMIT_VARIABLE}={width * height}"
        )


def max_pixels() -> int:
    """The most pixels that a picture or a frame may have: MAX_PIXELS, or what the environment says.

    Raises UsageError where that is no such number.
    """
    given = os.environ.get(LIMIT_VARIABLE)
    if not given:
        return MAX_PIXELS
    if not re.fullmatch(r"\d{1,10}", given, re.ASCII) or not 1 <= int(given) <= MOST_PIXELS:
        raise UsageError(
            f"{LIMIT_VARIABLE} must be a number of pixels from 1 to {MOST_PIXELS}, not {given!r}"
        )
    return int(given)


def read_picture(path: Path | str) -> Picture:
    """Read a picture, upright.

    Returns (pixels uint8 or uint16 (3, H, W) full-range RGB, alpha of the same dtype (1, H, W) or None).
    Raises MediaError for a missing, broken, foreign or absurdly large file.
    """
    path = Path(path)
    return decode_picture(read_bytes(path), path)


def decode_picture(data: bytes, name: object) -> Picture:
    """`read_picture` for a file's contents; `name` is what an error calls them."""
    header = picture_header(data, name)
    if header.animated and header.format == "webp":  # of an animated PNG one picture is meant for a still
        raise MediaError(f"{name} is an animated WebP, of which no single picture is taken; save one of it")
    try:
        if header.format in CODECS:
            return decode_coded(data, header.format, max_pixels())
        image = _decode(plain_png(data) if header.format == "png" else data)
    except ValueError as error:
        raise MediaError(f"{name} cannot be read as a picture: {error}") from error
    if image is None:
        raise MediaError(f"{name} cannot be read as a picture: the file is damaged")
    if image.dtype not in (np.uint8, np.uint16):
        raise MediaError(f"{name} holds {image.dtype} values; convert it to 8 or 16 bits per channel")
    return _split(_upright(image, header.orientation))


def _decode(data: bytes) -> np.ndarray | None:
    logging = cv2.utils.logging
    level = logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        image: np.ndarray | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    finally:
        logging.setLogLevel(level)
    return image


def _upright(image: np.ndarray, orientation: int) -> np.ndarray:
    """Undo an EXIF orientation of an (H, W) or (H, W, C) array; IMREAD_UNCHANGED leaves it as stored."""
    if orientation >= 5:
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return image


def _split(image: np.ndarray) -> Picture:
    if image.ndim == 2:
        image = image[:, :, None]
    channels = image.shape[2]
    alpha = np.ascontiguousarray(image[None, :, :, -1]) if channels in (2, 4) else None
    order = [2, 1, 0] if channels >= 3 else [0, 0, 0]
    return np.ascontiguousarray(image[:, :, order].transpose(2, 0, 1)), alpha


def _join(pixels: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    planes = [pixels[::-1]] if alpha is None else [pixels[::-1], alpha]
    return np.ascontiguousarray(np.concatenate(planes).transpose(1, 2, 0))


def encode_png(pixels: np.ndarray, alpha: np.ndarray | None = None) -> bytes:
    """Losslessly, as a PNG file's contents: pixels uint8 or uint16 (3, H, W), alpha (1, H, W) or None."""
    return _encode(".png", pixels, alpha)


def encode_jpeg(pixels: np.ndarray) -> bytes:
    """As a JPEG file's contents, for looking at: pixels uint8 (3, H, W)."""
    return _encode(".jpg", pixels, None)


def decode_png(data: bytes) -> Picture:
    """The inverse of `encode_png`; raises MediaError where the data is damaged (checksums are verified)."""
    return decode_picture(data, "stored picture")


def _encode(suffix: str, pixels: np.ndarray, alpha: np.ndarray | None) -> bytes:
    done, data = cv2.imencode(suffix, _join(pixels, alpha), _WRITE_OPTIONS[suffix])
    if not done:
        raise OutputError(f"a {suffix} picture of {pixels.shape[2]}x{pixels.shape[1]} cannot be encoded")
    return data.tobytes()


def picture_suffix(path: Path) -> str:
    """The lower-case suffix of a picture that is to be written; raises UsageError for an unknown one."""
    suffix = path.suffix.lower()
    if suffix not in WRITABLE_SUFFIXES:
        raise UsageError(f"{path}: pictures can be written as {', '.join(sorted(WRITABLE_SUFFIXES))}")
    return suffix


def keeps_alpha(path: Path) -> bool:
    """Whether the format that this path's suffix names can hold transparency."""
    return path.suffix.lower() in _TRANSPARENT


def write_picture(path: Path | str, pixels: np.ndarray, alpha: np.ndarray | None = None) -> None:
    """Write a picture in the format that the suffix names; it appears whole or not at all.

    pixels: uint8 or uint16 (3, H, W), full-range RGB; alpha: same dtype (1, H, W) or None.
    JPEG and WebP hold 8 bits, JPEG no transparency: what does not fit is rounded or left out.
    Raises UsageError for an unknown suffix, OutputError where it cannot be written.
    """
    write_whole(Path(path), picture_bytes(Path(path), pixels, alpha))


def picture_bytes(path: Path, pixels: np.ndarray, alpha: np.ndarray | None = None) -> bytes:
    """What `write_picture` writes."""
    suffix = picture_suffix(path)
    if suffix not in _DEEP:
        pixels, alpha = to_depth(pixels, 8), None if alpha is None else to_depth(alpha, 8)
    return _encode(suffix, pixels, alpha if suffix in _TRANSPARENT else None)
