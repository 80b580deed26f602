"""What a machine needs that shares no disk with the job, and what comes back from it.

All is named by its place from the root of the disk, and lies under a folder of its own on the other machine.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidstyle.errors import OutputError, UsageError
from vidstyle.farm.parts import Part
from vidstyle.job import LOCK, JobStore, shots_file
from vidstyle.job.files import output_error, write_state
from vidstyle.job.record import JOB
from vidstyle.methods.registry import command
from vidstyle.options import RunOptions, files_read, from_json
from vidstyle.plain import absolute, json_text, parse_json
from vidstyle.video.numbering import is_pattern, pictures_of_pattern

_CHUNK = 2**25  # bytes

Put = Callable[[bytes], Any]
Get = Callable[[Any], bytes]
"""Bring bytes to where all machines can get them, and get them there."""


@dataclass(frozen=True)
class Cargo:
    """A job without its frames, and all that it reads. mark: of its state, see `mark_of`.

    roots: the paths that it names. files: by their paths, chunks as they were put.
    """

    job: str
    mark: str
    roots: Sequence[str]
    files: Mapping[str, Sequence[Any]]


def mark_of(job: Path) -> str:
    """Tells whether a machine sees a job that another one works on; empty where there is none."""
    try:
        return hashlib.sha256((job / JOB).read_bytes() + shots_file(job).read_bytes()).hexdigest()
    except OSError:
        return ""


def packed(job: Path, put: Put) -> Cargo:
    """What it takes to paint the shots of a job elsewhere."""
    store = JobStore.load(job)
    named = _named(store)
    own = [store.directory / JOB, shots_file(job), store.directory / "look.safetensors"]
    files = [*own, *(store.directory / "times").glob("*"), *(file for path in named for file in _files(path))]
    chunks = {
        str(absolute(file)): [put(chunk) for chunk in _chunks(file)] for file in files if file.is_file()
    }
    roots = [str(store.settings["output"]), *map(str, named)]
    return Cargo(str(absolute(job)), mark_of(job), roots, chunks)


def _named(store: JobStore) -> list[Path]:
    """All files, folders and patterns that a job reads."""
    settings = store.settings
    options = from_json(command(settings["method"]).options, settings["options"])
    run = from_json(RunOptions, settings["run"])
    found = [settings["input"], *settings["pictures"], *files_read(options), *files_read(run)]
    if isinstance(settings.get("features"), str) and Path(settings["features"]).is_absolute():
        found.append(settings["features"])
    return [Path(path) for path in dict.fromkeys(map(str, found)) if Path(path).is_absolute()]


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return [file for file in path.rglob("*") if file.is_file()]
    if path.is_file() or not is_pattern(path):
        # A pattern of flow files names the pictures that they lie between.
        return [path] if path.is_file() else list(path.parent.glob(re.sub(r"\{\w+\}", "*", path.name)))
    with suppress(UsageError):
        return list(pictures_of_pattern(path).values())
    return []


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            yield chunk


def unpacked(cargo: Cargo, root: Path, get: Get) -> Path:
    """Lay out a cargo under a folder, but for what lies there already; returns the job's directory there."""
    job, record = _under(root, cargo.job), b""
    for name, chunks in cargo.files.items():
        place = _under(root, name)
        if place == job / JOB:
            record = b"".join(map(get, chunks))
        elif not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            write_state(place, b"".join(map(get, chunks)), flush=False)
    content = parse_json(record)
    # The longest first: one may be the beginning of another.
    names = "|".join(map(re.escape, sorted(cargo.roots, key=len, reverse=True)))
    settings = _moved(content["settings"], re.compile(names), root) | {"home": str(job)}
    Path(settings["output"]).parent.mkdir(parents=True, exist_ok=True)
    write_state(job / JOB, json_text({**content, "settings": settings}).encode(), flush=False)
    return job


def own_folder(mark: str) -> Path:
    """Where on this machine a cargo is laid out: a folder that is this user's alone. Raises OutputError."""
    root = Path(tempfile.gettempdir()) / f"vidstyle-{mark[:32]}"
    try:
        root.mkdir(mode=0o700, exist_ok=True)
        mine = not root.is_symlink() and (not hasattr(os, "getuid") or root.stat().st_uid == os.getuid())
    except OSError as error:
        raise output_error(root, error) from error
    if not mine:
        raise OutputError(f"{root} is another user's; move it away")
    return root


def _under(root: Path, path: str) -> Path:
    return root.joinpath(*Path(path).parts[1:])


def _moved(value: Any, names: re.Pattern[str], root: Path) -> Any:
    """A value with the paths in it as they are under `root`."""
    if isinstance(value, dict):
        return {key: _moved(item, names, root) for key, item in value.items()}
    if isinstance(value, list):
        return [_moved(item, names, root) for item in value]
    if not isinstance(value, str):
        return value
    return names.sub(lambda match: str(_under(root, match[0])), value)


def state_of(folder: Path, known: set[str]) -> dict[str, bytes]:
    """The files of a shot's directory that are not `known`, by their names in it; then they are."""
    found = {}
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if name not in known and _is_state(file):
            found[name] = file.read_bytes()
    known.update(found)
    return found


def _is_state(file: Path) -> bool:
    """Whether it is painted or found out: not what makes a folder a job's, nor half written."""
    return file.is_file() and not file.name.startswith(".") and file.name not in (JOB, LOCK)


def take_in(part: Part, state: Mapping[str, bytes]) -> None:
    """Write files of a shot's directory. What a frame is known by comes last, so that none is seen half."""
    for name in sorted(state, key=lambda name: name.startswith("frames")):
        place = part.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        write_state(place, state[name])
