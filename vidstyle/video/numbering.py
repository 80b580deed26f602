"""The numbers that pictures of a sequence have in their names, and what is missing between them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from ..errors import MediaError
from ..plain import not_an_address

# %04d and %d, but not %20d, of a space in an address; #### and @@@@, of which one alone may well be part of
# a name, but for one between dots.
_PLACE = re.compile(r"%d|%0([1-9]|1[0-9])d|#{2,}|@{2,}|(?<=\.)[#@](?=\.)", re.ASCII)
# A number in a name; a minus is one where a dot, an underscore or nothing comes before it.
_NUMBER = re.compile(r"((?:(?<=[._])-|^-)?[0-9]+)")
_NAMED = 3  # gaps


def is_pattern(path: Path) -> bool:
    """Whether the file name holds one place for a number, such as %04d, #### or @@@@."""
    return len(list(_PLACE.finditer(path.name))) == 1


def plain_name(name: str) -> str:
    """The same name, with other signs where it would be a pattern."""
    return _PLACE.sub(lambda place: re.sub("[%#@]", "_", place[0]), name) if is_pattern(Path(name)) else name


def numbered(pattern: str, number: int) -> str:
    """The name that a pattern gives to the picture of this number."""
    before, width, after = _parts(pattern)
    return f"{before}{number:0{width}d}{after}"


def existing_of_pattern(pattern: Path) -> dict[int, Path]:
    """The existing files that a pattern names, by their numbers, ascending."""
    width = _parts(pattern.name)[1]
    found = {}
    for file, digits in _alike(pattern):
        # %04d writes at least four digits, %d no leading zeros: what it could not have written is not meant.
        if digits in (f"{int(digits):0{width}d}", f"-{-int(digits):0{width}d}"):
            found[int(digits)] = file
    return {number: found[number] for number in sorted(found)}


def _alike(pattern: Path, flags: int = 0) -> Iterator[tuple[Path, str]]:
    """The existing files that would be a pattern's, were it not for how many digits it says; the digits."""
    before, _, after = _parts(pattern.name)
    regex = re.compile(re.escape(before) + r"(-?\d+)" + re.escape(after), re.ASCII | flags)
    for file in files_of(pattern.parent) if pattern.parent.exists() else ():
        if match := regex.fullmatch(file.name):
            yield file, match[1]


def pictures_of_pattern(pattern: Path) -> dict[int, Path]:
    """`existing_of_pattern`; raises MediaError if there are none."""
    found = existing_of_pattern(pattern)
    if not found:
        _check_address(pattern)
        where = "" if pattern.parent.exists() else f": the folder {pattern.parent} does not exist"
        alike = min((file.name for file, _ in _alike(pattern, re.IGNORECASE)), default=None)
        if alike is not None:
            where = f", but there is {alike}: write the digits and the letters as they are there"
        raise MediaError(f"{pattern} names no existing picture{where}")
    return found


def files_of(folder: Path) -> list[Path]:
    """The files in a folder. Raises MediaError where it cannot be read."""
    try:
        return [file for file in folder.iterdir() if file.is_file()]
    except FileNotFoundError:
        _check_address(folder)
        raise MediaError(f"the folder {folder} does not exist") from None
    except OSError as error:
        raise MediaError(f"the folder {folder} cannot be read: {error.strerror}") from error


def _check_address(path: Path) -> None:
    try:
        not_an_address(path)
    except ValueError as error:
        raise MediaError(str(error)) from None


def by_number(pictures: Sequence[Path]) -> Mapping[int, Path]:
    """Several pictures whose names differ in one number, by it; others by their places, from 0."""
    names = [_NUMBER.split(picture.name) for picture in pictures]
    parts = list(zip(*names, strict=False))
    differ = [place for place, part in enumerate(parts) if len(set(part)) > 1]
    if len({len(name) for name in names}) == 1 and len(differ) == 1 and differ[0] % 2 == 1:
        found = {int(name[differ[0]]): picture for name, picture in zip(names, pictures, strict=True)}
        if len(found) == len(pictures):  # 1 and 01 are one number
            return {number: found[number] for number in sorted(found)}
    return dict(enumerate(pictures))


def ticks(numbers: Sequence[int]) -> tuple[list[int], str | None]:
    """When the picture of each number is shown, in frames from 0, and what there is to say about it.

    Every other number, or every tenth, is a whole sequence. Where some are missing the pictures before them
    are shown longer; where more are missing than there are, numbers are but names, and no time is left.
    """
    steps = [after - before for before, after in pairwise(numbers)]
    step = math.gcd(*steps) or 1
    found = [(number - numbers[0]) // step for number in numbers]
    missing = found[-1] + 1 - len(numbers)
    if not missing:
        return found, None
    if missing > len(numbers):
        return list(range(len(numbers))), (
            f"is numbered {numbers[0]} to {numbers[-1]} with more missing than there are: the pictures keep "
            "their numbers, and are shown one after the other without a gap"
        )
    gaps = [(a + step, b - step) for a, b in pairwise(numbers) if b - a > step]
    return found, (
        f"lacks {_listed(gaps)}: the frame before a gap is shown longer, and the others keep their numbers "
        "and times"
    )


def _listed(gaps: Iterable[tuple[int, int]]) -> str:
    words = [str(first) if first == last else f"{first} to {last}" for first, last in gaps]
    more = [f"{len(words) - _NAMED} more"] if len(words) > _NAMED else []
    return ", ".join(words[:_NAMED] + more)


def _parts(pattern: str) -> tuple[str, int, str]:
    """What comes before the number, its least digits, and what comes after it."""
    match = _PLACE.search(pattern)
    assert match is not None
    width = int(match[1] or 1) if match[0][0] == "%" else len(match[0])
    return pattern[: match.start()], width, pattern[match.end() :]
