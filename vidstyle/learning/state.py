"""Where a job of learning keeps what it has: what it decided, what was painted, how far the network is.

OUT.vidstyle/
    job.json                  as of any job
    pictures/0003.png         what is painted, and 0003_painted.png, whose name is its done mark
    decided.json              how many pictures and steps: by the clock of the first run, for all of them
    checkpoint.safetensors    the network and all that its next step depends on
    preview.png               a picture, the painting to learn from, and what the network makes of it
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor

from vidstyle.checkpoints import read_tensors
from vidstyle.errors import JobMismatch, WeightsError
from vidstyle.job import FORMAT, LOCK, Lock, differences
from vidstyle.job.files import write_state
from vidstyle.job.fingerprint import as_json
from vidstyle.job.record import JOB, mismatch, read_job, refuse_foreign, write_job
from vidstyle.plain import json_text, parse_json, read_plain

_DECIDED, _CHECKPOINT = "decided.json", "checkpoint.safetensors"


class LearningState:
    """The state on disk, locked until it is closed. Raises JobError, JobMismatch or JobBusy."""

    def __init__(
        self, directory: Path, fingerprint: Mapping[str, Any], settings: Mapping[str, Any], *, restart: bool
    ) -> None:
        refuse_foreign(directory)
        self.pictures = directory / "pictures"
        self.directory = directory
        self.pictures.mkdir(parents=True, exist_ok=True)
        self._lock = Lock(directory / LOCK)
        try:
            self._take_over(as_json(fingerprint), as_json(settings), restart)
        except BaseException:
            self.close()
            raise

    def _take_over(self, fingerprint: dict[str, Any], settings: dict[str, Any], restart: bool) -> None:
        found = []
        if (self.directory / JOB).exists():
            found = differences(read_job(self.directory)["fingerprint"], fingerprint)
        if found and not restart:
            raise JobMismatch(mismatch(self.directory, found))
        if restart:
            self._clear()
        write_job(
            self.directory, {"format": FORMAT, "fingerprint": fingerprint, "settings": settings, "inode": 0}
        )

    def _clear(self) -> None:
        for path in [*self.pictures.glob("*.png"), *(self.directory / n for n in (_DECIDED, _CHECKPOINT))]:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the lock."""
        self._lock.release()

    def decided(self, name: str) -> Any:
        """What an earlier run decided; None where none has."""
        return self._all_decided().get(name)

    def decide(self, name: str, value: float) -> None:
        """Later runs keep to it."""
        write_state(self.directory / _DECIDED, json_text(self._all_decided() | {name: value}).encode())

    def _all_decided(self) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            found = parse_json(read_plain(self.directory / _DECIDED))
            if isinstance(found, dict):
                return found
        return {}

    def save(self, tensors: Mapping[str, Tensor]) -> None:
        """Keep a checkpoint in place of the one before, whole or not at all."""
        write_state(self.directory / _CHECKPOINT, save(dict(tensors)))

    def checkpoint(self) -> dict[str, Tensor] | None:
        """The last one; None where there is none that can be read."""
        with suppress(WeightsError):
            return read_tensors(self.directory / _CHECKPOINT)[0]
        return None
