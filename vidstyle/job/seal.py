"""Checksums of a stored picture, and of what was stored with it, behind the picture's end.

Readers of pictures stop at the end and never see them.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from vidstyle.job.files import read

_MARK = b"\nvidstyle sha256 "
_FORM = re.compile(re.escape(_MARK) + rb"([0-9a-f]{64}) ([0-9a-f]{64})\n")
_LENGTH = len(_MARK) + 64 + 1 + 64 + 1


@dataclass(frozen=True)
class Seal:
    """SHA-256 of a picture file's contents and of its carry's, which may be nothing."""

    picture: str
    carry: str

    @classmethod
    def of(cls, picture: bytes, carry: bytes | None) -> Seal:
        return cls(_sha256(picture), _sha256(carry or b""))

    def fits_carry(self, carry: bytes | None) -> bool:
        return _sha256(carry or b"") == self.carry


def sealed(picture: bytes, carry: bytes | None) -> bytes:
    """The picture with its seal."""
    seal = Seal.of(picture, carry)
    return picture + _MARK + f"{seal.picture} {seal.carry}\n".encode()


def unsealed(content: bytes) -> bytes:
    """The picture without its seal. Raises ValueError where it is not the one that was sealed."""
    picture, seal = content[:-_LENGTH], _seal(content[-_LENGTH:])
    if seal is None or _sha256(picture) != seal.picture:
        raise ValueError("the checksum is wrong")
    return picture


def seal_at(path: Path) -> Seal | None:
    """The seal of a stored picture, of which no more than the end is read; None if that is damaged.

    Raises JobError.
    """
    return _seal(read(path, last=_LENGTH))


def _seal(end: bytes) -> Seal | None:
    match = _FORM.fullmatch(end)
    return None if match is None else Seal(match[1].decode(), match[2].decode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
