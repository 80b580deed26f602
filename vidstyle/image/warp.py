"""The only warp: a picture seen through a flow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn.functional import conv1d, grid_sample

from vidstyle.device import constant, kind_of

Mode = Literal["bilinear", "bicubic", "spline", "nearest", "quick"]
MODES: tuple[Mode, ...] = get_args(Mode)
_MARGIN = 10  # pixels on either side that tell in the coefficient of a spline; beyond, 2e-6 of them


def warp(image: Tensor, vectors: Tensor, mode: Mode = "bilinear") -> Tensor:
    """out[y, x] = image[y + dy, x + dx]: bring `image` onto the grid of `vectors`.

    image: float32 (C, H, W) or (N, C, H, W); every picture of a batch is warped by the same flow.
    vectors: float32 (2, h, w), (dx, dy) in pixels, on the device of `image`.
    mode: bicubic is Catmull-Rom (a = -0.5), limited to the range of the four nearest pixels so that it
        cannot ring. spline goes through the pixels with a cubic B-spline (Unser, Aldroubi & Eden 1991),
        limited to the range of the sixteen nearest: halfway between pixels it keeps 97 % of a wave of four
        pixels, bicubic 88 %, which counts where a picture is warped again and again.

        quick is bicubic by the library's own sampling, a tenth of the time, unlimited; whole-pixel shifts
        are copies to a thousandth of a pixel.

    Returns float32 (C, h, w) or (N, C, h, w). Positions outside the picture take the nearest pixel inside;
    a position that is not a number counts as 0. The zero flow is the exact identity and whole-pixel shifts
    are exact copies, for finite pixels. Differentiable in `image`.
    """
    if image.ndim not in (3, 4):
        raise ValueError(f"image must be (C, H, W) or (N, C, H, W), not {tuple(image.shape)}")
    if vectors.ndim != 3 or vectors.shape[0] != 2:
        raise ValueError(f"vectors must be (2, h, w), not {tuple(vectors.shape)}")
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, not {mode!r}")

    x, y = _positions(vectors)
    x = _clamp(x, image.shape[-1] - 1).flatten()
    y = _clamp(y, image.shape[-2] - 1).flatten()
    out = _WARPS[mode](image, y, x)
    return out.reshape(*image.shape[:-2], *vectors.shape[-2:])


def warp_wrapped(image: Tensor, vectors: Tensor, mode: Mode = "bilinear") -> Tensor:
    """The same of a picture that tiles the plane: beyond a border lies the opposite side.

    image: float32 (C, H, W), of at least 2 x 2 pixels.
    """
    margin = _MARGIN + 2  # what the widest sees beyond a position
    sides = constant((image.shape[2], image.shape[1]), vectors)[:, None, None]
    x, y = _positions(torch.zeros_like(vectors))
    here = torch.stack(torch.broadcast_tensors(x, y))
    there = (here + vectors) % sides + margin
    rows, columns = (torch.arange(-margin, n + margin, device=image.device) % n for n in image.shape[1:])
    return warp(image[:, rows[:, None], columns], there - here, mode)


def in_frame(vectors: Tensor, size: tuple[int, int], margin: float = 0.0) -> Tensor:
    """True where a flow points into a picture: every bilinear tap that has weight lies inside.

    vectors: float32 (2, h, w), (dx, dy) in pixels.
    size: (height, width) of the picture.
    margin: how many pixels further out still count as inside; pixels themselves reach 0.5 past their centres.

    Returns bool (1, h, w); False where a vector is not a number.

    The released program of Ruder et al. asks for all four taps, even those of weight zero, which drops the
    last row and column of a picture that does not move; here they count as inside.
    """
    height, width = size
    x, y = _positions(vectors)
    across = (x >= -margin) & (x <= width - 1 + margin)
    return (across & (y >= -margin) & (y <= height - 1 + margin))[None]


def _positions(vectors: Tensor) -> tuple[Tensor, Tensor]:
    height, width = vectors.shape[-2:]
    columns = torch.arange(width, dtype=vectors.dtype, device=vectors.device)
    rows = torch.arange(height, dtype=vectors.dtype, device=vectors.device)
    return columns + vectors[0], rows[:, None] + vectors[1]


def _clamp(position: Tensor, last: int) -> Tensor:
    # Unlike clamp, fmax turns "not a number" into 0, so that no index leaves the picture.
    return position.fmax(position.new_zeros(())).fmin(position.new_full((), last))


def _nearest(image: Tensor, y: Tensor, x: Tensor) -> Tensor:
    [[tap]] = _taps(image, y.round(), x.round(), range(1))
    return tap


def _bilinear(image: Tensor, y: Tensor, x: Tensor) -> Tensor:
    top, left = y.floor(), x.floor()
    fy, fx = y - top, x - left
    upper, lower = (torch.lerp(start, end, fx) for start, end in _taps(image, top, left, range(2)))
    return torch.lerp(upper, lower, fy)


def _bicubic(image: Tensor, y: Tensor, x: Tensor) -> Tensor:
    top, left = y.floor(), x.floor()
    columns = _catmull_rom(x - left)
    rows: list[Tensor] = []
    nearest: list[Tensor] = []
    for i, row in enumerate(_taps(image, top, left, range(-1, 3))):
        rows.append(_weighted_sum(row, columns))
        if i in (1, 2):
            nearest += row[1:3]
    lowest, highest = torch.aminmax(torch.stack(nearest), dim=0)
    return _weighted_sum(rows, _catmull_rom(y - top)).clamp(lowest, highest)


def _spline(image: Tensor, y: Tensor, x: Tensor) -> Tensor:
    top, left = y.floor(), x.floor()
    columns, rows = _b_spline(x - left), _b_spline(y - top)
    waves = _coefficients(_coefficients(image, -1), -2)
    drawn = [_weighted_sum(row, columns) for row in _taps(waves, top + 1, left + 1, range(-1, 3))]
    there = (x == left) & (y == top)
    [[pixel]] = _taps(image, top, left, range(1))
    lowest = highest = pixel
    for row in _taps(image, top, left, range(-1, 3)):  # one at a time: of 4K all sixteen are 1.6 GB
        for tap in row:
            lowest, highest = torch.minimum(lowest, tap), torch.maximum(highest, tap)
    return torch.where(there, pixel, _weighted_sum(drawn, rows).clamp(lowest, highest))


def _coefficients(image: Tensor, dim: int) -> Tensor:
    """Of the cubic B-splines that go through the pixels along `dim`, mirrored at the ends; one more each end.

    By convolution with √3 z^|k|, z = √3 − 2 (Unser, Aldroubi & Eden 1991).
    """
    length = image.shape[dim]
    around = torch.arange(-_MARGIN - 1, length + _MARGIN + 1, device=image.device)
    period = max(1, 2 * (length - 1))
    mirrored = (length - 1 - (around % period - (length - 1)).abs()).clamp(0, length - 1)
    padded = image.index_select(image.ndim + dim, mirrored).movedim(dim, -1)
    k = torch.arange(-_MARGIN, _MARGIN + 1, device=image.device, dtype=image.dtype).abs()
    kernel = 3**0.5 * (3**0.5 - 2) ** k
    flat = conv1d(padded.reshape(-1, 1, padded.shape[-1]), kernel[None, None])
    return flat.reshape(*padded.shape[:-1], -1).movedim(-1, dim)


def _taps(image: Tensor, top: Tensor, left: Tensor, offsets: range) -> Iterator[list[Tensor]]:
    """Pixels (planes, positions) around whole-numbered positions, one row of the neighbourhood after another.

    Rows and columns outside the picture are clamped to it.
    """
    height, width = image.shape[-2:]
    planes = image.reshape(-1, height * width)
    top, left = top.long(), left.long()
    rows = [(top + i).clamp(0, height - 1) * width for i in offsets]
    columns = [(left + j).clamp(0, width - 1) for j in offsets]
    for row in rows:
        yield [planes.gather(1, (row + column).expand(len(planes), -1)) for column in columns]


def _weighted_sum(values: Sequence[Tensor], weights: Sequence[Tensor]) -> Tensor:
    total = values[0] * weights[0]
    for value, weight in zip(values[1:], weights[1:], strict=True):
        total = torch.addcmul(total, value, weight)
    return total


def _catmull_rom(f: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Keys' cubic convolution weights with a = -0.5 for the taps at -1, 0, 1, 2, a fraction f past tap 0."""
    return (
        ((-0.5 * f + 1) * f - 0.5) * f,
        (1.5 * f - 2.5) * f * f + 1,
        ((-1.5 * f + 2) * f + 0.5) * f,
        (0.5 * f - 0.5) * f * f,
    )


def _b_spline(f: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Weights of the cubic B-spline for the taps at -1, 0, 1, 2, a fraction f past tap 0."""
    g = 1 - f
    return (
        g**3 / 6,
        2 / 3 - f * f * (2 - f) / 2,
        2 / 3 - g * g * (2 - g) / 2,
        f**3 / 6,
    )


def _quick(image: Tensor, y: Tensor, x: Tensor) -> Tensor:
    if not kind_of(image.device).bicubic:
        return _bicubic(image, y, x)
    planes = image.reshape(1, -1, *image.shape[-2:])
    sides = [max(1, side - 1) for side in image.shape[-2:]]
    places = torch.stack([x * (2 / sides[1]) - 1, y * (2 / sides[0]) - 1], -1)[None, None]
    seen = grid_sample(planes, places, mode="bicubic", padding_mode="border", align_corners=True)
    return seen.reshape(*image.shape[:-2], -1)


_WARPS = {
    "nearest": _nearest,
    "bilinear": _bilinear,
    "bicubic": _bicubic,
    "spline": _spline,
    "quick": _quick,
}
