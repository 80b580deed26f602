"""Pictures as locally affine functions of another: the matting Laplacian and the guided filter.

Levin, Lischinski & Weiss (2006); He, Sun & Tang (2010, 2013). In style transfer: Luan et al. (2017).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from vidstyle.image.resize import fit, resize

# Of a relit photograph: the longest side of the grid of its maps; the radius of their windows in longest
# sides, less for more local light and more blotches; and which differences of colour have a map of their own.
_GRID = 64
_REACH = 1 / 10
_EDGE = 0.1
_ROUNDS = 6


class GuidedFilter:
    """A picture I whose colours explain those of others, window by window.

    picture: float32 (3, H, W) in [0, 1]. radius: windows are (2·radius + 1)² pixels, cut off at the borders.
    epsilon: ε, what is added to the variance of I in a window, in squared pixel values: differences of colour
        well below √ε are noise that explains nothing. From about 1e-6, or float32 has too few digits.

    In window w the affine map of least squares from I to the values p of one channel is

        a = (Σ_w + ε U)⁻¹ cov_w(I, p),   b = mean_w(p) − aᵀ mean_w(I).

    The inverses are computed here, once; everything else is linear in the number of pixels and runs on the
    picture's device. No matrix is ever made.
    """

    def __init__(self, picture: Tensor, radius: int, epsilon: float) -> None:
        if picture.ndim != 3 or picture.shape[0] != 3:
            raise ValueError(f"picture must be (3, H, W), not {tuple(picture.shape)}")
        if radius < 1 or epsilon <= 0:
            raise ValueError(f"radius {radius} must be at least 1 and epsilon {epsilon} above 0")
        self.picture, self.radius = picture, radius
        self.mean = self._mean(picture)
        covariance = self._covariance(picture)
        ridge = epsilon * torch.eye(3, device=picture.device)[..., None, None]
        self.inverse = _inverse(covariance + ridge)
        self.count = self._mean(torch.ones_like(picture[:1]), sums=True)

    def affine(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """The maps to values (C, H, W) of all windows, by their middle: a (C, 3, H, W) and b (C, H, W)."""
        slope = torch.einsum("ijhw,cjhw->cihw", self.inverse, self._covariance(values))
        return slope, self._mean(values) - (slope * self.mean).sum(dim=1)

    def averaged(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """At every pixel the mean of the maps of all windows that hold it; see `affine`."""
        slope, offset = self.affine(values)
        return self._mean(slope), self._mean(offset)

    def filter(self, values: Tensor) -> Tensor:
        """The guided filter of values (C, H, W): at every pixel the averaged map, applied to I."""
        return _mapped(self.picture, *self.averaged(values))

    def laplacian(self, values: Tensor) -> Tensor:
        """L·V of the matting Laplacian of I, channel by channel, for values V float32 (C, H, W).

        (L V)_i = |w_i| V_i − Σ_{w ∋ i} (a_wᵀ I_i + b_w), summed over the windows that hold pixel i.
        """
        slope, offset = self.affine(values)
        # Windows are as symmetric as neighbours: those that hold i have their middles in the window of i.
        explained = _mapped(self.picture, self._mean(slope, sums=True), self._mean(offset, sums=True))
        return self.count * values - explained

    def roughness(self, values: Tensor) -> Tensor:
        """Σ_c V_cᵀ L V_c, per pixel and pixel of a window: a scalar, differentiable in `values` (C, H, W).

        About the mean squared residual of V's values from an affine function of I in each window; 0 where
        they are one.
        """
        found: Tensor = _Quadratic.apply(values, self)
        return found / (values.numel() * (2 * self.radius + 1) ** 2)

    def _covariance(self, values: Tensor) -> Tensor:
        """cov_w(I, p) for values (C, H, W), as (C, 3, H, W)."""
        products = self._mean(values[:, None] * self.picture[None])
        return products - self._mean(values)[:, None] * self.mean[None]

    def _mean(self, values: Tensor, *, sums: bool = False) -> Tensor:
        """The mean, or the sum, over the window around every pixel, of values (..., H, W)."""
        side, radius = 2 * self.radius + 1, self.radius
        flat = values.reshape(1, -1, *values.shape[-2:])
        for kernel, padding in (((side, 1), (radius, 0)), ((1, side), (0, radius))):
            flat = avg_pool2d(flat, kernel, 1, padding, count_include_pad=sums)
        result = flat.reshape(values.shape)
        return result * side**2 if sums else result


class Relight:
    """Shows pictures as one photograph in another light: its own detail, colours that change smoothly.

    photo: I, float32 (3, H, W) in [0, 1]. Of a painting p of it, every pixel of

        apply(p) = I + ā I + b̄,   (ā, b̄) = the guided filter's averaged maps from I to p − I,

    is an affine function of the photograph's colour there, so that edges stay where and as straight as they
    are, whatever p does to them. The maps are found on a small grid and enlarged (He & Sun 2015): they cost
    next to nothing at any size. Where I is too flat to tell a map, its detail is kept as it is.
    """

    def __init__(self, photo: Tensor) -> None:
        self.photo = photo
        height, width = photo.shape[1:]
        columns, rows = fit(width, height, min(_GRID, max(height, width)))
        self.size = rows, columns
        self.guide = GuidedFilter(resize(photo, self.size), max(1, round(_REACH * max(self.size))), _EDGE**2)

    def apply(self, painted: Tensor) -> Tensor:
        """The photograph in the light of `painted`, both (3, H, W); may leave [0, 1]. Differentiable."""
        maps = self.guide.averaged(resize(painted - self.photo, self.size))
        slope, offset = (
            interpolate(m.reshape(1, -1, *self.size), self.photo.shape[1:], mode="bilinear")[0] for m in maps
        )
        return self.photo + _mapped(self.photo, slope.unflatten(0, (3, 3)), offset)

    def sketch(self, wanted: Tensor) -> Tensor:
        """A painting that `apply` brings near to `wanted`, (3, H, W), which is the photograph in some light.

        `apply` evens out the light a little, so that doing it once a frame would soon make it one for all.
        Here is put in what it takes away: p ← p + (wanted − apply(p)), on the small grid.
        """
        change = resize(wanted - self.photo, self.size)
        more = change
        for _ in range(_ROUNDS):
            more = more + change - self.guide.filter(more)
        return wanted + resize(more - change, (self.photo.shape[1], self.photo.shape[2]))


def _mapped(picture: Tensor, slope: Tensor, offset: Tensor) -> Tensor:
    """aᵀ I + b at every pixel: picture (3, H, W), slope (C, 3, H, W), offset (C, H, W)."""
    return (slope * picture).sum(dim=1) + offset


class _Quadratic(torch.autograd.Function):
    """Σ V·(L V); L is symmetric, so that the gradient 2 L V comes without a second pass."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, guide: GuidedFilter) -> Tensor:
        product = guide.laplacian(values)
        ctx.save_for_backward(product)
        return (values * product).sum()

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        (product,) = ctx.saved_tensors
        return 2 * upstream * product, None


def _inverse(matrices: Tensor) -> Tensor:
    """Inverses of symmetric positive matrices (3, 3, H, W), by L D Lᵀ: no library call per pixel.

    Cofactors would be shorter, but of nearly grey pictures float32 leaves nothing of their determinants.
    """
    (a, b, c), (_, d, e), (_, _, f) = matrices.unbind(0)
    below, last = b / a, c / a
    second, beside = d - below * b, e - below * c
    side = beside / second
    third = f - last * c - side * beside
    corner = below * side - last
    ac, bc, cc = corner / third, -side / third, 1 / third
    ab, bb = -below / second - side * ac, 1 / second - side * bc
    aa = 1 / a + below * below / second + corner * ac
    return torch.stack([aa, ab, ac, ab, bb, bc, ac, bc, cc]).reshape(matrices.shape)
