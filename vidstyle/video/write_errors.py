"""What FFmpeg and the disk refuse while an output is written, in one line that names it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av

from ..errors import OutputError


@contextmanager
def named_write_errors(path: Path) -> Iterator[None]:
    """Errors of FFmpeg and of the disk in the block become an OutputError that names the output `path`."""
    try:
        yield
    except (av.FFmpegError, OSError) as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(f"{path} cannot be written: {reason}") from error
