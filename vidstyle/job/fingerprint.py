"""What makes two runs the same job, and in what words two jobs differ.

A fingerprint is a plain nested dict of JSON values. A file in it is an entry made by `file_entry`: its
content counts, its name is a label, so a moved or renamed file is still the same file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vidstyle.errors import InputError
from vidstyle.plain import plain_size

_LONGEST_SHOWN = 200  # characters
_NOUNS = {"source": "the input", "pictures": "the style picture"}
_OPTIONS = ("options", "run")  # under these, parts are called as options are


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 over the contents of some files, in the order given.

    Each file is hashed on its own, so that a byte moved from one file to its neighbour is a difference.

    Raises InputError where a file cannot be read.
    """
    whole = hashlib.sha256()
    for path in paths:
        try:
            plain_size(path)
            with path.open("rb") as file:
                whole.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror}") from error
    return whole.hexdigest()


def file_entry(path: Path, files: Iterable[Path] | None = None) -> dict[str, str]:
    """A file in a fingerprint, as {"name", "digest"}; `files` are the parts of a folder of pictures."""
    return {"name": path.name, "digest": digest([path] if files is None else files)}


def as_json(value: Mapping[str, Any]) -> dict[str, Any]:
    """`value` as it will be read back from a JSON file (tuples become lists)."""
    result: dict[str, Any] = json.loads(json.dumps(value, allow_nan=False))
    return result


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What differs between two fingerprints, each in human words; empty when they are the same job.

    "style_weight: 10.0 -> 20.0", "the style picture wave.jpg has changed".
    """
    return list(_differences((), as_json(old), as_json(new)))


def _differences(path: tuple[str, ...], old: Any, new: Any) -> Iterable[str]:
    if path == ("painter",) and old != new:
        yield "another version of vidstyle, which paints differently, began it (and could finish it)"
    elif _is_file(old) and _is_file(new):
        if old["digest"] != new["digest"]:
            yield _file_words(path, old["name"], new["name"])
    elif isinstance(old, dict) and isinstance(new, dict) and not _is_file(old) and not _is_file(new):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _differences((*path, key), old.get(key), new.get(key))
    elif _are_files(old) and _are_files(new) and len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            yield from _differences(path, one, other)
    elif old != new:
        yield f"{_label(path)}: {_show(old)} -> {_show(new)}"


def _is_file(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"name", "digest"}


def _are_files(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_file, value))


def _file_words(path: tuple[str, ...], old: str, new: str) -> str:
    label = _label(path)
    noun = f"--{label.replace('_', '-')}" if path[0] in _OPTIONS else _NOUNS.get(label, label)
    return f"{noun}: {old} -> {new}" if old != new else f"{noun} {new} has changed"


def _label(path: tuple[str, ...]) -> str:
    return ".".join(path[1:] if path[0] in _OPTIONS and len(path) > 1 else path)


def _show(value: Any) -> str:
    if value is None:
        return "not set"
    if _is_file(value):
        return str(value["name"])
    if _are_files(value):
        return ", ".join(str(entry["name"]) for entry in value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
