"""Colour profiles (ICC) of pictures: what is stored is brought to sRGB."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from .depth import to_depth
from .light import srgb_curve

_SRGB_LEVELS = 2  # of 255, by which no two profiles that are called sRGB differ
_ROWS = 256  # that are converted at a time
_MODES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}
_CHANNELS = {"RGB": 3, "L": 1, "CMYK": 4}
_MOST_POINTS = 4096  # of a curve
_LONGEST_NAME = 60
# Of linear sRGB to XYZ relative to D50, in which profiles speak: the columns of sRGB's own profile.
_TO_XYZ = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]], np.float64
)
FROM_XYZ = np.linalg.inv(_TO_XYZ)
WHITE = _TO_XYZ.sum(axis=1)  # D50


@dataclass(frozen=True, eq=False)
class Profile:
    """What the numbers of a picture mean.

    mode: RGB, L (grey) or CMYK. curves: from values in [0, 1] to light, sampled evenly, one for each channel,
    and matrix: of this light to linear sRGB, where that is all; else LittleCMS converts, with 8 bits.
    """

    name: str
    mode: str
    data: bytes
    curves: tuple[np.ndarray, ...] = ()
    matrix: np.ndarray | None = None

    def fits(self, channels: int) -> bool:
        """Whether a picture with so many channels can have it."""
        return _CHANNELS[self.mode] == channels

    def to_srgb(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 or uint16 (C, H, W) as sRGB of the same depth (3, H, W); what sRGB has not is clipped.

        Of CMYK, values are amounts of ink. Relative colorimetric, with black point compensation.
        """
        convert = self._exactly if self.curves else self._by_littlecms
        result = np.empty((3, *pixels.shape[1:]), pixels.dtype)
        for row in range(0, pixels.shape[1], _ROWS):
            result[:, row : row + _ROWS] = convert(pixels[:, row : row + _ROWS])
        return result

    def _exactly(self, pixels: np.ndarray) -> np.ndarray:
        most = np.iinfo(pixels.dtype).max
        values = np.linspace(0, 1, int(most) + 1)
        tables = [np.interp(values, np.linspace(0, 1, len(curve)), curve) for curve in self.curves]
        light = np.stack([table[channel] for table, channel in zip(tables, pixels, strict=True)])
        if self.matrix is not None:
            light = np.tensordot(self.matrix, light, axes=1)
        return np.rint(srgb_curve(light.clip(0, 1)) * most).astype(pixels.dtype)

    def _by_littlecms(self, pixels: np.ndarray) -> np.ndarray:
        few = to_depth(pixels, 8)
        _, height, width = few.shape
        image = Image.frombytes(self.mode, (width, height), few.transpose(1, 2, 0).tobytes())
        shown = ImageCms.applyTransform(image, _transform(self))
        assert shown is not None
        return to_depth(np.asarray(shown).transpose(2, 0, 1), 8 * pixels.itemsize)


@lru_cache(maxsize=16)
def profile_of(data: bytes) -> Profile | None:
    """What a profile says; None for sRGB under any name. Raises ValueError where it cannot be used."""
    try:
        if data[36:40] != b"acsp":
            raise ValueError("no profile")
        opened = ImageCms.ImageCmsProfile(BytesIO(data))
        name = ImageCms.getProfileDescription(opened)
        with np.errstate(all="ignore"):
            profile = Profile(_printable(name), _MODES[data[16:20]], data, *_curves_and_matrix(data))
        if not all(np.isfinite(curve).all() for curve in profile.curves):
            raise ValueError("a curve without an end")
        different = _differs(profile)
    except (ImageCms.PyCMSError, OSError, struct.error, LookupError, ArithmeticError, ValueError) as error:
        raise ValueError("a colour profile that is damaged, or of an unknown kind") from error
    return profile if different else None


def srgb_profile() -> bytes:
    """Of sRGB itself, always the same bytes."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return data[:24] + struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + data[36:]  # not the time of day


def _differs(profile: Profile) -> bool:
    """Whether it shows colours that are not those of the same numbers in sRGB."""
    if profile.mode == "CMYK":
        profile.to_srgb(np.zeros((4, 1, 1), np.uint8))  # fails where LittleCMS cannot use it
        return True
    steps = np.arange(0, 256, 15, dtype=np.uint8)
    axes = np.meshgrid(*[steps] * _CHANNELS[profile.mode])
    colours = np.stack([axis.reshape(1, -1) for axis in axes])
    apart = np.abs(profile.to_srgb(colours).astype(int) - colours)
    return bool(apart.max() > _SRGB_LEVELS)


@lru_cache(maxsize=4)
def _transform(profile: Profile) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(BytesIO(profile.data)),
        ImageCms.createProfile("sRGB"),
        profile.mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


def _curves_and_matrix(data: bytes) -> tuple[tuple[np.ndarray, ...], np.ndarray | None]:
    """Those of a profile that has nothing else; none otherwise (ICC.1, 8.3 and 8.4)."""
    tags = {}
    for index in range(min(struct.unpack_from(">I", data, 128)[0], 200)):
        tag, offset, size = struct.unpack_from(">4sII", data, 132 + 12 * index)
        tags[tag] = data[offset : offset + size]
    space, connection = data[16:20], data[20:24]
    if b"A2B0" in tags or connection != b"XYZ ":
        return (), None
    if space == b"GRAY":
        return (_curve(tags[b"kTRC"]),), None
    if space != b"RGB ":
        return (), None
    columns = [struct.unpack_from(">3i", tags[tag], 8) for tag in (b"rXYZ", b"gXYZ", b"bXYZ")]
    matrix = FROM_XYZ @ np.array(columns).T / 65536
    return tuple(_curve(tags[tag]) for tag in (b"rTRC", b"gTRC", b"bTRC")), matrix


def _curve(tag: bytes) -> np.ndarray:
    """Light at values that are evenly spread over [0, 1], float64 (N,) (ICC.1, 10.6 and 10.18)."""
    values = np.linspace(0, 1, _MOST_POINTS)
    if tag[:4] == b"para":
        return _parametric(tag, values)
    if tag[:4] != b"curv":
        raise ValueError("an unknown kind of curve")
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return values
    if count == 1:
        return values ** (struct.unpack_from(">H", tag, 12)[0] / 256)
    return np.frombuffer(tag, ">u2", min(count, 65536), 12) / 65535


def _parametric(tag: bytes, x: np.ndarray) -> np.ndarray:
    kind = struct.unpack_from(">H", tag, 8)[0]
    count = (1, 3, 4, 5, 7)[kind]
    g, a, b, c, d, e, f = [v / 65536 for v in struct.unpack_from(f">{count}i", tag, 12)] + [0.0] * (7 - count)
    if kind == 0:
        return x**g
    if kind < 3:  # c is added to both parts
        e, f, c, d = c, c, 0.0, -b / a
    return np.where(x >= d, np.maximum(a * x + b, 0) ** g + e, c * x + f)


def _printable(name: str) -> str:
    words = " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())
    return words[:_LONGEST_NAME] or "without a name"
