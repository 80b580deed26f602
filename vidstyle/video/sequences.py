"""Stills and sequences of pictures as clips."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..errors import MediaError
from ..events import Notice, say_nothing
from ..plain import name_bytes
from ..types import Frame
from .clip import Clip, file_digest
from .colour import SRGB_PICTURE
from .numbering import files_of, ticks
from .pictures import (
    READABLE_SUFFIXES,
    natural_key,
    picture_header,
    read_bytes,
    read_excess,
    read_picture,
    remarks,
)
from .transparency import covered

DEFAULT_RATE = Fraction(25)
# By these a film is known where it lies among other files; any file that is named is tried.
VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".wmv", ".flv", ".3gp"}
    | {".apng", ".gif", ".m2ts", ".m2v", ".mxf", ".ogv", ".vob"}
)
_NAMED = 3  # of the files in a folder that are not taken


class PictureClip(Clip):
    """A still, or pictures by their numbers, one after the other at a fixed rate. raw: see `open_clip`."""

    def __init__(
        self, path: Path, pictures: Mapping[int, Path], fps: Fraction | None, raw: bool = False
    ) -> None:
        self.pictures, self._raw = tuple(pictures.values()), raw
        times, remark = ticks(tuple(pictures))
        self._times = [*times, times[-1] + 1]
        told: list[str] = []
        pixels, alpha = read_picture(self.pictures[0], told.append, raw=raw)
        still = len(self.pictures) == 1 and path == self.pictures[0]
        rate = fps or DEFAULT_RATE
        super().__init__(
            path=path,
            kind="still" if still else "sequence",
            width=pixels.shape[2],
            height=pixels.shape[1],
            bit_depth=8 * pixels.itemsize,
            frame_rate=None if still else rate,
            time_base=1 / rate,
            frame_count=len(self.pictures),
            frame_count_exact=True,
            duration_seconds=None if still else self._times[-1] / rate,
            has_alpha=alpha is not None,
            color=SRGB_PICTURE,
            numbers=tuple(pictures),
        )
        for line in told if still else []:
            self.notice(line)
        if remark:
            self.notice(f"{path} {remark}")
        for picture in self.pictures:
            header = picture_header(read_bytes(picture), picture)
            if header.cut:
                read_picture(picture, raw=raw)  # whether enough of it is there
            if picture != self.pictures[0]:
                self._check_size(picture, *header.upright_size)
            for remark in remarks(header, raw=raw):
                self.notice(f"{self.path.name} {remark}")
            if header.animated:
                self.notice(f"{picture.name} is animated; as one of several pictures it is shown as a still")

    def _check_size(self, picture: Path, width: int, height: int) -> None:
        if (width, height) != (self.width, self.height):
            first = self.pictures[0].name
            raise MediaError(
                f"{self.path}: {first} is {self.width}x{self.height} but {picture.name} is {width}x{height}; "
                "give pictures of one size"
            )

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        for index in range(len(self.pictures))[start:stop]:
            pixels, alpha = read_picture(self.pictures[index], raw=self._raw)
            self._check_size(self.pictures[index], pixels.shape[2], pixels.shape[1])
            if alpha is not None and self.kind == "sequence":
                pixels = covered(pixels, alpha)
            begin, end = self._times[index : index + 2]
            yield Frame(pixels, index, begin, self.time_base, end - begin, alpha)

    def excess(self, index: int) -> np.ndarray | None:
        return read_excess(self.pictures[index])

    def only(self, numbers: Sequence[int]) -> PictureClip:
        """The pictures of these numbers, as a clip."""
        chosen = {number: self.pictures[self.position(number)] for number in numbers}
        return PictureClip(self.path, chosen, self.frame_rate, self._raw)

    def digest(self) -> str:
        digest = hashlib.sha256()
        for picture in self.pictures:
            digest.update(name_bytes(picture.name) + b"\0" + file_digest(picture))
        return digest.hexdigest()


def pictures_of_folder(folder: Path, notice: Notice = say_nothing) -> list[Path]:
    """The pictures in a folder in natural order, without hidden ones; raises MediaError if there are none.

    notice: is told what else lies there.
    """
    found = _of_folder(folder, READABLE_SUFFIXES, notice)
    if not found:
        raise MediaError(f"the folder {folder} holds no pictures ({', '.join(sorted(READABLE_SUFFIXES))})")
    return found


def media_of_folder(folder: Path, notice: Notice = say_nothing) -> list[Path]:
    """The same with the videos among them."""
    found = _of_folder(folder, READABLE_SUFFIXES | VIDEO_SUFFIXES, notice)
    if not found:
        raise MediaError(f"the folder {folder} holds no pictures and no videos")
    return found


def _of_folder(folder: Path, suffixes: frozenset[str], notice: Notice) -> list[Path]:
    files = in_natural_order(file for file in files_of(folder) if file.name[0] != ".")
    found = [file for file in files if file.suffix.lower() in suffixes]
    others = [file.name for file in files if file.suffix.lower() not in suffixes]
    if found and others:
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        notice(f"{folder}: left out, by their names: {', '.join(others[:_NAMED])}{more}")
    return found


def in_natural_order(files: Iterable[Path]) -> list[Path]:
    """img2 before img10."""
    return sorted(files, key=lambda file: (natural_key(file.name), file.name))
