"""Where a flow can be trusted: forward-backward consistency (Ruder, Dosovitskiy, Brox 2016, section 3)."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch

from vidstyle.image.convert import reduce_to_uint8
from vidstyle.image.warp import in_frame, warp

CERTAIN = 255
UNCERTAIN = 0  # out of frame, or a motion boundary
DISOCCLUDED = -255


HALF_A_PIXEL = 0.5
# What does not hold a disc of this size is an island.
_ISLAND = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))


def consistency(flow: np.ndarray, reverse: np.ndarray, margin: float = 0.0) -> np.ndarray:
    """Judge a flow by its reverse, pixel by pixel.

    flow: float32 (2, H, W), (dx, dy) in pixels, the flow f that is judged.
    reverse: float32 (2, H, W), the flow b of the opposite direction.
    margin: how many pixels past the outermost pixel centres still count as in frame.

    Returns int16 (H, W). With b̃(x) = b(x + f(x)), sampled bilinearly, the first of these that holds:
        UNCERTAIN    x + f(x) is out of frame;
        DISOCCLUDED  |f + b̃|² ≥ 0.01 (|f|² + |b̃|²) + 0.5;
        UNCERTAIN    |∇u|² + |∇v|² > 0.01 |f|² + 0.002: a motion boundary;
        CERTAIN      otherwise.
    Vectors that are not a number are never CERTAIN.
    """
    if flow.ndim != 3 or flow.shape[0] != 2 or flow.shape != reverse.shape:
        raise ValueError(f"flow and reverse must both be (2, H, W), not {flow.shape} and {reverse.shape}")
    vectors = torch.from_numpy(np.array(flow, np.float32))
    inside = in_frame(vectors, flow.shape[1:], margin)[0].numpy()
    back = warp(torch.from_numpy(np.array(reverse, np.float32)), vectors).numpy()
    with np.errstate(invalid="ignore", over="ignore"):
        length = _squares(flow)
        # Asked this way round, because every comparison with "not a number" is false.
        consistent = _squares(flow + back) < 0.01 * (length + _squares(back)) + 0.5
    marks = np.where(motion_boundaries(flow), UNCERTAIN, CERTAIN)
    marks[~consistent] = DISOCCLUDED
    marks[~inside] = UNCERTAIN
    return marks.astype(np.int16)


def reliability_8bit(flow: np.ndarray, reverse: np.ndarray, margin: float = 0.0) -> np.ndarray:
    """The mask of the released program: the marks of `consistency`, smoothed (Gaussian, σ 0.8, radius 2).

    flow, reverse, margin: as for `consistency`.

    Returns uint8 (H, W), 0..254: clipped to 0..255, then truncated. The smoothed value of a region that is
    certain falls just short of 255, so that it is stored as 254.
    """
    marks = consistency(flow, reverse, margin).astype(np.float32)
    smoothed = cv2.GaussianBlur(marks, (5, 5), 0.8, borderType=cv2.BORDER_REFLECT)
    return np.asarray(np.clip(smoothed, 0, 254).astype(np.uint8))


def reliability(flow: np.ndarray, reverse: np.ndarray) -> np.ndarray:
    """How far a flow can be trusted, float32 (1, H, W) in [0, 1]: the weight of the temporal loss.

    flow, reverse: as for `consistency`. It is `reliability_8bit` / 254, so that what is certain weighs
    exactly 1, and a mask stored with 8 bits gives the same weight again.

    Unlike the released program it lets vectors end up to half a pixel outside, where the border pixel still
    reaches. An estimate of no motion is never exactly zero, so that a picture which stands still would lose
    half of its outermost pixels, and they would flicker.
    """
    return reliability_8bit(flow, reverse, HALF_A_PIXEL)[None].astype(np.float32) / 254


def agreement(target: np.ndarray, source: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """How far two frames look alike along a flow, float32 (1, H, W) in [0, 1].

    target, source: uint8 or uint16 (3, H, W); vectors: float32 (2, H, W), on the target's grid.

    exp(−α d²) of the difference d of colours in [0, 1] (as Lai et al. 2018 weigh pixels, with α = 50), here
    of the mean of d² around a pixel and with α = 100; and 0 in what then is left of islands. Over several
    frames forward and backward flow meet by chance here and there, on a surface that is not the same.
    """
    one, other = (torch.from_numpy(reduce_to_uint8(pixels)).float() / 255 for pixels in (target, source))
    return alike((one - warp(other, torch.from_numpy(vectors))).square().mean(dim=0).numpy())[None]


def alike(squares: np.ndarray) -> np.ndarray:
    """`agreement` by d² of each pixel: float32 (H, W), as what it returns."""
    weight = np.exp(-100 * cv2.GaussianBlur(squares, (0, 0), 1.5, borderType=cv2.BORDER_REFLECT))
    solid = cv2.morphologyEx((weight > 0.5).astype(np.uint8), cv2.MORPH_OPEN, _ISLAND)
    return np.asarray(weight * solid, np.float32)


def long_term(weights: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Each pixel is held by the nearest frame that sees it: weights of several earlier frames made one.

    weights: float32 (1, H, W) in [0, 1] each, of the earlier frames, nearest first.

    Returns c_long^(j) = max(c^(j) − Σ_k<j c^(k), 0), likewise (Ruder, Dosovitskiy & Brox 2016, eq. 9). As in
    the paper, and unlike in the released program, the c^(k) subtracted are the original ones.
    """
    held = np.zeros_like(weights[0]) if weights else None
    result = []
    for weight in weights:
        result.append(np.maximum(weight - held, 0))
        held = held + weight
    return result


def cautious(weight: np.ndarray, dilate: int = 0, soften: int = 0) -> np.ndarray:
    """A weight that trusts less around what it does not trust (less than one half).

    weight: float32 (1, H, W) in [0, 1].
    dilate: pixels by which the untrusted area grows, in all directions; there the weight is 0.
    soften: pixels over which the weight then rises again, as a straight ramp.

    Returns float32 (1, H, W), nowhere above `weight`, which comes back as it is where both are 0.
    """
    if dilate == soften == 0:
        return weight
    trusted = (weight[0] >= 0.5).astype(np.uint8)
    if trusted.all():  # there is no distance to measure
        return weight
    distance = cv2.distanceTransform(trusted, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    ramp = np.clip((distance - dilate) / (soften + 1), 0, 1).astype(np.float32)
    return np.minimum(weight, ramp[None])


def motion_boundaries(flow: np.ndarray) -> np.ndarray:
    """Where a flow changes abruptly, bool (H, W): not |∇u|² + |∇v|² ≤ 0.01 |f|² + 0.002.

    flow: as for `consistency`.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        # Asked this way round, because every comparison with "not a number" is false.
        return np.asarray(~(_squares(*_gradients(flow)) <= 0.01 * _squares(flow) + 0.002))


def _squares(*fields: np.ndarray) -> np.ndarray:
    """Sum over components and fields of the squares, (H, W)."""
    return np.asarray(sum(np.square(field).sum(0) for field in fields))


def _gradients(flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Central differences [-½ 0 ½] along x and y, each (2, H, W), the border mirrored."""
    padded = np.pad(flow, ((0, 0), (1, 1), (1, 1)), mode="symmetric")
    return (padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]) / 2, (padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]) / 2
