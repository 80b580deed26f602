"""Optical flow estimators: where each pixel of one frame was in another."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from vidstyle.device import kind_of
from vidstyle.errors import UsageError
from vidstyle.events import Notice, say_nothing
from vidstyle.flow import raft
from vidstyle.flow.classic import TVL1, DeepFlow, DISFlow, Farneback, NoFlow
from vidstyle.flow.epic import EpicFlow

__all__ = ["ESTIMATORS", "DISFlow", "FlowEstimator", "estimator_for", "make_estimator"]


class FlowEstimator(Protocol):
    """Estimates flow between two frames of one size; the same frames give the same flow, on any thread."""

    @property
    def name(self) -> str: ...

    @property
    def weights(self) -> Path | None:
        """The file that decides what it finds; None for one that is not learnt."""
        ...

    def prepared(self, weights: Path | None, device: str, notice: Notice) -> FlowEstimator:
        """The same with all that it needs found and loaded; see `make_estimator`."""
        ...

    def __call__(self, target: np.ndarray, source: np.ndarray) -> np.ndarray:
        """Where each pixel of `target` was in `source`.

        target, source: uint8 or uint16 (3, H, W), RGB, of any size from 1x1.

        Returns float32 (2, H, W), (dx, dy) in pixels, finite: target[y, x] shows what
        source[y + dy, x + dx] shows.
        """
        ...


# RAFT is loaded when it is first used.
_ALL: tuple[FlowEstimator, ...] = (
    DISFlow(),
    DISFlow("dis-fast", finest_scale=1, patch_stride=3, refinement_steps=5, smoothness=20.0),
    Farneback(),
    DeepFlow(),
    TVL1(),
    EpicFlow(),
    *map(raft.Raft, raft.NAMES),
    NoFlow(),
)
ESTIMATORS = {estimator.name: estimator for estimator in _ALL}


def estimator_for(name: str, weights: Path | str | None, device: str) -> str:
    """The estimator that `name` means: of "auto" raft on a GPU that has its weights, dis elsewhere.

    weights: a file for RAFT that was given; without one torchvision's count if they are here already.
    """
    if name != "auto":
        return name
    learnt = kind_of(torch.device(device)).queues and (weights is not None or raft.at_hand("raft"))
    return "raft" if learnt else "dis"


def make_estimator(
    name: str,
    weights: Path | str | None = None,
    device: str = "cpu",
    notice: Notice = say_nothing,
) -> FlowEstimator:
    """The estimator called `name`, with all that it needs found and loaded; "auto" see `estimator_for`.

    weights: a file for RAFT, else torchvision's own. device: where RAFT runs; the others run on the CPU.

    Raises UsageError for a name that does not exist, for weights that it has no use for, and where OpenCV
    lacks what it needs; WeightsError where weights cannot be had.
    """
    name = estimator_for(name, weights, device)
    if name not in ESTIMATORS:
        raise UsageError(f"--flow must be one of auto, {', '.join(ESTIMATORS)}, not {name!r}")
    return ESTIMATORS[name].prepared(Path(weights) if weights else None, device, notice)
