"""The one folder that the studio reads and writes, and what lies where in it.

clips/     clips and pictures to be painted      pictures/  styles and exemplars
sets/      folders of pictures                   files/     what else was given: maps, masks, vectors
jobs/      a folder for every job                looks/     first looks, by what was asked for
cache/     what Gradio keeps of uploads
"""

from __future__ import annotations

import hashlib
import re
import shutil
import unicodedata
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from vidstyle.atomic import whole
from vidstyle.errors import InputError, OutputError, UsageError
from vidstyle.job import Lock
from vidstyle.options.studio import StudioOptions
from vidstyle.plain import absolute, plain_size
from vidstyle.text import size

FOLDERS = ("clips", "pictures", "sets", "files", "jobs", "looks", "cache")
_LONGEST_NAME = 80  # characters
_MEGABYTE = 1_000_000
_LEAST_FREE = 200 * _MEGABYTE  # left on the disk after a file was taken
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # by Windows


class Workspace:
    """The folder, and the limits of what is put into it.

    Raises OutputError where it cannot be written.
    """

    def __init__(self, options: StudioOptions) -> None:
        self.root = absolute(Path(options.workspace).expanduser())
        self.options = options
        try:
            for name in FOLDERS:
                (self.root / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{self.root} cannot be written: {error.strerror}; name another folder with --workspace DIR"
            ) from error

    def lock(self) -> Lock:
        """So that no two studios work in it. Raises JobBusy."""
        return Lock(self.root / "studio.lock", "--workspace")

    def folder(self, name: str) -> Path:
        """One of `FOLDERS`."""
        return self.root / name

    def add_samples(self) -> None:
        """What comes with the package to try it with, where it does not lie there yet."""
        for kind, folder in (("clips", "clips"), ("pictures", "pictures"), ("looks", "cache/looks")):
            (self.root / folder).mkdir(exist_ok=True)
            for sample in (files("vidstyle.studio") / "samples" / kind).iterdir():
                place = self.root / folder / sample.name
                if not place.exists():
                    with whole(place) as temporary:
                        temporary.write_bytes(sample.read_bytes())

    def inside(self, path: Path | str) -> Path:
        """The same path, absolute. Raises UsageError where it, or what it links to, lies elsewhere."""
        found = self.root / path
        real, root = found.resolve(), self.root.resolve()
        if real != root and root not in real.parents:
            raise UsageError(f"{Path(path).name} does not lie in the workspace {self.root}; upload it first")
        return found

    def check_inside(self, paths: Iterable[Path]) -> None:
        """Raises UsageError where one of them lies elsewhere."""
        for path in paths:
            self.inside(path)

    def take(self, kind: str, uploaded: Path | str, name: str | None = None) -> Path:
        """Copy a file that was uploaded into a folder of the workspace, under a harmless name.

        A file of the same name and content is not copied again; one of another content gets a number.
        Raises InputError where it is too large, or the disk too full.
        """
        source = Path(uploaded)
        self.check_size(source)
        return self._copied(source, self.folder(kind), safe_name(name or source.name))

    def take_set(self, uploaded: Iterable[Path | str], name: str) -> Path:
        """The same of several files that are one folder in `sets`."""
        sources = [Path(path) for path in uploaded]
        for source in sources:
            self.check_size(source)
        folder = _free_name(self.folder("sets"), safe_name(name))
        folder.mkdir()
        for source in sources:
            self._copied(source, folder, safe_name(source.name))
        return folder

    def check_size(self, path: Path) -> None:
        """Raises InputError for a file that is larger than is taken, or than the disk has room for."""
        count, most = plain_size(path), self.options.most_megabytes * _MEGABYTE
        if count > most:
            raise InputError(f"{path.name} has {size(count)}, and the studio takes {size(most)} at most")
        if shutil.disk_usage(self.root).free < count + _LEAST_FREE:
            raise InputError(f"{path.name} does not fit on the disk of {self.root}: free some of it")

    def _copied(self, source: Path, folder: Path, name: str) -> Path:
        place = folder / name
        if place.exists():
            if place.is_file() and _digest(place) == _digest(source):
                return place
            place = _free_name(folder, name)
        with whole(place) as temporary:
            shutil.copyfile(source, temporary)
        return place

    def listed(self, kind: str) -> list[Path]:
        """What lies in one of the folders, by name, hidden files left out."""
        found = [path for path in self.folder(kind).iterdir() if not path.name.startswith(".")]
        return sorted(found, key=lambda path: path.name.lower())


def safe_name(name: str) -> str:
    """A file's name without all that could lead out of a folder, steer a shell or be no name somewhere."""
    text = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    text = "".join(c if c.isalnum() or c in "._- ()+" else "_" for c in text).strip(" .")
    stem, dot, suffix = text.rpartition(".")
    if not dot:
        stem, suffix = text, ""
    stem, suffix = stem.strip(" .-")[:_LONGEST_NAME] or "unnamed", suffix[:12]
    found = f"{stem}.{suffix}" if suffix else stem
    return f"_{found}" if _RESERVED.fullmatch(found) else found


def _free_name(folder: Path, name: str) -> Path:
    stem, suffix = Path(name).stem, Path(name).suffix
    number = 2
    while (place := folder / (name if number == 2 else f"{stem}-{number - 1}{suffix}")).exists():
        number += 1
    return place


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
