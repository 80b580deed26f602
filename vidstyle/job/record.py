"""job.json, the file by which a directory is known to be a job's, and what is told when it is not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vidstyle.atomic import final_of
from vidstyle.errors import JobError
from vidstyle.job.files import read, write_state
from vidstyle.plain import json_text, name_bytes, parse_json

FORMAT = 2  # of the job directory; a change that makes old state unusable counts it up
JOB, LOCK, PARTS = "job.json", "vidstyle.lock", "parts"

_DIFFERENCES_SHOWN = 6
_REMEDY = "delete its directory to start over, or name another with --job DIR"


def default_job_directory(output: Path) -> Path:
    """OUT.vidstyle, beside the output."""
    return output.with_name(f"{output.name}.vidstyle")


def job_named(path: Path) -> Path:
    """The job directory that a user means: `path` itself, or the one beside the output `path`."""
    beside = default_job_directory(path) if path.name else path
    return beside if not (path / JOB).exists() and (beside / JOB).exists() else path


def shots_file(directory: Path) -> Path:
    """Of a job whose shots are painted apart, each in a job directory beside it: what was found of them."""
    return directory / PARTS / "shots.json"


def is_split(directory: Path) -> bool:
    """Whether the shots of a job, if there is one, are painted apart."""
    return shots_file(directory).is_file()


def refuse_foreign(directory: Path) -> None:
    """A directory with files in it must show by its job.json that it is a job's.

    Raises JobError where it is something else.
    """
    try:
        found = set(directory.iterdir())
    except FileNotFoundError:
        return
    except NotADirectoryError as error:
        raise JobError(f"{directory} is not a directory; name another with --job DIR") from error
    except OSError as error:
        raise JobError(f"cannot list {directory}: {error.strerror}") from error
    job = directory / JOB
    # All that a run killed at its very start can leave.
    begun = {path for path in found if path.name == LOCK or final_of(path) == job}
    if job not in found and found - begun:
        raise JobError(f"{directory} is not empty and not a job directory; name another with --job DIR")


def read_job(directory: Path) -> dict[str, Any]:
    """{"format", "fingerprint", "settings"} of a job.

    Raises JobError where there is no job.json, or it is damaged or of another version.
    """
    path = directory / JOB
    if not path.is_file():
        what = " (it has no job.json)" if directory.is_dir() else ""
        raise JobError(f"{directory} is not a job directory{what}")
    try:
        content = parse_json(read(path))
        _check_names(content)
    except ValueError as error:
        raise JobError(f"{path} is damaged ({error}); {_REMEDY}") from error
    version = content.get("format") if isinstance(content, dict) else None
    if type(version) is not int or version < 1:
        raise JobError(f"{path} was not written by vidstyle, or is damaged; {_REMEDY}")
    if version != FORMAT:
        raise JobError(
            f"{path} was written by another version of vidstyle (format {version}, this one has {FORMAT}); "
            f"finish it with that one, or {_REMEDY}"
        )
    for key in ("fingerprint", "settings"):
        if not isinstance(content.get(key), dict):
            raise JobError(f'{path} is damaged (no "{key}"); {_REMEDY}')
    return content


def _check_names(value: Any) -> None:
    """Raises ValueError for a text within that no file could have as its name: some of them are names."""
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            _check_names(item)
    elif isinstance(value, str) and b"\0" in name_bytes(value):
        raise ValueError("a text with a zero byte in it")


def write_job(directory: Path, content: Mapping[str, Any]) -> None:
    """Write job.json, whole or not at all. Raises OutputError where it cannot be written."""
    write_state(directory / JOB, json_text(content, indent=2).encode())


def mismatch(directory: Path, found: list[str]) -> str:
    """The one line for a directory that belongs to another job."""
    shown = "; ".join(found[:_DIFFERENCES_SHOWN])
    if len(found) > _DIFFERENCES_SHOWN:
        shown += f"; and {len(found) - _DIFFERENCES_SHOWN} more"
    return (
        f"{directory} belongs to a job with other settings: {shown}; "
        "start it over with --restart, or name another directory with --job DIR"
    )
