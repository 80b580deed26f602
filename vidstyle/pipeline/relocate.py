"""Where the files of a job are, after its directory was moved, alone or with everything around it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vidstyle.job import default_job_directory
from vidstyle.plain import absolute, exists


def at_new_home(settings: Mapping[str, Any], job: Path) -> dict[str, Any]:
    """The settings of a job, as they were stored, with the paths as they are now.

    job: where the job directory is now. Where the folder that it was in is gone, everything has moved with
    it: what lay under that folder, or beside it, is looked for in the same place seen from the new one. Where
    only the job directory has moved, the result of one that lay beside it goes with it.
    """
    moved = dict(settings)
    home, now = settings.get("home"), absolute(job)
    if not isinstance(home, str) or same_place(Path(home), now):
        return moved
    before = Path(home)
    if not exists(before.parent):
        roots = _roots(before.parent, now.parent)
        for key in {"input", "pictures", "options", "run", "features", "output"}.intersection(settings):
            moved[key] = _rerooted(settings[key], *roots)
    output = settings.get("output")
    if isinstance(output, str) and Path(output).name and default_job_directory(Path(output)) == before:
        moved["output"] = str(now.parent / Path(output).name)
    return moved


def same_place(one: Path, other: Path) -> bool:
    """Whether two names, of files that need not be there, lead to one place."""
    try:
        return os.path.realpath(one) == os.path.realpath(other)
    except (OSError, ValueError):  # no file could have such a name
        return False


def _roots(old: Path, new: Path) -> tuple[str, str]:
    """Both paths without the folders at their ends whose names agree: that far up all has moved together."""
    while old.name and old.name == new.name:
        old, new = old.parent, new.parent
    return str(old), str(new)


def _rerooted(value: Any, old: str, new: str) -> Any:
    """A value with `new` for `old` in its paths, which may be parts of texts, where they are not there."""
    if isinstance(value, dict):
        return {key: _rerooted(item, old, new) for key, item in value.items()}
    if isinstance(value, list):
        return [_rerooted(item, old, new) for item in value]
    if not isinstance(value, str) or exists(Path(value)):
        return value
    return value.replace(old.rstrip(os.sep) + os.sep, new.rstrip(os.sep) + os.sep)
