"""Single pictures: read upright with their depth and transparency, write whole or not at all."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np

from ..atomic import write_whole
from ..errors import MediaError, OutputError, UsageError
from ..events import Notice, say_nothing
from ..plain import not_an_address, read_plain
from .coded import CODECS, OF_LIGHT, coded_excess, decode_coded
from .contained import decode_contained
from .cut_jpeg import completed, decode_cut
from .depth import to_depth
from .headers import PictureHeader, read_header
from .heif import heif_picture, is_avif
from .inks import decode_inks
from .light import encode_exr
from .limits import check_size, max_pixels
from .plugins import EXTRA, can_decode, decode_jxl, decode_plugged
from .png import plain_png
from .profiles import Profile, profile_of
from .tagging import tagged_as_srgb
from .tiff_kinds import decode_tiff
from .transparency import is_transparent

# How others write the place of a number, or several files.
_UNKNOWN_PLACE = re.compile(r"[*?$<>{}\[\]#@]|%\d*[a-z]", re.ASCII)
# No picture file holds more per pixel, but for what is no picture in it.
_BYTES_PER_PIXEL, _BYTES_BESIDE = 8, 2**26
READABLE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".ppm", ".pgm", ".pnm"}
    | {".exr", ".dpx", ".tga", ".hdr", ".pfm", ".avif", ".heic", ".heif", ".hif", ".jxl", ".jfif", ".jpe"}
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
LIGHT_SUFFIXES = frozenset({".exr"})  # half floats, which are written of 16 bits alone
WRITABLE_SUFFIXES = frozenset(_WRITE_OPTIONS) | LIGHT_SUFFIXES
_DEEP = frozenset({".png", ".tif", ".tiff"})
_TRANSPARENT = frozenset({".png", ".tif", ".tiff", ".webp"}) | LIGHT_SUFFIXES

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
    if _UNKNOWN_PLACE.search(path.name):
        return f"{path} does not exist; a sequence is named by %04d, #### or @@@@ in place of its numbers"
    return f"{path} does not exist"


def picture_header(data: bytes, name: object) -> PictureHeader:
    """Size and orientation of a picture file's contents; raises MediaError, also for absurd sizes."""
    try:
        header = read_header(data, Path(str(name)).suffix.lower())
    except ValueError as error:
        raise MediaError(f"{name} cannot be read as a picture: {error}") from error
    check_size(header.width, header.height, name)
    return header


def read_picture(path: Path | str, notice: Notice = say_nothing, *, raw: bool = False) -> Picture:
    """Read a picture, upright, its colours brought to sRGB.

    notice: is told what was made of the picture beyond reading it. raw: leave its values as they are stored,
    whatever they mean, as those of a map.
    Returns (pixels uint8 or uint16 (3, H, W) full-range RGB, alpha of the same dtype (1, H, W) or None).
    Raises MediaError for a missing, broken, foreign or absurdly large file.
    """
    path = Path(path)
    return decode_picture(read_bytes(path), path, notice, raw=raw)


def decode_picture(data: bytes, name: object, notice: Notice = say_nothing, *, raw: bool = False) -> Picture:
    """`read_picture` for a file's contents; `name` is what an error calls them."""
    header = picture_header(data, name)
    if header.animated and header.format == "webp":  # of an animated PNG one picture is meant for a still
        raise MediaError(f"{name} is an animated WebP, of which no single picture is taken; save one of it")
    try:
        if header.format == "jxl":
            return _jxl(data, name, notice, raw)
        pixels, alpha = _stored(data, header, None if raw else _profile(header))
    except ValueError as error:
        raise MediaError(f"{name} cannot be read as a picture: {error}") from error
    return _shown(pixels, alpha, header, name, notice, raw)


def _shown(
    pixels: np.ndarray,
    alpha: np.ndarray | None,
    header: PictureHeader,
    name: object,
    notice: Notice,
    raw: bool,
) -> Picture:
    """With the colours of what is stored brought to sRGB, and what there is to say about it said."""
    profile = None if raw else _profile(header)
    for remark in remarks(header, raw=raw):
        notice(f"{Path(str(name)).name} {remark}")
    return pixels if profile is None else profile.to_srgb(
        pixels[:1] if profile.mode == "L" else pixels
    ), alpha


def remarks(header: PictureHeader, *, raw: bool = False) -> list[str]:
    """What is to be said of a picture after its name. raw: see `read_picture`."""
    said = [] if header.remark is None else [header.remark]
    if header.cut:
        said.append("breaks off before its end; it is painted as far as it goes")
    if raw or header.profile is None:
        return said
    try:
        profile = _profile(header, strict=True)
    except ValueError as error:
        return [*said, f"has {error}; its colours are taken for sRGB"]
    if profile is not None:
        depth = "" if profile.curves or not header.deep else ", with 8 bits per channel"
        said.append(f"has the colour profile {profile.name}; its colours are converted to sRGB{depth}")
    return said


def _profile(header: PictureHeader, *, strict: bool = False) -> Profile | None:
    """What a picture's values mean, if not sRGB. strict: raise ValueError where that cannot be told."""
    try:
        profile = None if header.profile is None else profile_of(header.profile)
        if profile is None or profile.fits(header.channels):
            return profile
        raise ValueError("a colour profile of another kind of picture")
    except ValueError:
        if strict:
            raise
        return None


