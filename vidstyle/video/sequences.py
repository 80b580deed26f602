"""Stills, folders and numbered patterns of pictures as clips."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from ..errors import MediaError
from ..plain import name_bytes
from ..types import Frame
from .clip import Clip, file_digest
from .colour import SRGB_PICTURE
from .pictures import READABLE_SUFFIXES, natural_key, picture_header, read_bytes, read_picture
from .transparency import covered

DEFAULT_RATE = Fraction(25)
# By these a film is known where it lies among other files; any file that is named is tried.
VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".wmv", ".flv", ".3gp"}
)
_NUMBER = re.compile(r"%(0?)(\d*)d")


class PictureClip(Clip):
    """Pictures, shown one after the other at a fixed rate."""

    def __init__(self, path: Path, pictures: Sequence[Path], fps: Fraction | None) -> None:
        self.pictures = tuple(pictures)
        pixels, alpha = read_picture(self.pictures[0])
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
            duration_seconds=None if still else len(self.pictures) / rate,
            has_alpha=alpha is not None,
            color=SRGB_PICTURE,
        )
        for picture in self.pictures[1:]:
            header = picture_header(read_bytes(picture), picture)
            self._check_size(picture, *header.upright_size)

    def _check_size(self, picture: Path, width: int, height: int) -> None:
        if (width, height) != (self.width, self.height):
            first = self.pictures[0].name
            raise MediaError(
                f"{self.path}: {first} is {self.width}x{self.height} but {picture.name} is {width}x{height}; "
                "give pictures of one size"
            )

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        for index in range(len(self.pictures))[start:stop]:
            pixels, alpha = read_picture(self.pictures[index])
            self._check_size(self.pictures[index], pixels.shape[2], pixels.shape[1])
            if alpha is not None and self.kind == "sequence":
                pixels = covered(pixels, alpha)
            yield Frame(pixels, index, index, self.time_base, 1, alpha)

    def digest(self) -> str:
        digest = hashlib.sha256()
        for picture in self.pictures:
            digest.update(name_bytes(picture.name) + b"\0" + file_digest(picture))
        return digest.hexdigest()


def is_pattern(path: Path) -> bool:
    """Whether the file name holds one printf number, such as %04d."""
    return len(_NUMBER.findall(path.name)) == 1


def existing_of_pattern(pattern: Path) -> list[Path]:
    """The existing files that a printf pattern names, in the order of their numbers."""
    match = _NUMBER.search(pattern.name)
    assert match is not None
    before, after = pattern.name[: match.start()], pattern.name[match.end() :]
    width = int(match[2] or 1) if match[1] else 1
    regex = re.compile(re.escape(before) + r"(\d+)" + re.escape(after))
    found = {}
    for file in _listing(pattern.parent) if pattern.parent.exists() else ():
        digits = regex.fullmatch(file.name)
        # %04d writes at least four digits, %d no leading zeros: what it could not have written is not meant.
        if digits and digits[1] == f"{int(digits[1]):0{width}d}":
            found[int(digits[1])] = file
    return [found[number] for number in sorted(found)]


def pictures_of_pattern(pattern: Path) -> list[Path]:
    """`existing_of_pattern`; raises MediaError if there are none."""
    found = existing_of_pattern(pattern)
    if not found:
        where = "" if pattern.parent.exists() else f": the folder {pattern.parent} does not exist"
        raise MediaError(f"{pattern} names no existing picture{where}")
    return found


def pictures_of_folder(folder: Path) -> list[Path]:
    """The pictures in a folder in natural order, without hidden ones; raises MediaError if there are none."""
    found = _of_folder(folder, READABLE_SUFFIXES)
    if not found:
        raise MediaError(f"the folder {folder} holds no pictures ({', '.join(sorted(READABLE_SUFFIXES))})")
    return found


def media_of_folder(folder: Path) -> list[Path]:
    """The same with the videos among them."""
    found = _of_folder(folder, READABLE_SUFFIXES | VIDEO_SUFFIXES)
    if not found:
        raise MediaError(f"the folder {folder} holds no pictures and no videos")
    return found


def _of_folder(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    files = [f for f in _listing(folder) if f.suffix.lower() in suffixes and f.name[0] != "."]
    return in_natural_order(files)


def in_natural_order(files: Iterable[Path]) -> list[Path]:
    """img2 before img10."""
    return sorted(files, key=lambda file: (natural_key(file.name), file.name))


def _listing(folder: Path) -> list[Path]:
    try:
        return [file for file in folder.iterdir() if file.is_file()]
    except FileNotFoundError:
        raise MediaError(f"the folder {folder} does not exist") from None
    except OSError as error:
        raise MediaError(f"the folder {folder} cannot be read: {error.strerror}") from error
