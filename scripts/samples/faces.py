"""A family of drawn faces with attributes that are known: the truth for edits by deep feature interpolation."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vidstyle.video.pictures import write_picture

KINDS = {"plain": (-0.7, False), "smile": (0.9, False), "glasses": (-0.7, True)}
"""Smile and glasses of the sets that `make_faces` draws."""
_SOFT = 0.012  # width of an edge, in sides of the picture
_SKINS = ((0.98, 0.85, 0.72), (0.89, 0.70, 0.55), (0.72, 0.51, 0.37), (0.50, 0.34, 0.24))
_HAIRS = ((0.15, 0.10, 0.08), (0.42, 0.25, 0.12), (0.80, 0.62, 0.30), (0.55, 0.52, 0.50))
_GLASSES = (0.06, 0.06, 0.08)
_LIPS = (0.68, 0.16, 0.18)


@dataclass(frozen=True)
class Face:
    """One face; lengths in sides of the picture, y downwards.

    smile: -1 (corners down) to 1 (corners up). glasses: worn or not. The rest is who it is.
    """

    smile: float
    glasses: bool
    centre: tuple[float, float]
    radii: tuple[float, float]
    tilt: float
    skin: tuple[float, float, float]
    hair: tuple[float, float, float]
    ground: tuple[tuple[float, float, float], tuple[float, float, float]]
    eyes: float
    mouth: float
    grain: int

    @property
    def landmarks(self) -> np.ndarray:
        """Left eye, right eye and mouth, float64 (3, 2), (x, y) in sides of the picture."""
        cos, sin = np.cos(self.tilt), np.sin(self.tilt)
        (cx, cy), (rx, ry) = self.centre, self.radii
        own = np.array([(-self.eyes * rx, -0.15 * ry), (self.eyes * rx, -0.15 * ry), (0, 0.45 * ry)])
        return np.stack([cx + cos * own[:, 0] - sin * own[:, 1], cy + sin * own[:, 0] + cos * own[:, 1]], 1)


def random_face(rng: np.random.Generator, smile: float = 0.0, glasses: bool = False) -> Face:
    """A face of nobody, with the attributes asked for."""
    skin, hair = _SKINS[rng.integers(len(_SKINS))], _HAIRS[rng.integers(len(_HAIRS))]
    return Face(
        smile=smile,
        glasses=glasses,
        centre=(0.5 + rng.uniform(-0.02, 0.02), 0.53 + rng.uniform(-0.02, 0.02)),
        radii=(0.29 + rng.uniform(-0.02, 0.02), 0.37 + rng.uniform(-0.02, 0.02)),
        tilt=rng.uniform(-0.06, 0.06),
        skin=_varied(rng, skin),
        hair=_varied(rng, hair),
        ground=(tuple(rng.uniform(0.2, 0.9, 3)), tuple(rng.uniform(0.2, 0.9, 3))),
        eyes=0.42 + rng.uniform(-0.03, 0.03),
        mouth=0.42 + rng.uniform(-0.04, 0.04),
        grain=int(rng.integers(2**31)),
    )


def with_attributes(face: Face, smile: float | None = None, glasses: bool | None = None) -> Face:
    """The same person with other attributes."""
    return replace(
        face,
        smile=face.smile if smile is None else smile,
        glasses=face.glasses if glasses is None else glasses,
    )


def moving(face: Face, count: int) -> list[Face]:
    """The same face in `count` frames, swaying and nodding, on a film with grain of its own in each."""
    frames = []
    for number in range(count):
        turn = 2 * np.pi * number / 12
        centre = face.centre[0] + 0.05 * np.sin(turn / 1.5), face.centre[1] + 0.02 * np.cos(turn)
        tilt = face.tilt + 0.08 * float(np.sin(turn))
        frames.append(replace(face, centre=centre, tilt=tilt, grain=face.grain + number))
    return frames


def draw(face: Face, size: int = 96) -> np.ndarray:
    """The face as a picture, uint8 (3, size, size) sRGB."""
    line = (np.arange(size) + 0.5) / size
    across, down = np.meshgrid(line, line)
    cos, sin = np.cos(face.tilt), np.sin(face.tilt)
    x, y = across - face.centre[0], down - face.centre[1]
    # In the face's own frame, radii as units.
    x, y = (cos * x + sin * y) / face.radii[0], (cos * y - sin * x) / face.radii[1]
    start, end = (np.array(colour)[:, None, None] for colour in face.ground)
    picture = start + (end - start) * (0.6 * down + 0.4 * across)
    unit = float(np.mean(face.radii))

    def paint(colour: tuple[float, float, float], distance: np.ndarray, share: float = 1.0) -> None:
        nonlocal picture
        cover = share * np.clip(0.5 - distance * unit / _SOFT, 0, 1)
        picture = picture + cover * (np.array(colour)[:, None, None] - picture)

    paint(face.hair, _ellipse(x, y + 0.12, 1.12, 1.08))
    paint(face.skin, _ellipse(x, y, 0.95, 1.0))
    paint(face.hair, np.maximum(_ellipse(x, y, 0.97, 1.02), y + 0.52))
    paint((0.9, 0.45, 0.40), _ellipse(abs(x) - 0.55, y - 0.30, 0.16, 0.12), 0.25)
    for side in (-1, 1):
        paint((0.97, 0.97, 0.97), _ellipse(x - side * face.eyes, y + 0.15, 0.17, 0.09))
        paint((0.12, 0.18, 0.25), _ellipse(x - side * face.eyes, y + 0.15, 0.075, 0.075))
        paint(face.hair, _ellipse(x - side * face.eyes, y + 0.36, 0.20, 0.035))
    paint(tuple(0.8 * np.array(face.skin)), _ellipse(x, y - 0.1, 0.06, 0.16))
    bend = face.smile * 0.22 * (0.4 - (x / face.mouth) ** 2)
    paint(_LIPS, np.maximum(abs(y - 0.45 - bend) - 0.055, abs(x) - face.mouth))
    if face.glasses:
        for side in (-1, 1):
            paint(_GLASSES, abs(_ellipse(x - side * face.eyes, y + 0.15, 0.30, 0.22)) - 0.035)
        paint(_GLASSES, np.maximum(abs(y + 0.17) - 0.035, abs(x) - face.eyes + 0.28))
    grain = np.random.default_rng(face.grain).normal(0, 0.012, (1, size, size))
    return np.clip(np.rint(255 * (picture + grain)), 0, 255).astype(np.uint8)


def make_faces(
    folder: Path, count: int, size: int, seed: int, inputs: Sequence[str] = ("input.png",)
) -> list[Face]:
    """Draw a folder of faces for each of `KINDS`, and plain ones that are in none, which are returned.

    In attributes.csv are the attributes of those in the folders, in landmarks.csv eyes and mouths of all, in
    pixels. inputs: the names of the plain ones.
    """
    rng = np.random.default_rng(seed)
    names = {kind: [f"{kind}/{kind}{number:04d}.png" for number in range(count)] for kind in KINDS}
    faces = {name: random_face(rng, *KINDS[kind]) for kind, each in names.items() for name in each}
    people = {name: random_face(rng, *KINDS["plain"]) for name in inputs}
    marks: list[Sequence[object]] = [("path", "x1", "y1", "x2", "y2", "x3", "y3")]
    for name, face in (faces | people).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_picture(folder / name, draw(face, size))
        marks.append((name, *(round(float(place), 2) for place in (face.landmarks * size - 0.5).flat)))
    own = [(name, *(int(kind == other) for other in KINDS)) for kind, each in names.items() for name in each]
    _write_list(folder / "attributes.csv", [("path", *KINDS), *own])
    _write_list(folder / "landmarks.csv", marks)
    return list(people.values())


def _write_list(path: Path, rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def _varied(rng: np.random.Generator, colour: tuple[float, float, float]) -> tuple[float, float, float]:
    red, green, blue = np.clip(np.array(colour) * rng.uniform(0.9, 1.1) + rng.uniform(-0.03, 0.03, 3), 0, 1)
    return float(red), float(green), float(blue)


def _ellipse(x: np.ndarray, y: np.ndarray, rx: float, ry: float) -> np.ndarray:
    """About how far (x, y) lies outside an ellipse round the origin; negative inside."""
    return (np.hypot(x / rx, y / ry) - 1) * min(rx, ry)
