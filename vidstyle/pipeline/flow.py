"""Where a run's flow comes from, by its options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from vidstyle.errors import UsageError
from vidstyle.events import Notice
from vidstyle.flow.estimators import FlowEstimator, make_estimator
from vidstyle.flow.pair import EstimatedFlow, FlowSource, StoredFlow
from vidstyle.flow.stored import FlowFiles
from vidstyle.options import FlowOptions, RunOptions


def find_estimator(run: RunOptions | FlowOptions, device: torch.device, notice: Notice) -> FlowEstimator:
    """The estimator that the options ask for. Raises UsageError or WeightsError."""
    weights = Path(run.flow_weights) if run.flow_weights else None
    return make_estimator(run.flow, weights, str(device), notice)


def find_flow(run: RunOptions, device: torch.device, notice: Notice) -> FlowSource:
    """The source of flow that the options ask for. Raises UsageError, WeightsError or InputError."""
    how: dict[str, Any] = {"dilate": run.trust_dilate, "soften": run.trust_soften, "history": run.history}
    if run.flow_dir is None:
        return EstimatedFlow(find_estimator(run, device, notice), run.flow_size, **how)
    if run.flow_weights or run.flow_size:
        name = "--flow-weights" if run.flow_weights else "--flow-size"
        raise UsageError(f"{name} is for estimating flow, and --flow-dir reads it; give one of the two")
    return StoredFlow(FlowFiles(run.flow_dir), **how)
