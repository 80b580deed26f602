"""Sets of pictures that share an attribute: a folder, or the rows of a list that are asked for."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidstyle.errors import MediaError, UsageError
from vidstyle.events import Notice, say_nothing
from vidstyle.methods.dfi.options import parse_where
from vidstyle.plain import parse_json
from vidstyle.video.pictures import read_bytes
from vidstyle.video.sequences import pictures_of_folder

LEAST = 5
"""Fewer pictures than this say more of who is in them than of what they have in common."""

_PATH_COLUMNS = ("path", "file", "filename", "picture", "image")
_LIST_SUFFIXES = (".csv", ".jsonl")


@dataclass(frozen=True)
class PictureSet:
    """Pictures of any size. name: what messages call the set; paths: in a fixed order, none twice."""

    name: str
    paths: tuple[Path, ...]

    def __post_init__(self) -> None:
        require(self.name, len(self.paths))


def require(name: str, count: int) -> None:
    """Raise MediaError where a set has too few pictures to say anything."""
    if count < LEAST:
        raise MediaError(
            f"{name} has {count} usable pictures; at least {LEAST} are needed, better 50 or more"
        )


def open_set(path: Path | str, where: str = "", notice: Notice = say_nothing) -> PictureSet:
    """The pictures of a folder, or those that a list names.

    path: a folder, or a list: .csv with a header, or .jsonl with an object per line. The pictures are in the
        column path, file, filename, picture or image, else in the first; relative to the list's folder.
    where: which rows of a list, e.g. "smiling=1,sex=f": all of these must hold. Numbers are compared as
        numbers.
    notice: is told what else lies in a folder.

    Nothing is decoded yet. Raises MediaError for a set that cannot be read or is too small, UsageError for a
    `where` that does not fit.
    """
    path = Path(path)
    wanted = parse_where(where)
    if path.suffix.lower() not in _LIST_SUFFIXES:
        if wanted:
            raise UsageError(f"{path} is a folder, which has no columns to select by; --where needs a list")
        return PictureSet(str(path), tuple(pictures_of_folder(path, notice)))
    rows = read_rows(path)
    column = next((name for name in _PATH_COLUMNS if name in rows[0]), next(iter(rows[0])))
    unknown = [name for name in wanted if all(name not in row for row in rows)]
    if unknown:
        raise UsageError(f"{path} has no column {', '.join(unknown)}; it has {', '.join(map(str, rows[0]))}")
    chosen = [row for row in rows if all(_same(row.get(name), value) for name, value in wanted.items())]
    paths = dict.fromkeys(path.parent / str(row[column]) for row in chosen if row.get(column))
    return PictureSet(f"{path} [{where}]" if where else str(path), tuple(paths))


def read_rows(path: Path) -> list[Mapping[str, Any]]:
    """The rows of a .csv or .jsonl list, at least one; raises MediaError where it is none."""
    try:
        text = read_bytes(path).decode("utf-8-sig")
        if path.suffix.lower() == ".csv":
            rows: list[Mapping[str, Any]] = list(csv.DictReader(io.StringIO(text), skipinitialspace=True))
        else:
            rows = [parse_json(line.encode()) for line in text.splitlines() if line.strip()]
    except (ValueError, csv.Error) as error:
        raise MediaError(f"{path} cannot be read as a list of pictures: {error}") from None
    if not rows or not all(isinstance(row, dict) and row for row in rows):
        raise MediaError(f"{path} lists no pictures; it takes a .csv with a header or a .jsonl of objects")
    return rows


def _same(value: Any, wanted: str) -> bool:
    if isinstance(value, bool):
        value = int(value)
    text = "" if value is None else str(value).strip()
    try:
        return float(text) == float(wanted)
    except ValueError:
        return text == wanted
