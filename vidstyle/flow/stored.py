"""Where stored flow lies: the names of flow files and masks, those of this program or of any other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

import numpy as np
import torch

from vidstyle.errors import InputError, UsageError
from vidstyle.flow.files import read_flo, read_pgm
from vidstyle.image.resize import resize, resize_flow

_FULL_TRUST = 254  # the released program of Ruder et al. stores certainty so; brighter is as certain


@dataclass(frozen=True, slots=True)
class FlowFiles:
    """Flow files of a clip, by the numbers of the frames they lie between, counted from 0.

    place: a folder, with the names of the released program of Ruder et al.: `forward_3_5.flo` lies on the
        grid of frame 3 and leads to frame 5, `backward_5_3.flo` the other way; `reliable_5_3.pgm` says how
        far to trust the latter. Or a pattern with {target}, the frame on whose grid the flow lies, and
        {source}, the frame that it leads to, in Python's format: `flows/{target:04d}_to_{source:04d}.flo`.

    Raises UsageError for a pattern that does not name just these two, InputError for a folder that is not
    there.
    """

    place: str

    def __post_init__(self) -> None:
        if not self.is_pattern:
            if not Path(self.place).is_dir():
                raise InputError(f"the folder of flow files {self.place} does not exist")
            return
        try:
            named = {name for _, name, _, _ in Formatter().parse(self.place) if name is not None}
            self.flow(1, 0)
        except (ValueError, KeyError, IndexError, AttributeError):
            named = set()
        if named != {"target", "source"}:
            raise UsageError(
                f"--flow-dir {self.place}: a pattern needs {{target}} and {{source}}, the frame that the "
                "flow lies on and the one it leads to, as in flows/{target:04d}_to_{source:04d}.flo"
            )

    @property
    def is_pattern(self) -> bool:
        return "{" in self.place and not Path(self.place).is_dir()

    def flow(self, target: int, source: int) -> Path:
        """The file of the flow on the grid of frame `target` that leads to frame `source`."""
        if self.is_pattern:
            return Path(self.place.format(target=target, source=source))
        way = "forward" if target < source else "backward"
        return Path(self.place) / f"{way}_{target}_{source}.flo"

    def mask(self, target: int, source: int) -> Path:
        """The file that says how far to trust that flow; there need be none."""
        return self.flow(target, source).with_name(f"reliable_{target}_{source}.pgm")

    def check(self, target: int, source: int) -> Path:
        """The file of that flow. Raises InputError where there is none."""
        path = self.flow(target, source)
        if not path.is_file():
            raise InputError(f"the flow file {path} is missing; {self._remedy(target, source)}")
        return path

    def first(self, pairs: Iterable[tuple[int, int]]) -> Path | None:
        """The flow file of the first of some (target, source) that has one."""
        return next((path for pair in pairs if (path := self.flow(*pair)).is_file()), None)

    def vectors(self, target: int, source: int, size: tuple[int, int]) -> np.ndarray:
        """The flow, float32 (2, H, W), (dx, dy) in pixels, scaled to `size`, (H, W).

        Raises InputError where it is missing or broken.
        """
        return resize_flow(torch.from_numpy(read_flo(self.check(target, source))), size).numpy()

    def weight(self, target: int, source: int, size: tuple[int, int]) -> np.ndarray | None:
        """The mask of the flow, float32 (1, H, W) in [0, 1], scaled to `size`, (H, W); None if there is none.

        Raises MediaError where it is broken.
        """
        path = self.mask(target, source)
        if not path.is_file():
            return None
        mask = np.minimum(read_pgm(path), _FULL_TRUST)[None].astype(np.float32) / _FULL_TRUST
        return resize(torch.from_numpy(mask), size).numpy()

    def _remedy(self, target: int, source: int) -> str:
        if self.is_pattern:
            return f"put it there, or let vidstyle estimate flow (no --flow-dir); the pattern is {self.place}"
        command = f"vidstyle flow INPUT -o {self.place} --distance {abs(target - source)}"
        return f"write it with: {command} (and --no-cuts if it took this for a cut)"
