"""Plain files and plain JSON: reading what anybody may have written, writing what anybody may have named.

A name may lead to a pipe, which would be waited for forever, or to a device without an end; JSON may be
nested without measure or hold numbers that are none; a name may hold bytes that are no text.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

_DEEPEST = 100
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+")  # C:/ is a disk


def plain_size(path: Path | str) -> int:
    """The size in bytes of a plain file; a link to one will do.

    Raises OSError, whose `strerror` says it in words, for anything else: nothing there, a folder, a pipe, a
    device.
    """
    status = Path(path).stat()
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file", str(path))
    return status.st_size


def exists(path: Path) -> bool:
    """Whether something lies there; of a name that no file can have, nothing does."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def not_an_address(path: Path | str) -> None:
    """Raise ValueError, a line that says so, for what is written as an address on the net is."""
    text = str(path)
    if not (found := _ADDRESS.match(text)):
        return
    rest = text[found.end() :]
    if found[1].lower() == "file":  # of which a path keeps one slash
        raise ValueError(f"file:///{rest} is an address, and only files are read and written; give /{rest}")
    raise ValueError(
        f"{found[1]}://{rest} is an address, and nothing is read from the net or written there; "
        "download it and give the file"
    )


def absolute(path: Path) -> Path:
    """The same place as it is named from any folder, so that names can be compared: without `..` in it."""
    whole = path.absolute()
    if ".." not in whole.parts:
        return whole
    # What `..` leads out of may be a link, so only the disk knows where to.
    if whole.name == "..":
        return Path(os.path.realpath(whole))
    return Path(os.path.realpath(whole.parent)) / whole.name


def read_plain(path: Path, most_bytes: int | None = None) -> bytes:
    """All of a plain file, no more than `most_bytes`. Raises OSError as `plain_size` does."""
    size = plain_size(path)
    if most_bytes is not None and size > most_bytes:
        raise OSError(errno.EFBIG, f"it is too large for what it should be ({size} bytes)", str(path))
    return path.read_bytes()


def parse_json(data: bytes) -> Any:
    """The value of a JSON text. Raises ValueError, also for what Python's reader takes though it is none."""
    try:
        value = json.loads(data, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    """So that whoever walks through it may call itself for every level."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [item for each in level for item in _items(each)]
        if not level:
            return
    raise ValueError("it is nested too deeply")


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def json_text(value: Any, indent: int | None = None) -> str:
    """As JSON, in plain letters where a name is no text. Raises ValueError for numbers that JSON has not."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return text if _is_text(text) else json.dumps(value, allow_nan=False, indent=indent)


def _is_text(text: str) -> bool:
    """Whether it can be written as UTF-8; names with other bytes in them cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def name_bytes(path: Path | str) -> bytes:
    """A file's name as the system has it, whatever bytes it holds."""
    return os.fsencode(path)
