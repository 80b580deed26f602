"""The numbers that pictures of a sequence have in their names, and what is missing between them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from ..errors import MediaError
from ..plain import not_an_address

# %04d and %d; #### and @@@@, of which one alone may well be part of a name.
_PLACE = re.compile(r"%(0?)(\d*)d|#{2,}|@{2,}")
_NAMED = 3  # gaps


def is_pattern(path: Path) -> bool:
    """Whether the file name holds one place for a number, such as %04d, #### or @@@@."""
    return len(list(_PLACE.finditer(path.name))) == 1


def numbered(pattern: str, number: int) -> str:
    """The name that a pattern gives to the picture of this number."""
    before, width, after = _parts(pattern)
    return f"{before}{number:0{width}d}{after}"


def existing_of_pattern(pattern: Path) -> dict[int, Path]:
    """The existing files that a pattern names, by their numbers, ascending."""
    before, width, after = _parts(pattern.name)
    regex = re.compile(re.escape(before) + r"(\d+)" + re.escape(after), re.ASCII)
    found = {}
    for file in files_of(pattern.parent) if pattern.parent.exists() else ():
        digits = regex.fullmatch(file.name)
        # %04d writes at least four digits, %d no leading zeros: what it could not have written is not meant.
        if digits and digits[1] == f"{int(digits[1]):0{width}d}":
            found[int(digits[1])] = file
    return {number: found[number] for number in sorted(found)}


def pictures_of_pattern(pattern: Path) -> dict[int, Path]:
    """`existing_of_pattern`; raises MediaError if there are none."""
    found = existing_of_pattern(pattern)
    if not found:
        _check_address(pattern)
        where = "" if pattern.parent.exists() else f": the folder {pattern.parent} does not exist"
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
    names = [re.split(r"([0-9]+)", picture.name) for picture in pictures]
    parts = list(zip(*names, strict=False))
    differ = [place for place, part in enumerate(parts) if len(set(part)) > 1]
    if len({len(name) for name in names}) == 1 and len(differ) == 1 and differ[0] % 2 == 1:
        numbers = [int(number) for number in parts[differ[0]]]
        if all(a < b for a, b in pairwise(numbers)):  # 1 and 01 are one number
            return dict(zip(numbers, pictures, strict=True))
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
    printf = match[0][0] == "%"
    width = (int(match[2] or 1) if match[1] else 1) if printf else len(match[0])
    return pattern[: match.start()], width, pattern[match.end() :]
