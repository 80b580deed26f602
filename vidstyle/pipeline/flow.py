"""Where a run's flow comes from, by its options, and what of it makes the job this job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from vidstyle.errors import UsageError
from vidstyle.flow.estimators import FlowEstimator, make_estimator
from vidstyle.flow.pair import Estimated, FlowSource, Stored
from vidstyle.flow.raft import Raft
from vidstyle.flow.stored import FlowFiles
from vidstyle.job import file_entry
from vidstyle.options import FlowOptions, RunOptions
from vidstyle.types import Notice


def find_estimator(run: RunOptions | FlowOptions, device: torch.device, notice: Notice) -> FlowEstimator:
    """The estimator that the options ask for. Raises UsageError or WeightsError."""
    weights = Path(run.flow_weights) if run.flow_weights else None
    return make_estimator(run.flow, weights, str(device), notice)


def find_flow(run: RunOptions, device: torch.device, notice: Notice) -> FlowSource:
    """The source of flow that the options ask for. Raises UsageError, WeightsError or InputError."""
    masks = run.mask_dilate, run.mask_soften
    if run.flow_dir is None:
        return Estimated(find_estimator(run, device, notice), run.flow_size, *masks)
    if run.flow_weights or run.flow_size:
        name = "--flow-weights" if run.flow_weights else "--flow-size"
        raise UsageError(f"{name} is for estimating flow, and --flow-dir reads it; give one of the two")
    return Stored(FlowFiles(run.flow_dir), *masks)


def check_flow(source: FlowSource, frames: range, back: int) -> None:
    """Raises InputError where flow is to be read from files and not one of them is there.

    frames: those that want flow from `back` frames before.
    """
    if isinstance(source, Stored) and frames and _first_file(source, frames, back) is None:
        source.files.check(frames[0], frames[0] - back)


def flow_entry(source: FlowSource, frames: range, back: int) -> dict[str, Any]:
    """What of a source of flow belongs into the fingerprint of a job; only what is not the default.

    frames: those that want flow from `back` frames before.

    Flow files count by the content of the first that is there. Reading all of them would take as long as
    painting some frames, and a file that was missing and has been supplied must not make it another job; but
    flow of another estimator or another clip differs in every file.
    """
    entry: dict[str, Any] = {}
    if isinstance(source, Stored):
        first = _first_file(source, frames, back)
        entry["flow"] = file_entry(Path(source.files.place), [] if first is None else [first])
    elif isinstance(source, Estimated):
        entry["flow"] = source.estimator.name
        entry["flow_size"] = source.longest
        if isinstance(source.estimator, Raft) and source.estimator.weights is not None:
            entry["flow_weights"] = file_entry(source.estimator.weights)
    if isinstance(source, (Stored, Estimated)):
        entry["mask_dilate"], entry["mask_soften"] = source.dilate, source.soften
    # Jobs begun before there was such an option lack it, and are the same jobs.
    return {name: value for name, value in entry.items() if value}


def _first_file(source: Stored, frames: range, back: int) -> Path | None:
    # Where there is a cut between two frames there need be no flow.
    return source.files.first((index, index - back) for index in frames)
