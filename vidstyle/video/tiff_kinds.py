"""TIFF files of the kinds that OpenCV takes for others: planes apart, white as zero, inks and Lab."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from . import tiff
from .light import srgb_curve
from .profiles import FROM_XYZ, WHITE

_PLACES = (273, 279, 324, 325)  # offsets and lengths of strips and tiles
_SAMPLE_FORMAT, _FLOATING = 339, 3
_NOT_READ = {
    9: "ICC Lab",
    10: "ITU Lab",
    32803: "a colour filter",
    32844: "LogL",
    32845: "LogLuv",
    34892: "linear raw",
}
_BGR = [2, 1, 0, 3]
_ROWS = 256  # that are converted at a time

Decode = Callable[[bytes], np.ndarray | None]


def decode_tiff(data: bytes, decode: Decode, *, inks: bool = False) -> np.ndarray | None:
    """The picture as `decode` has it: (H, W) or (H, W, C), BGR; None where that fails.

    decode: OpenCV's. inks: leave CMYK, (H, W, 4), as amounts of ink, in this order.
    Raises ValueError for kinds that are not read.
    """
    directory = tiff.read_directory(data)
    meaning, bits = directory.number(tiff.PHOTOMETRIC), set(directory.numbers(tiff.BITS))
    if meaning in _NOT_READ:
        raise ValueError(f"it is a TIFF in {_NOT_READ[meaning]}, which is not read; convert it to RGB")
    if _FLOATING in directory.numbers(_SAMPLE_FORMAT):
        return decode(data)
    if meaning == tiff.CIELAB:
        return _by_rows(_as_stored(data, directory, decode, 3), _from_lab)
    if meaning == tiff.CMYK and (inks or bits == {16}):
        stored = _as_stored(data, directory, decode, 4)
        return stored if inks else _by_rows(stored, _from_inks)
    channels = directory.number(tiff.SAMPLES)
    if bits == {16} and directory.number(tiff.PLANAR, 1) == 2 and channels > 2:
        return _as_stored(data, directory, decode, channels)[:, :, _BGR[:channels]]
    image = decode(data)
    if meaning == tiff.WHITE_IS_ZERO and image is not None and image.dtype == np.uint16:
        return np.uint16(65535) - image
    return image


def _as_stored(data: bytes, directory: tiff.Directory, decode: Decode, channels: int) -> np.ndarray:
    """(H, W, channels), whatever they mean."""
    if directory.number(tiff.SAMPLES) != channels or not 1 <= channels <= 4:
        raise ValueError(f"it has {directory.number(tiff.SAMPLES)} channels; convert it to RGB")
    if set(directory.numbers(tiff.BITS)) not in ({8}, {16}):
        raise ValueError("it has neither 8 nor 16 bits per channel; convert it to RGB")
    if directory.number(tiff.PLANAR, 1) == 2:
        planes = [decode(plane.written(data)) for plane in _planes(directory, channels)]
        whole = [plane for plane in planes if plane is not None and plane.shape == _shape(directory)]
        if len(whole) != channels:
            raise ValueError("the file is damaged")
        return np.stack(whole, axis=2)
    entries = {**directory.entries, tiff.PHOTOMETRIC: directory.short(tiff.RGB)}
    entries.pop(_SAMPLE_FORMAT, None)
    if channels == 4:
        entries[tiff.EXTRA_SAMPLES] = directory.short(0)
    image = decode(replace(directory, entries=entries).written(data))
    if image is None or image.shape != (*_shape(directory), channels):
        raise ValueError("the file is damaged")
    return image[:, :, _BGR[:channels]]


def _shape(directory: tiff.Directory) -> tuple[int, int]:
    return directory.number(tiff.HEIGHT), directory.number(tiff.WIDTH)


def _planes(directory: tiff.Directory, count: int) -> Iterator[tiff.Directory]:
    """The directories of grey pictures, one for each channel."""
    dropped = {_SAMPLE_FORMAT, tiff.EXTRA_SAMPLES, tiff.PROFILE}
    common = {tag: entry for tag, entry in directory.entries.items() if tag not in dropped}
    common[tiff.BITS] = directory.short(directory.number(tiff.BITS))
    common[tiff.PHOTOMETRIC] = directory.short(tiff.BLACK_IS_ZERO)
    common[tiff.SAMPLES] = common[tiff.PLANAR] = directory.short(1)
    for plane in range(count):
        entries = dict(common)
        for tag in set(_PLACES) & set(common):
            whole = common[tag]
            some, size = whole.count // count, len(whole.body) // whole.count
            body = whole.body[plane * some * size : (plane + 1) * some * size]
            entries[tag] = tiff.Entry(whole.kind, some, body)
        yield replace(directory, entries=entries)


def _by_rows(stored: np.ndarray, convert: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """BGR of the same depth; convert: float64 RGB in [0, 1] of some rows."""
    result = np.empty((*stored.shape[:2], 3), stored.dtype)
    for row in range(0, len(stored), _ROWS):
        shown = convert(stored[row : row + _ROWS]) * np.iinfo(stored.dtype).max
        result[row : row + _ROWS] = np.rint(shown[:, :, ::-1])
    return result


def _from_inks(stored: np.ndarray) -> np.ndarray:
    """As libtiff has it where nothing is known of the inks."""
    left = 1 - stored / np.iinfo(stored.dtype).max
    return left[:, :, :3] * left[:, :, 3:]


def _from_lab(stored: np.ndarray) -> np.ndarray:
    """From CIE L*a*b* relative to D50 (TIFF 6.0, section 23; of 16 bits, as Photoshop writes it)."""
    signed = stored[:, :, 1:].view(np.dtype(f"i{stored.itemsize}")) / 256 ** (stored.itemsize - 1)
    middle = (100 / np.iinfo(stored.dtype).max * stored[:, :, 0] + 16) / 116
    f = np.stack([middle + signed[:, :, 0] / 500, middle, middle - signed[:, :, 1] / 200], axis=2)
    ratio = np.where(f > 6 / 29, f**3, (f - 4 / 29) * 108 / 841)
    return srgb_curve((ratio * WHITE @ FROM_XYZ.T).clip(0, 1))
