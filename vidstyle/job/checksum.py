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
class Checksums:
    """SHA-256 of a picture file's contents and of its carry's, which may be nothing."""

    picture: str
    carry: str

    @classmethod
    def of(cls, picture: bytes, carry: bytes | None) -> Checksums:
        return cls(_sha256(picture), _sha256(carry or b""))

    def fit_carry(self, carry: bytes | None) -> bool:
        return _sha256(carry or b"") == self.carry


def with_checksums(picture: bytes, carry: bytes | None) -> bytes:
    """The picture with its checksums."""
    checksums = Checksums.of(picture, carry)
    return picture + _MARK + f"{checksums.picture} {checksums.carry}\n".encode()


def verified(content: bytes) -> bytes:
    """The picture without its checksums. Raises ValueError where it is not the one that they were made of."""
    picture, checksums = content[:-_LENGTH], _parsed(content[-_LENGTH:])
    if checksums is None or _sha256(picture) != checksums.picture:
        raise ValueError("the checksum is wrong")
    return picture


def checksums_at(path: Path) -> Checksums | None:
    """The checksums of a stored picture, of which no more than the end is read; None if that is damaged.

    Raises JobError.
    """
    return _parsed(read(path, last=_LENGTH))


def fits(path: Path, carry: bytes | None) -> bool:
    """Whether this was stored with the picture at `path`; None is nothing. Raises JobError."""
    checksums = checksums_at(path)
    return checksums is not None and checksums.fit_carry(carry)


def _parsed(end: bytes) -> Checksums | None:
    match = _FORM.fullmatch(end)
    return None if match is None else Checksums(match[1].decode(), match[2].decode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
