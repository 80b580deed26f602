"""What the benchmarks share: their setting, their tables, the clock, and the loss of a painting."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import vidstyle
from vidstyle.device import pick_device, pick_dtype
from vidstyle.image.convert import to_uint8
from vidstyle.job import JobStore
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.methods.style.painter import NeuralStyle
from vidstyle.options import EncodeOptions, RunOptions, split_settings
from vidstyle.options.losses import LOSSES
from vidstyle.pipeline.plan import Plan, Request
from vidstyle.pipeline.planning import make_plan
from vidstyle.pipeline.stored import load_painted
from vidstyle.types import Frame, Prior
from vidstyle.video.pictures import write_picture

SCRIPTS = Path(__file__).resolve().parent.parent
SAMPLES = SCRIPTS.parent / "sample_videos"
MIXED = (*LOSSES, "gram+patch")
"""Every style loss, and two of them together."""


@dataclass(frozen=True)
class Setting:
    """What is measured on what, from the command line; None where each benchmark has its own default.

    options: settings of vidstyle.stylize for every painting, such as steps=2.
    out: folder for pictures to look at.
    flow_weights: files of weights by the name of their estimator.
    """

    clip: Path | None = None
    style: Path = SAMPLES / "strokes.jpg"
    features: str = "bundled"
    device: str = "auto"
    size: int | None = None
    frames: int | None = None
    repeats: int = 3
    out: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    flow_weights: Mapping[str, Path] = field(default_factory=dict)

    def settings(self, **more: Any) -> dict[str, Any]:
        """Keyword arguments of vidstyle.stylize; `more` goes before what is set for all."""
        ours = {"features": self.features, "device": self.device, "size": self.size}
        return {**ours, **self.options, **more}

    @property
    def source(self) -> Path:
        """The clip to paint."""
        return self.clip or SAMPLES / "valley.mp4"

    def plan(self, folder: Path, *styles: Path, **more: Any) -> Plan:
        """The plan of painting the clip into `folder`, in these styles if any are given."""
        kinds = NeuralOptions, RunOptions, EncodeOptions
        (options, run, encode), _ = split_settings(self.settings(**more), (), *kinds)
        pictures = styles or (self.style,)
        return make_plan(Request(self.source, pictures, folder / "out.mp4", options, run, encode, say))

    def keep(self, name: str, pictures: Sequence[Tensor]) -> Path | None:
        """Write pictures float32 (3, H, W) in [0, 1] beside one another into `out`, where that is named."""
        if self.out is None:
            return None
        self.out.mkdir(parents=True, exist_ok=True)
        write_picture(self.out / name, to_uint8(torch.cat([*pictures], dim=2)))
        return self.out / name


@dataclass(frozen=True)
class Table:
    """Rows of figures; columns carry their units in their names.

    faults: what must not be, where a benchmark judges what it measures.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    notes: Sequence[str] = ()
    faults: Sequence[str] = ()

    def __str__(self) -> str:
        cells = [list(self.columns), *([_text(value) for value in row] for row in self.rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(self.columns))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells
        ]
        rule = "  ".join("-" * width for width in widths)
        return "\n".join([self.title, lines[0], rule, *lines[1:], *self.notes])


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return "/".join(_text(part) for part in value)
    return str(value)


def say(line: str) -> None:
    """A notice, kept apart from the tables."""
    print(f"  {line}", file=sys.stderr, flush=True)


class Clock:
    """Adds up the seconds of named stages, waiting for the device before and after each."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.seconds: dict[str, list[float]] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        started = self.now()
        yield
        self.seconds.setdefault(stage, []).append(self.now() - started)

    def now(self) -> float:
        if self.device.type != "cpu":
            getattr(torch, self.device.type).synchronize()
        return time.perf_counter()

    def total(self, stage: str) -> float:
        return sum(self.seconds.get(stage, ()))

    def least(self, stage: str) -> float:
        """The run that was disturbed least."""
        return min(self.seconds[stage])


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone at the end."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def machine(device: str) -> dict[str, Any]:
    """What the figures were measured on."""
    there = pick_device(device)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "device": torch.cuda.get_device_name(there) if there.type == "cuda" else there.type,
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "vectors": torch.backends.cpu.get_cpu_capability(),
        "precision": str(pick_dtype("auto", there)).removeprefix("torch."),
        "torch": torch.__version__,
        "load": load,
    }


def scaled_frames(plan: Plan, count: int) -> list[Frame]:
    """The first `count` frames at the size of the result."""
    return [plan.canvas.scaled(frame) for frame in plan.clip.frames(0, count)]


def first_frame(plan: Plan) -> Tensor:
    """The first frame as painters see it, on the device of the plan."""
    return plan.canvas.content(scaled_frames(plan, 1)[0])


def painter(plan: Plan) -> NeuralStyle:
    """The painter of a plan. What it makes once for all frames of the size is made, so that none times it."""
    made = plan.painter()
    assert isinstance(made, NeuralStyle)
    if made.options.color == "style":  # others make it anew for every shot
        for size, _ in made.schedule.levels(*plan.canvas.size):
            made.style_term(size)
    return made


def arithmetic(plan: Plan) -> str:
    """The features, and the precision of the network, in words."""
    return f"{plan.engine.weights.source.kind} features in {str(plan.engine.dtype).removeprefix('torch.')}"


def seen(image: Tensor, carry: Mapping[str, Tensor] | None = None) -> Prior:
    """A picture as the frame before, of which everything is still in view."""
    return Prior(image, torch.ones_like(image[:1]), carry or {})


class PaintingLoss:
    """The painting loss at a picture, in float32 and at its full size, whatever it was painted with."""

    def __init__(self, setting: Setting, folder: Path, **more: Any) -> None:
        # A painter's first step tells the loss where it begins: here at a prior that covers everything.
        exact = {"precision": "float32", "temporal_weight": 0.0, "next_steps": 1, "independent": False}
        self.painter = painter(setting.plan(folder, **(more | exact)))

    def __call__(self, image: Tensor, content: Tensor) -> dict[str, float]:
        """The weighted terms and, under "total", their sum. image, content: float32 (3, H, W) in [0, 1]."""
        losses = self.painter.paint(content, [seen(image)], seed=0).losses
        terms = {name: value for name, value in losses.items() if name != "temporal"}
        return {**terms, "total": sum(terms.values())}

    def likeness(self, image: Tensor, content: Tensor) -> tuple[float, float]:
        """Its style and its content term, without their weights."""
        terms, recipe = self(image, content), self.painter.recipe
        return terms["style"] / recipe.style, terms["content"] / recipe.content


def paint(
    setting: Setting, folder: Path, count: int, changes: Mapping[str, object]
) -> tuple[float, list[Tensor], list[int]]:
    """Seconds of the whole run, the painted frames as they were stored, and where shots start."""
    folder.mkdir()
    settings = setting.settings(frames=f":{count}", keep=True, job=str(folder / "job"), **changes)
    started = time.perf_counter()
    vidstyle.stylize(setting.source, setting.style, folder / "out.mp4", notice=say, **settings)
    seconds = time.perf_counter() - started
    store = JobStore.load(folder / "job")
    frames = store.of_pass(store.passes()[-1])
    return seconds, [load_painted(frames, index).image for index in frames.frames()], store.shot_starts()
