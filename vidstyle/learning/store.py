"""Where a job that teaches a network keeps what it has.

OUT.vidstyle/
    job.json, frames/ ...         as of any job; frames only where it paints a clip with what is learnt
    look.safetensors              likewise: what was learnt
    preview.png                   a picture, the painting to learn from, and what the network makes of it
    learning/
        pictures/0003.png         what is painted to learn from
        painted/0003.png          its painting, whose name is its done mark
        keys/                     of key frames: the job that paints them
        decided.json              by the clock of the first run, for all of them: how many pictures, steps ...
        checkpoint.safetensors    the network and all that its next step depends on
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor

from vidstyle.checkpoints import read_tensors
from vidstyle.errors import WeightsError
from vidstyle.job import JobStore
from vidstyle.job.files import output_error, write_state
from vidstyle.looks.shipped import SUFFIX
from vidstyle.plain import json_text, parse_json, read_plain


class LearningStore(JobStore):
    """The state of a job with that of what it teaches."""

    @property
    def look(self) -> Path:
        """Where the look is, or will be."""
        return self.look_in(self.directory)

    @staticmethod
    def look_in(directory: Path) -> Path:
        """Where that of a job in this directory is, or will be."""
        return directory / f"look{SUFFIX}"

    @property
    def preview(self) -> Path:
        """Where the user may look how far it is."""
        return self.directory / "preview.png"

    @property
    def pictures(self) -> Path:
        """The folder of what is painted to learn from."""
        return self.learning / "pictures"

    @property
    def keys(self) -> Path:
        """The directory of the job that paints key frames."""
        return self.learning / "keys"

    def picture(self, number: int) -> Path:
        """Of what is painted."""
        return self.pictures / f"{number:04d}.png"

    def painting(self, number: int) -> Path:
        """Of that picture; there once it is whole."""
        return self.learning / "painted" / f"{number:04d}.png"

    def decided(self, name: str) -> Any:
        """What an earlier run decided; None where none has."""
        return self._all_decided().get(name)

    def decide(self, **values: Any) -> None:
        """Later runs keep to these JSON values."""
        self._require_lock()
        write_state(self._decided, json_text(self._all_decided() | values).encode())

    def save(self, tensors: Mapping[str, Tensor]) -> None:
        """Keep a checkpoint in place of the one before, whole or not at all."""
        self._require_lock()
        write_state(self._checkpoint, save({name: each.cpu() for name, each in tensors.items()}))

    def checkpoint(self) -> dict[str, Tensor] | None:
        """The last one; None where there is none that can be read."""
        with suppress(WeightsError):
            return read_tensors(self._checkpoint)[0]
        return None

    def forget(self) -> None:
        """Begin to learn anew: what the look was learnt from has changed."""
        for path in (self.look, self.preview):
            path.unlink(missing_ok=True)
        self.drop_learning()
        self._make_folders()

    def progress(self) -> dict[str, int | None]:
        """How far it is, in numbers: what is painted and learnt, of how much, None where that is open."""
        found = self.checkpoint() or {}
        return {
            "pictures": len(list(self.painting(0).parent.glob("*.png"))),
            "pictures_total": self.decided("pictures"),
            "steps": int(found["at"]) if "at" in found else 0,
            "steps_total": self.decided("steps"),
        }

    @property
    def _decided(self) -> Path:
        return self.learning / "decided.json"

    @property
    def _checkpoint(self) -> Path:
        return self.learning / "checkpoint.safetensors"

    def _take_over(self, restart: bool) -> None:
        super()._take_over(restart)
        self._make_folders()

    def _make_folders(self) -> None:
        for folder in (self.pictures, self.painting(0).parent):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise output_error(folder, error) from error

    def _clear(self) -> None:
        super()._clear()
        for path in (self.look, self.preview):
            path.unlink(missing_ok=True)

    def _all_decided(self) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            found = parse_json(read_plain(self._decided))
            if isinstance(found, dict):
                return found
        return {}
