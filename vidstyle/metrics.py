"""Measures: how steady a painted clip is, how good a flow is. Pure functions on tensors.

No temporal measure means anything alone: returning the input unchanged scores perfectly. State the style loss
beside it, and the input's own warping error under the same flow, which is the floor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from vidstyle.image.warp import warp

Normalisation = Literal["lai", "ruder"]


def warping_error(
    current: Tensor, following: Tensor, vectors: Tensor, mask: Tensor, normalisation: Normalisation = "lai"
) -> float:
    """How much a clip changes along the motion of its input: E = Σ M |O_t − warp(O_t+1)|² / n.

    current, following: float32 (C, H, W) in [0, 1], the painted frames O_t and O_t+1.
    vectors: float32 (2, H, W), (dx, dy) in pixels, on the grid of O_t: where its pixels are in O_t+1,
        estimated from the *input* clip.
    mask: bool or float (1, H, W) in [0, 1], M: where those vectors can be trusted.
    normalisation: lai, n = C Σ M (Lai et al. 2018); ruder, n = C H W (Ruder et al. 2016).

    Returns not-a-number under lai where M is zero everywhere: nothing can be compared.
    """
    return mean_change(change_map(current, following, vectors, mask), mask, normalisation)


def change_map(current: Tensor, following: Tensor, vectors: Tensor, mask: Tensor) -> Tensor:
    """Where a clip changes along the motion of its input: M |O_t − warp(O_t+1)|², the mean over channels.

    The arguments are those of `warping_error`. Returns float64 (1, H, W).
    """
    if current.shape != following.shape or mask.shape != (1, *current.shape[1:]):
        raise ValueError(
            f"the frames must have one shape and the mask their size, not {tuple(current.shape)}, "
            f"{tuple(following.shape)} and {tuple(mask.shape)}"
        )
    squares = (current - warp(following, vectors)).double().square()
    return mask.double() * squares.mean(dim=0, keepdim=True)


def mean_change(change: Tensor, mask: Tensor, normalisation: Normalisation = "lai") -> float:
    """`warping_error` from what `change_map` returned for the same mask."""
    if normalisation not in get_args(Normalisation):
        raise ValueError(f"normalisation must be lai or ruder, not {normalisation!r}")
    pixels = mask.double().sum().item() if normalisation == "lai" else mask.numel()
    return change.sum().item() / pixels if pixels else math.nan


def normalised_by_contrast(error: float, energy: float) -> float:
    """The warping error with a clip's contrast divided out: E / G, not a published measure.

    E grows with the square of the contrast, as G does: where strokes slide by d pixels along a slope s,
    E = d² s² and G = s². The quotient is then d², however strong the strokes are.

    error: E, `warping_error` under lai, of a pair or as a sum or mean over pairs, full scale 1.
    energy: G, `gradient_energy` of O_t over the mask of each pair, summed or averaged over the same pairs.
        Give the sums of a clip, not the quotients of its pairs: a frame nearly plain has hardly any G, and
        its quotient would outweigh all others.

    Returns the quotient, 0 or more; not-a-number where G is 0, as for a clip of one colour.
    """
    return error / energy if energy else math.nan


@dataclass(frozen=True, slots=True)
class EndpointError:
    """How far off a flow is.

    mean: mean |f − f*| in pixels.
    over_1, over_3, over_5: share of pixels, 0 to 1, that are further off than 1, 3 and 5 pixels.
    """

    mean: float
    over_1: float
    over_3: float
    over_5: float


def endpoint_error(vectors: Tensor, truth: Tensor, mask: Tensor | None = None) -> EndpointError:
    """How far a flow f is from the true flow f*, over the pixels of a mask.

    vectors, truth: float32 (2, H, W), (dx, dy) in pixels.
    mask: bool (1, H, W), the pixels that count; all where None. Not-a-number where it is empty.
    """
    if vectors.shape != truth.shape:
        raise ValueError(
            f"the flows must have one shape, not {tuple(vectors.shape)} and {tuple(truth.shape)}"
        )
    distance = (vectors - truth).double().square().sum(0, keepdim=True).sqrt()
    distance = distance.flatten() if mask is None else distance[mask.bool()]
    return EndpointError(
        distance.mean().item(), *((distance > limit).double().mean().item() for limit in (1, 3, 5))
    )


def occlusion_f1(predicted: Tensor, truth: Tensor, ignore: Tensor | None = None) -> float:
    """F1 = 2 TP / (2 TP + FP + FN) of an occlusion mask, in [0, 1]; 1 where there is nothing to find.

    predicted, truth: bool, of one shape, True where the other frame does not show the surface.
    ignore: bool of that shape, pixels that do not count, such as motion boundaries.
    """
    counted = torch.ones_like(truth) if ignore is None else ~ignore
    hits = (predicted & truth & counted).sum().item()
    misses = ((predicted ^ truth) & counted).sum().item()
    return 2 * hits / (2 * hits + misses) if hits or misses else 1.0


def psnr(image: Tensor, reference: Tensor) -> float:
    """Peak signal-to-noise ratio, −10 log10(mean squared difference), in dB; infinite for equal pictures.

    image, reference: float32 of one shape, in [0, 1].
    """
    if image.shape != reference.shape:
        raise ValueError(
            f"the pictures must have one shape, not {tuple(image.shape)} and {tuple(reference.shape)}"
        )
    error = (image - reference).double().square().mean().item()
    return -10 * math.log10(error) if error else math.inf


def gradient_energy(image: Tensor, mask: Tensor | None = None) -> float:
    """How sharp a picture is: the mean squared difference between neighbouring pixels, down and across.

    G = Σ M_i,j M_i+1,j |x_i+1,j − x_i,j|² / (C Σ M_i,j M_i+1,j), and the same across, added.

    image: float32 (C, H, W) in [0, 1], x. A blurred picture has less; 0 for a plain one or a single pixel.
    mask: bool or float (1, H, W) in [0, 1], M: the pixels that count; all where None. As both neighbours have
        to count, nothing outside the mask has a say. 0 where no two neighbours do.

    Raises ValueError where the mask has another size.
    """
    if mask is None:
        mask = image.new_ones(1, *image.shape[1:])
    if mask.shape != (1, *image.shape[1:]):
        raise ValueError(
            f"the mask must have the size of the picture, not {tuple(mask.shape)} for {tuple(image.shape)}"
        )
    return sum(_mean_square_step(image, mask.double(), axis) for axis in (1, 2))


def _mean_square_step(image: Tensor, weights: Tensor, axis: int) -> float:
    """Mean squared difference between neighbours along an axis, weighted by the product of their weights."""
    steps = image.shape[axis] - 1
    both = weights.narrow(axis, 0, steps) * weights.narrow(axis, 1, steps)
    squares = image.diff(dim=axis).double().square().mean(dim=0, keepdim=True)
    total = both.sum().item()
    return (both * squares).sum().item() / total if total else 0.0