def _stored(data: bytes, header: PictureHeader, profile: Profile | None) -> Picture:
    """As it is stored, upright; amounts of ink (4, H, W) where there is a profile of them.

    Raises ValueError.
    """
    if header.format in CODECS:
        return decode_coded(data, header.format)
    if header.format in ("gif", "heif"):
        return _contained(data, header)
    if header.cut:
        data = completed(data)
    inks = profile is not None and profile.mode == "CMYK"
    if inks and header.format == "jpeg":
        return _planes(_upright(decode_inks(data), header.orientation)), None
    if header.cut:
        image = decode_cut(data)
    elif header.format == "tiff":
        image = decode_tiff(data, _decode, inks=inks)
    else:
        image = _decode(plain_png(data) if header.format == "png" else data)
    if inks and image is not None:
        return _planes(_upright(image, header.orientation)), None
    if image is None:
        raise ValueError("the file is damaged")
    if image.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"it holds {image.dtype} values; convert it to 8 or 16 bits per channel")
    return _split(_upright(image, header.orientation))


def read_excess(path: Path) -> np.ndarray | None:
    """By how much the light of a picture is brighter than 1, float32 (3, H, W); None where nothing of it is.

    What it is multiplied by is white, in scene-linear light. Raises MediaError.
    """
    data = read_bytes(path)
    format = picture_header(data, path).format
    if format not in OF_LIGHT:
        return None
    try:
        return coded_excess(data, format)
    except ValueError as error:
        raise MediaError(f"{path} cannot be read as a picture: {error}") from error


def _contained(data: bytes, header: PictureHeader) -> Picture:
    """Of a GIF, HEIC or AVIF file. Raises ValueError."""
    if header.format == "gif":
        return _opaque(decode_contained(data, "gif"))
    found, kind = heif_picture(data), "avif" if is_avif(data) else "heic"
    if found.in_tiles and not can_decode(kind):
        raise ValueError(f"it is in tiles, and to put them together takes {EXTRA}")
    if found.in_tiles or (found.transparent and can_decode(kind)):
        return _rgba(decode_plugged(data, kind))
    stored = decode_contained(data, "heif", found.number).transpose(1, 2, 0)
    return _opaque(_planes(_upright(stored, found.orientation)))


def _jxl(data: bytes, name: object, notice: Notice, raw: bool) -> Picture:
    """Of a JPEG XL file, of which only its decoder tells what its colours mean. Raises ValueError."""
    if not can_decode("jxl"):
        raise ValueError(f"it is JPEG XL, and to read it takes {EXTRA}")
    array, profile = decode_jxl(data)
    if isinstance(array, bytes):
        return decode_picture(array, name, notice, raw=raw)
    pixels, alpha = _rgba(array)
    deep, channels = pixels.itemsize > 1, 1 if array.ndim == 2 else 3
    header = PictureHeader(
        "jxl", array.shape[1], array.shape[0], deep=deep, channels=channels, profile=profile
    )
    return _shown(pixels, alpha, header, name, notice, raw)


def _rgba(array: np.ndarray) -> Picture:
    """(H, W), or (H, W, C) of grey or RGB, with alpha or without, as pixels and alpha."""
    array = np.atleast_3d(array)
    colours = 3 if array.shape[2] >= 3 else 1
    pixels = np.broadcast_to(array[:, :, :colours], (*array.shape[:2], 3))
    alpha = _planes(array[:, :, colours:]) if array.shape[2] > colours else None
    return _planes(pixels), alpha


def _opaque(planes: np.ndarray) -> Picture:
    """(3 or 4, H, W) as pixels, and alpha where that hides anything."""
    alpha = planes[3:] if len(planes) > 3 else None
    return np.ascontiguousarray(planes[:3]), alpha if is_transparent(alpha) else None


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
    return _planes(image[:, :, order]), alpha


def _planes(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(image.transpose(2, 0, 1))


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


def write_picture(
    path: Path | str, pixels: np.ndarray, alpha: np.ndarray | None = None, excess: np.ndarray | None = None
) -> None:
    """Write a picture in the format that the suffix names; it appears whole or not at all.

    pixels: uint8 or uint16 (3, H, W), full-range RGB; alpha: same dtype (1, H, W) or None.
    excess: see `read_excess`; only OpenEXR holds it.
    JPEG and WebP hold 8 bits, JPEG no transparency: what does not fit is rounded or left out.
    Raises UsageError for an unknown suffix, OutputError where it cannot be written.
    """
    write_whole(Path(path), tagged_as_srgb(picture_bytes(Path(path), pixels, alpha, excess)))


def picture_bytes(
    path: Path, pixels: np.ndarray, alpha: np.ndarray | None = None, excess: np.ndarray | None = None
) -> bytes:
    """What `write_picture` writes, but for the note that it is sRGB."""
    suffix = picture_suffix(path)
    if suffix in LIGHT_SUFFIXES:
        return encode_exr(pixels, alpha, excess)
    if suffix not in _DEEP:
        pixels, alpha = to_depth(pixels, 8), None if alpha is None else to_depth(alpha, 8)
    return _encode(suffix, pixels, alpha if suffix in _TRANSPARENT else None)
