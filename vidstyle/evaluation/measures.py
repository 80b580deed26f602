"""What an evaluation found: plain dataclasses that turn into JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

INTERVALS = (1, 10)
"""Frames from the first to the second of a pair: flicker shows at 1, slow changes have added up at 10."""


CONTRAST = "contrast"
"""The warping error of lai over the gradient energy; see `vidstyle.metrics.normalised_by_contrast`."""


def error_name(normalisation: str, interval: int) -> str:
    """The name of a warping error: lai_1, ruder_10, contrast_1."""
    return f"{normalisation}_{interval}"


@dataclass(frozen=True, kw_only=True)
class Frames:
    """One value per frame that was compared; None where there is none.

    warping_error: by `error_name`; the value at frame t is that of the pair t and t + interval, None where
        the clip ends before, a cut lies between them, or nothing can be compared; by contrast also where
        frame t is plain.
    trusted_gradient_energy: of frame t over the pixels trusted in that pair, by which lai_1 was divided for
        contrast_1, and lai_10 for contrast_10, under whose names it is; None where the pair has no lai.
    style_loss: None without style pictures. content_loss: 0 for the original.
    mean_colour: [red, green, blue], each in [0, 1]. gradient_energy: see `vidstyle.metrics`.
    """

    warping_error: dict[str, list[float | None]]
    trusted_gradient_energy: dict[str, list[float | None]]
    style_loss: list[float | None]
    content_loss: list[float]
    mean_colour: list[list[float]]
    gradient_energy: list[float]


@dataclass(frozen=True, kw_only=True)
class Drift:
    """What changed from the first to the last frame of the shot of frames [start, stop).

    brightness, colour: of the mean colour: its luma, with its sign, and its distance (the root of the mean
        square over R, G and B); full scale is 1.
    sharpness: of the gradient energy, as a share of the first frame's: −0.1 is a tenth less. None where the
        first frame is plain.
    """

    start: int
    stop: int
    brightness: float
    colour: float
    sharpness: float | None


@dataclass(frozen=True, kw_only=True)
class Spectrum:
    """Power of the brightness changes along the motion; see `vidstyle.flicker.FlickerSpectrum`.

    frequencies: in Hz, from 0 to half the frame rate. power: full scale is 1.
    """

    frequencies: list[float]
    power: list[float]


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Means over the clip; None where nothing can be measured.

    warping_error, ratio: by `error_name`; ratio is the clip's error divided by the original's, its floor.
        By contrast an error is the mean of lai divided by `trusted_gradient_energy`, so that a frame
        nearly plain weighs little; it is not the mean of the quotients. None where every frame is plain.
    trusted_gradient_energy: the mean over the pairs of that in `Frames`.
    brightness_drift, colour_drift, sharpness_drift: the mean over the shots of `Drift`.
    flicker: root mean square of the brightness changes at a quarter of the frame rate and above, where full
        scale is 1.
    """

    warping_error: dict[str, float | None]
    trusted_gradient_energy: dict[str, float | None]
    ratio: dict[str, float | None]
    style_loss: float | None
    content_loss: float | None
    gradient_energy: float
    brightness_drift: float | None
    colour_drift: float | None
    sharpness_drift: float | None
    flicker: float | None


@dataclass(frozen=True, slots=True, eq=False)
class PairPictures:
    """A pair of frames to look at, perhaps scaled down.

    original, first, second: uint8 (3, H, W): the original's frame t, the clip's frames t and t + 1.
    change: float32 (H, W), the root of `vidstyle.metrics.change_map`; not-a-number where the mask is 0.
    """

    original: np.ndarray
    first: np.ndarray
    second: np.ndarray
    change: np.ndarray


@dataclass(frozen=True, kw_only=True)
class WorstPair:
    """Frames t and t + 1 with a large warping error (lai_1). pictures: not part of the JSON."""

    frame: int
    warping_error: float
    pictures: PairPictures | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class ClipMeasures:
    """All that was measured of one clip. worst: the largest warping error first; none of the original."""

    path: str
    totals: Totals
    frames: Frames
    shots: list[Drift]
    spectrum: Spectrum | None
    worst: list[WorstPair]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Painted clips beside the clip they were made from.

    start, stop: the frames of the original that were compared; every index is one of the original's.
    width, height: in pixels, at which they were compared. frame_rate: per second; None for stills.
    shots: the first frame of each shot.
    style_layers, content_layers: of the network that `features` names. styles: paths of the style pictures.
    """

    original: ClipMeasures
    stylized: list[ClipMeasures]
    start: int
    stop: int
    width: int
    height: int
    frame_rate: float | None
    shots: list[int]
    flow: str
    features: str
    style_layers: list[str]
    content_layers: list[str]
    styles: list[str]

    @property
    def clips(self) -> list[ClipMeasures]:
        """The original, then the painted clips."""
        return [self.original, *self.stylized]

    @property
    def names(self) -> list[str]:
        """Short names of `clips`: "original", then file names, or whole paths where two are the same."""
        paths = [Path(clip.path) for clip in self.stylized]
        names = [path.name for path in paths]
        if len(set(names)) < len(names):
            names = [str(path) for path in paths]
        return ["original", *names]

    def to_json(self) -> dict[str, Any]:
        """What `json.dumps` takes; without the pictures of the worst pairs."""
        values = asdict(self)
        for clip in (values["original"], *values["stylized"]):
            for pair in clip["worst"]:
                del pair["pictures"]
        return values


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of those that are there; None without any."""
    there = [value for value in values if value is not None and not math.isnan(value)]
    return fmean(there) if there else None
