"""Collects the measures of one clip as its frames pass by."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from typing import get_args

import torch
from torch import Tensor

from vidstyle.evaluation.measures import (
    CONTRAST,
    INTERVALS,
    ClipMeasures,
    Drift,
    Frames,
    PairPictures,
    Spectrum,
    Totals,
    WorstPair,
    error_name,
    mean,
)
from vidstyle.flicker import LENGTH, FlickerSpectrum, mean_square
from vidstyle.image.colour import luminance
from vidstyle.image.convert import to_uint8
from vidstyle.image.resize import fit, resize
from vidstyle.metrics import Normalisation, change_map, gradient_energy, mean_change, normalised_by_contrast

NORMALISATIONS: tuple[Normalisation, ...] = get_args(Normalisation)
ERRORS = tuple(error_name(name, interval) for interval in INTERVALS for name in NORMALISATIONS)
BY_CONTRAST = tuple(error_name(CONTRAST, interval) for interval in INTERVALS)
RANKED_BY = error_name("lai", 1)
_SHOWN_LONGEST = 480  # pixels, of the pictures that are kept to look at
_FAST = LENGTH // 4  # the band from which a change counts as flicker: a quarter of the frame rate


class Meter:
    """One clip's measures. Keeps a few numbers per frame, and the pictures of the `keep` worst pairs.

    start: the index of the first frame.
    """

    def __init__(self, path: str, start: int, keep: int) -> None:
        self.path, self.start, self.keep = path, start, keep
        self.frames = Frames(
            warping_error={name: [] for name in ERRORS + BY_CONTRAST},
            trusted_gradient_energy={name: [] for name in BY_CONTRAST},
            style_loss=[],
            content_loss=[],
            mean_colour=[],
            gradient_energy=[],
        )
        self._shots: list[Drift] = []
        self._shot_start = 0  # counted from `start`
        self._flicker = FlickerSpectrum()
        self._worst: list[tuple[float, int, WorstPair]] = []

    def add_frame(self, image: Tensor, style_loss: float | None, content_loss: float) -> None:
        """The next frame, float32 (3, H, W) in [0, 1]."""
        for measures in (self.frames.warping_error, self.frames.trusted_gradient_energy):
            for values in measures.values():
                values.append(None)
        self.frames.style_loss.append(style_loss)
        self.frames.content_loss.append(content_loss)
        self.frames.mean_colour.append(image.double().mean(dim=(1, 2)).tolist())
        self.frames.gradient_energy.append(gradient_energy(image))

    def add_pair(
        self, interval: int, first: Tensor, second: Tensor, vectors: Tensor, mask: Tensor, original: Tensor
    ) -> None:
        """The frame added last, `second`, and the one `interval` frames before it, in the same shot.

        vectors, mask: as for `vidstyle.metrics.warping_error`. original: what `first` was made from.
        """
        at = len(self.frames.gradient_energy) - 1 - interval
        change = change_map(first, second, vectors, mask)
        for name in NORMALISATIONS:
            error = mean_change(change, mask, name)
            self.frames.warping_error[error_name(name, interval)][at] = _known(error)
        self._divide_by_contrast(interval, at, first, mask)
        if interval == 1:
            self._flicker.add(first, second, vectors, mask)
            self._rank(at, first, second, change, mask, original)

    def end_shot(self) -> None:
        """A cut follows the frame added last, or the end of the clip."""
        self._flicker.end_shot()
        stop = len(self.frames.gradient_energy)
        if stop - self._shot_start > 1:
            self._shots.append(self._drift(self._shot_start, stop))
        self._shot_start = stop

    def result(self, frame_rate: float | None, floor: Mapping[str, float | None] | None) -> ClipMeasures:
        """All of it. floor: the original's warping errors; None where this is the original."""
        power = self._flicker.power
        energies = {name: mean(values) for name, values in self.frames.trusted_gradient_energy.items()}
        errors = self._mean_errors(energies)
        lowest = errors if floor is None else floor
        totals = Totals(
            warping_error=errors,
            trusted_gradient_energy=energies,
            ratio={name: _ratio(errors[name], lowest[name]) for name in errors},
            style_loss=mean(self.frames.style_loss),
            content_loss=mean(self.frames.content_loss),
            gradient_energy=mean(self.frames.gradient_energy) or 0.0,
            brightness_drift=mean(shot.brightness for shot in self._shots),
            colour_drift=mean(shot.colour for shot in self._shots),
            sharpness_drift=mean(shot.sharpness for shot in self._shots),
            flicker=None if power is None else math.sqrt(mean_square(power, _FAST)),
        )
        spectrum = None
        if power is not None and frame_rate is not None:
            bands = [frame_rate * band / LENGTH for band in range(len(power))]
            spectrum = Spectrum(frequencies=bands, power=power)
        worst = [pair for _, _, pair in sorted(self._worst, key=lambda item: item[:2], reverse=True)]
        return ClipMeasures(
            path=self.path,
            totals=totals,
            frames=self.frames,
            shots=self._shots,
            spectrum=spectrum,
            worst=worst,
        )

    def _divide_by_contrast(self, interval: int, at: int, first: Tensor, mask: Tensor) -> None:
        error = self.frames.warping_error[error_name("lai", interval)][at]
        if error is not None:
            name = error_name(CONTRAST, interval)
            energy = gradient_energy(first, mask)
            self.frames.trusted_gradient_energy[name][at] = energy
            self.frames.warping_error[name][at] = _by_contrast(error, energy)

    def _mean_errors(self, energies: Mapping[str, float | None]) -> dict[str, float | None]:
        """The warping errors of the whole clip. energies: its mean trusted gradient energies."""
        errors = {name: mean(self.frames.warping_error[name]) for name in ERRORS}
        for interval in INTERVALS:
            name = error_name(CONTRAST, interval)
            errors[name] = _by_contrast(errors[error_name("lai", interval)], energies[name])
        return errors

    def _rank(
        self, at: int, first: Tensor, second: Tensor, change: Tensor, mask: Tensor, original: Tensor
    ) -> None:
        """Keep the pair if it is among the worst so far; of two equal ones, the earlier."""
        error = self.frames.warping_error[RANKED_BY][at]
        if error is None or not self.keep:
            return
        rank = error, -at
        if len(self._worst) == self.keep and rank < self._worst[0][:2]:
            return
        pictures = _pictures(original, first, second, change, mask)
        entry = (*rank, WorstPair(frame=self.start + at, warping_error=error, pictures=pictures))
        if len(self._worst) < self.keep:
            heapq.heappush(self._worst, entry)
        else:
            heapq.heapreplace(self._worst, entry)

    def _drift(self, start: int, stop: int) -> Drift:
        first, last = (torch.tensor(self.frames.mean_colour[at]) for at in (start, stop - 1))
        change = (last - first).view(3, 1, 1)
        before, after = (self.frames.gradient_energy[at] for at in (start, stop - 1))
        return Drift(
            start=self.start + start,
            stop=self.start + stop,
            brightness=float(luminance(change)[0]),
            colour=float(change.square().mean().sqrt()),
            sharpness=after / before - 1 if before else None,
        )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _by_contrast(error: float | None, energy: float | None) -> float | None:
    """`normalised_by_contrast`; None where nothing can be compared."""
    return None if error is None or energy is None else _known(normalised_by_contrast(error, energy))


def _ratio(error: float | None, floor: float | None) -> float | None:
    """How many times the floor; 1 for what equals a floor of 0."""
    if error is None or floor is None:
        return None
    if error == floor:
        return 1.0
    return error / floor if floor else None


def _pictures(original: Tensor, first: Tensor, second: Tensor, change: Tensor, mask: Tensor) -> PairPictures:
    height, width = first.shape[1:]
    columns, rows = fit(width, height, min(max(height, width), _SHOWN_LONGEST))
    size = rows, columns
    shown, before, after = (to_uint8(resize(image, size)) for image in (original, first, second))
    distance = resize(change.float(), size)[0].sqrt()
    distance[resize(mask.float(), size)[0] < 0.5] = math.nan
    return PairPictures(shown, before, after, distance.numpy())
