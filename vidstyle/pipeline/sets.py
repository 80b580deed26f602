"""What an edit by deep feature interpolation reads beside its input, and writes beside its result."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from vidstyle.attributes.given import Given, Origin
from vidstyle.attributes.landmarks import FoundEyes, Landmarks, read_landmarks
from vidstyle.attributes.sets import PictureSet, open_set
from vidstyle.attributes.vector import load_vector
from vidstyle.errors import MediaError, OutputError, UsageError
from vidstyle.image.faces import find_eyes
from vidstyle.image.masks import check_shape, whiteness
from vidstyle.job import file_entry
from vidstyle.options import DfiOptions
from vidstyle.options.dfi import FIND
from vidstyle.options.edits import AttributeSpec, SetSpec
from vidstyle.plain import name_bytes
from vidstyle.video.clip import Clip
from vidstyle.video.formats import check_spared
from vidstyle.video.pictures import picture_suffix, read_bytes, read_picture
from vidstyle.video.sequences import PictureClip


def gather(options: DfiOptions, clip: Clip, output: Path, weights: str) -> Given:
    """Open and check what the options name; `output` is none of it. weights: the digest of those to be used.

    Raises UsageError where nothing is named, MediaError and WeightsError for files that do not fit.
    """
    origins = [_origin(options, spec, weights) for spec in options.attributes]
    if (filling := options.filling) is not None:
        origins = [Origin("edit", 1.0, (_opened(options, filling),))]
    if not origins:
        raise UsageError("say what to change: --source and --target, --attribute, --vector or --inpaint")
    for pictures in (each for origin in origins for each in origin.sets if output.exists()):
        check_spared(output, pictures.paths, overwrite=True)
    marks = _marks(options)
    return Given(
        origins,
        mask=_mask(options.mask, "--mask", clip),
        hole=_hole(options.inpaint, clip),
        marks=marks,
        landmarks=None if marks is None else _own_landmarks(marks, clip),
    )


def _origin(options: DfiOptions, spec: AttributeSpec, weights: str) -> Origin:
    if spec.vector is not None:
        return Origin(spec.name, spec.weight, vector=load_vector(Path(spec.vector), weights))
    sets = tuple(_opened(options, each) for each in (spec.source, spec.target) if each)
    return Origin(spec.name, spec.weight, sets)


def _opened(options: DfiOptions, spec: SetSpec) -> PictureSet:
    return open_set(spec.path, spec.where, options.like or "", options.neighbors)


def _mask(path: str | None, option: str, clip: Clip) -> Tensor | None:
    """float32 (1, H, W), how white a picture is; what is transparent is black."""
    if path is None:
        return None
    mask = whiteness(*read_picture(path))
    size = mask.shape[2], mask.shape[1]
    check_shape(option, Path(path), size, clip.path.name, (clip.width, clip.height))
    if not mask.any():
        raise MediaError(f"{option} {path} is black all over; what is to change is white in it")
    return mask


def _hole(path: str | None, clip: Clip) -> Tensor | None:
    mask = _mask(path, "--inpaint", clip)
    if mask is None:
        return None
    hole = mask > 0.5
    if bool(hole.all()) or not bool(hole.any()):
        raise MediaError(f"--inpaint {path} must be white where the hole is, and black elsewhere")
    return hole


def _marks(options: DfiOptions) -> Landmarks | None:
    if options.align is None:
        return None
    return FoundEyes() if options.align == FIND else read_landmarks(options.align)


def _own_landmarks(marks: Landmarks, clip: Clip) -> np.ndarray:
    """Those of the input's first frame, in sides of it."""
    first = clip.pictures[0] if isinstance(clip, PictureClip) else clip.path
    if isinstance(marks, FoundEyes):
        found = find_eyes(next(iter(clip.frames(0, 1))).pixels)
        if found is None:
            raise MediaError(f"no face with two eyes was found in {clip.path}; --align LIST gives landmarks")
    else:
        found = marks[first]
    points: np.ndarray = (found + 0.5) / (clip.width, clip.height)
    return points


def entry(given: Given, options: DfiOptions) -> dict[str, Any]:
    """What of it belongs in a job's fingerprint: contents, under names that people understand."""
    found: dict[str, Any] = {}
    vectors = {spec.name: spec.vector for spec in options.attributes}
    for origin in given.origins:
        of = f" of {origin.name}" if options.attribute else ""
        for kind, pictures in zip(("source", "target"), origin.sets, strict=False):
            found[f"the {kind} set{of}"] = _set_entry(pictures)
        if path := vectors.get(origin.name):
            found[f"the vector{of}"] = file_entry(Path(path))
        if of:
            found[f"the weight{of}"] = origin.weight
    files = {"the mask": options.mask, "the hole": options.inpaint}
    if options.align == FIND:
        found["the landmarks"] = FIND
    else:
        files["the landmarks"] = options.align
    return found | {name: file_entry(Path(path)) for name, path in files.items() if path}


def check_beside(options: DfiOptions, clip: Clip, output: Path, overwrite: bool) -> None:
    """Whether what is written beside the result can be; nothing of the user's is replaced unasked."""
    if len(options.strength) > 1 and clip.kind != "still":
        raise UsageError(f"{clip.path} has several frames, and takes one --strength")
    align = None if options.align == FIND else options.align
    named = (options.mask, options.inpaint, align, options.vector)
    vector = [Path(options.save_vector)] if options.save_vector else []
    for path in (output, *pictures_beside(output, options.strength), *vector):
        check_spared(path, [Path(name) for name in named if name], overwrite)
    if vector and not vector[0].parent.is_dir():
        raise OutputError(f"--save-vector: the folder {vector[0].parent} does not exist")


def pictures_beside(output: Path, strengths: Sequence[float]) -> list[Path]:
    """OUT_0.2 and so on for all strengths but the last, and OUT_strip; none for one strength."""
    if len(strengths) == 1:
        return []
    picture_suffix(output)
    names = [*(f"{strength:g}" for strength in strengths[:-1]), "strip"]
    return [output.with_name(f"{output.stem}_{name}{output.suffix}") for name in names]


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
