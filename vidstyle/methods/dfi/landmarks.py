"""Landmarks of pictures: from a list that the user made, or eyes that are found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from vidstyle.errors import MediaError
from vidstyle.image.faces import check_detectors, find_eyes
from vidstyle.methods.dfi.sets import read_rows
from vidstyle.video.clip import Clip
from vidstyle.video.pictures import read_picture
from vidstyle.video.sequences import PictureClip


class Landmarks(Protocol):
    """Landmarks by picture. how: what they are, where the user should know that they were found."""

    how: str

    def __getitem__(self, picture: Path) -> np.ndarray:
        """float64 (N, 2), (x, y) in pixels of that picture. Raises MediaError where it has none."""
        ...


class FoundEyes:
    """The two eyes of the face in a picture; each picture is looked at once.

    Raises UsageError where there is nothing to find them with.
    """

    how = "their eyes, as far as they are found"

    def __init__(self) -> None:
        check_detectors()
        self._found: dict[Path, np.ndarray | None] = {}

    def __getitem__(self, picture: Path) -> np.ndarray:
        if picture not in self._found:
            self._found[picture] = find_eyes(read_picture(picture)[0])
        found = self._found[picture]
        if found is None:
            raise MediaError(f"{picture}: no face with two eyes was found")
        return found


class ListedLandmarks:
    """Landmarks that a list gives.

    table: by name as the list has it; a picture is looked up by its path, from the list's folder and as it
    is, then by its file's name.
    """

    how = ""

    def __init__(self, name: str, table: Mapping[str, np.ndarray]) -> None:
        self.name, self._folder = name, Path(name).parent.absolute()
        self._table = {Path(key).as_posix(): points for key, points in table.items()}

    def __getitem__(self, picture: Path) -> np.ndarray:
        """Raises MediaError for a picture that the list does not have."""
        keys = [picture.as_posix(), picture.absolute().as_posix(), picture.name]
        if picture.absolute().is_relative_to(self._folder):
            keys.insert(0, picture.absolute().relative_to(self._folder).as_posix())
        for key in keys:
            if key in self._table:
                return self._table[key]
        raise MediaError(f"{picture} has no landmarks in {self.name}")


def read_landmarks(path: Path | str) -> ListedLandmarks:
    """A .csv or .jsonl list: a picture in the first column, then x1, y1, x2, y2, ...; two points or more.

    Raises MediaError where a row is not that, or has another number of points than the first.
    """
    path = Path(path)
    table: dict[str, np.ndarray] = {}
    count = 0
    for number, row in enumerate(read_rows(path), start=1):
        name, *values = row.values()
        try:
            points = np.array([float(value) for value in values]).reshape(-1, 2)
        except (TypeError, ValueError):
            points = np.empty((0, 2))
        count = count or len(points)
        if len(points) < 2 or len(points) != count or not np.isfinite(points).all():
            raise MediaError(
                f"{path}, picture {number}: needs a name and then x1, y1, x2, y2, ..., as many as the others"
            )
        table[str(name)] = points
    return ListedLandmarks(str(path), table)


def landmarks_of(clip: Clip, marks: Landmarks) -> np.ndarray:
    """Those of a clip's first frame, float64 (N, 2), (x, y) in sides of it. Raises MediaError without any."""
    if isinstance(marks, FoundEyes):
        found = find_eyes(next(iter(clip.frames(0, 1))).pixels)
        if found is None:
            raise MediaError(f"no face with two eyes was found in {clip.path}; --align LIST gives landmarks")
    else:
        found = marks[clip.pictures[0] if isinstance(clip, PictureClip) else clip.path]
    points: np.ndarray = (found + 0.5) / (clip.width, clip.height)
    return points
