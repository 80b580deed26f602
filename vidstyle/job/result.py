"""The note in a job that its result is whole, and whether that result still lies there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_origin, get_type_hints

from vidstyle.errors import InputError
from vidstyle.job.files import write_state
from vidstyle.job.fingerprint import as_json, digest
from vidstyle.plain import absolute, exists, json_text, parse_json, read_plain


@dataclass(frozen=True)
class Result:
    """What a job has written.

    home: its directory then. output: as the user named it, absolute. files: what it consists of, absolute,
    and their sizes in bytes. sha256: of them. made_with: the settings beyond the fingerprint that it depends
    on, as JSON values.
    """

    home: str
    output: str
    files: dict[str, int]
    sha256: str
    made_with: dict[str, Any]

    @classmethod
    def of(cls, home: Path, output: Path, files: Iterable[Path], made_with: Mapping[str, Any]) -> Result:
        """Raises InputError where a file of it cannot be read."""
        parts = [absolute(path) for path in files]
        checksum = digest(parts)  # the first to touch the files: it names the one that cannot be read
        sizes = {str(path): path.stat().st_size for path in parts}
        return cls(str(absolute(home)), str(absolute(output)), sizes, checksum, as_json(made_with))

    @classmethod
    def read(cls, path: Path) -> Result | None:
        """As it was noted in a file; None where it was not, or the note is damaged."""
        try:
            found = parse_json(read_plain(path))
        except (OSError, ValueError):
            return None
        kinds = {name: get_origin(kind) or kind for name, kind in get_type_hints(cls).items()}
        if not isinstance(found, dict) or not all(
            isinstance(found.get(name), kind) for name, kind in kinds.items()
        ):
            return None
        return cls(**{spec.name: found[spec.name] for spec in fields(cls)})

    def write(self, path: Path) -> None:
        """Note it in a file. Raises OutputError where that cannot be written."""
        write_state(path, json_text(asdict(self)).encode())

    def now_at(self, name: str, home: Path) -> Path:
        """Where a file of it lies that may have been moved together with the job directory, now `home`."""
        path = Path(name)
        if exists(path):
            return path
        return Path(os.path.normpath(absolute(home) / os.path.relpath(path, self.home)))

    def paths(self, home: Path) -> list[Path]:
        """Where all files of it lie; see `now_at`."""
        return [self.now_at(name, home) for name in self.files]

    def is_unchanged(self, home: Path, *, at_once: bool) -> bool:
        """Whether it still lies there. at_once: look at the sizes of its files, not into them."""
        paths = self.paths(home)
        try:
            if [path.stat().st_size for path in paths] != list(self.files.values()):
                return False
            return at_once or digest(paths) == self.sha256
        except (OSError, ValueError, InputError):  # ValueError: no file could have such a name
            return False
