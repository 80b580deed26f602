"""What an edit is made from: what its options name, opened and checked."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from vidstyle.errors import MediaError, UsageError
from vidstyle.events import Notice, say_nothing
from vidstyle.image.masks import check_shape, whiteness
from vidstyle.job import file_entry
from vidstyle.methods.dfi.attribute import Attribute, BetweenSets, FillHole, GivenVector
from vidstyle.methods.dfi.features import SetFeatures
from vidstyle.methods.dfi.landmarks import FoundEyes, Landmarks, landmarks_of, read_landmarks
from vidstyle.methods.dfi.options import FIND, AttributeSpec, DfiOptions
from vidstyle.methods.dfi.sets import PictureSet, open_set
from vidstyle.methods.dfi.vector import AttributeVector, load_vector
from vidstyle.plain import name_bytes
from vidstyle.video.clip import Clip
from vidstyle.video.pictures import read_bytes, read_picture


@dataclass(frozen=True, eq=False)
class Origin:
    """Where one attribute comes from.

    sets: source and target; one, of which a hole's filling is learnt; none where there is a vector.
    """

    sets: tuple[PictureSet, ...] = ()
    vector: AttributeVector | None = None

    def attribute(self, features: SetFeatures, neighbors: int, certainty: float) -> Attribute:
        if self.vector is not None:
            return GivenVector(features, self.vector)
        if len(self.sets) == 1:
            return FillHole(features, self.sets[0], neighbors)
        source, target = self.sets
        return BetweenSets(features, source, target, neighbors, certainty)


@dataclass(frozen=True, eq=False)
class Given:
    """Everything that the options of an edit name.

    hole: bool (1, H, W), what is to be filled; nothing else may change. marks: landmarks of the sets'
    pictures; landmarks: those of the input, float64 (N, 2), (x, y) in sides of it.
    """

    origins: Sequence[Origin]
    hole: Tensor | None = None
    marks: Landmarks | None = None
    landmarks: np.ndarray | None = None

    @property
    def paths(self) -> list[Path]:
        """All pictures of all sets."""
        return [path for origin in self.origins for pictures in origin.sets for path in pictures.paths]


def gather(options: DfiOptions, clip: Clip, weights: str, notice: Notice = say_nothing) -> Given:
    """Open and check what the options name. weights: the digest of those to be used.

    Raises UsageError where nothing is named, MediaError and WeightsError for files that do not fit.
    """
    origins = [_origin(spec, weights, notice) for spec in options.attributes]
    if not origins:
        raise UsageError("say what to change: --source and --target, --attribute, --vector or --inpaint")
    marks = _marks(options)
    return Given(
        origins,
        hole=_hole(options.inpaint, clip),
        marks=marks,
        landmarks=None if marks is None else landmarks_of(clip, marks),
    )


def _origin(spec: AttributeSpec, weights: str, notice: Notice) -> Origin:
    if spec.vector is not None:
        return Origin(vector=load_vector(Path(spec.vector), weights))
    return Origin(tuple(open_set(each.path, each.where, notice) for each in spec.sets))


def _hole(path: str | None, clip: Clip) -> Tensor | None:
    if path is None:
        return None
    drawn = whiteness(*read_picture(path, raw=True))
    size = drawn.shape[2], drawn.shape[1]
    check_shape("--inpaint", Path(path), size, clip.path.name, (clip.width, clip.height))
    hole = drawn > 0.5
    if bool(hole.all()) or not bool(hole.any()):
        raise MediaError(f"--inpaint {path} must be white where the hole is, and black elsewhere")
    return hole


def _marks(options: DfiOptions) -> Landmarks | None:
    if options.align is None:
        return None
    return FoundEyes() if options.align == FIND else read_landmarks(options.align)


def contents(given: Given, options: DfiOptions) -> dict[str, Any]:
    """What stands for the sets in a job's fingerprint: of each the pictures that were chosen."""
    if options.inpaint:
        return {"source": _set_entry(given.origins[0].sets[0])}
    if options.source:
        (origin,) = given.origins
        return dict(zip(("source", "target"), map(_set_entry, origin.sets), strict=True))
    if not options.attribute:
        return {}
    learnt = zip(options.attributes, given.origins, strict=True)
    return {
        "attribute": {
            spec.name: dict(zip(("source", "target"), map(_set_entry, origin.sets), strict=True))
            if spec.vector is None
            else file_entry(Path(spec.vector))
            for spec, origin in learnt
        }
    }


def _set_entry(pictures: PictureSet) -> dict[str, str]:
    """A set as {"name", "digest"}: the paths from where they part, and contents, in order."""
    root = os.path.commonpath([path.parent.absolute() for path in pictures.paths])
    whole = hashlib.sha256()
    for path in pictures.paths:
        try:
            content = hashlib.sha256(read_bytes(path)).digest()
        except MediaError:  # left out and named when the set is read
            content = b""
        whole.update(name_bytes(os.path.relpath(path.absolute(), root)) + b"\0" + content)
    return {"name": Path(pictures.name).name, "digest": whole.hexdigest()}
