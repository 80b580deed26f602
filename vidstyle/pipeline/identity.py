"""What makes a job this job, and what is needed to run it again: all of it from the roles of the options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from vidstyle.job import file_entry
from vidstyle.methods.base import Source
from vidstyle.options import at_home, by_role
from vidstyle.options.base import paths_of
from vidstyle.pipeline.plan import Request
from vidstyle.plain import absolute
from vidstyle.video.clip import Clip
from vidstyle.video.reader import open_clip

# A change to what is computed counts this up: frames of two versions must not meet in one result.
_PAINTER_VERSION = 10


def fingerprint(
    source: Source, method: str, options: Mapping[str, Any], run: Mapping[str, Any], carries: bool
) -> dict[str, Any]:
    """Of a job; options, run: what decides of them, see `deciding`."""
    return {
        "source": {"name": source.clip.path.name, "digest": source.clip.digest()},
        "pictures": [file_entry(path) for path in source.pictures],
        "method": method,
        "options": dict(options),
        "run": dict(run),
        "painter": _PAINTER_VERSION,
        **({"a map is carried": True} if carries else {}),
    }


def deciding(options: Any, contents: Mapping[str, Any], role: str = "decides") -> dict[str, Any]:
    """The values of the options of a role; of those that name files, what these hold.

    contents: what stands for options of which that is not the content of a file or a clip.
    """
    found: dict[str, Any] = {}
    for spec in fields(options):
        if spec.metadata["role"] != role:
            continue
        value = getattr(options, spec.name)
        paths = paths_of(spec, value)
        if spec.name in contents:
            found[spec.name] = contents[spec.name]
        elif paths:
            each = [content_of(path) for path in paths]
            found[spec.name] = each if isinstance(value, tuple) else each[0]
        else:
            found[spec.name] = value
    return found


def content_of(path: Path) -> dict[str, str]:
    """What a file, or a clip of several, holds: as {"name", "digest"}."""
    if path.is_file():
        return file_entry(path)
    clip = open_clip(path)
    return {"name": clip.path.name, "digest": clip.digest()}


def settings(asked: Request, clip: Clip, method: str, options: Any, **decided: Any) -> dict[str, Any]:
    """All that is needed to run the same command again; files are named as they are found from any directory.

    options: of the method, as they are used. decided: what else `resume` and `status` are to know.
    """
    return {
        "home": str(absolute(asked.directory)),
        "input": str(absolute(clip.path)),
        "pictures": [str(absolute(picture)) for picture in asked.pictures],
        "output": str(absolute(asked.output)),
        "method": method,
        "options": asdict(at_home(options)),
        "run": asdict(at_home(asked.run)),
        "encode": asdict(at_home(asked.encode)),
        **decided,
    }


def made_with(options: Any, run: Any, encode: Any, digest: str) -> dict[str, Any]:
    """What the result depends on beside the painted frames; digest: of what may change within the job."""
    laid = deciding(run, {}, "encodes")
    changing = {"digest": digest} if digest else {}
    return {**by_role(encode, "encodes"), **laid, **by_role(at_home(options), "written"), **changing}
