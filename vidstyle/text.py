"""Quantities in words, as messages show them."""

from __future__ import annotations

_LONGEST = 2000  # characters of a line


def printable(text: str) -> str:
    """One line without control characters: names of files may hold them, and steer a terminal."""
    line = " ".join(text.splitlines())
    if len(line) > _LONGEST:  # a name or a value in it is no name
        line = f"{line[: _LONGEST // 2]} ... {line[-_LONGEST // 2 :]}"
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


def duration(seconds: float) -> str:
    """42 s, 3 min 20 s, 1 h 02 min, 2 d 03 h"""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} d {whole % 86400 // 3600:02d} h"


def size(count: float) -> str:
    """512 bytes, 30 kB, 1 MB, 2 GB, 1.5 TB"""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
