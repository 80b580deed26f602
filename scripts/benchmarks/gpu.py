"""All that is claimed of painting on a GPU, on whatever device there is, in minutes: one table in Markdown.

Painters are called by themselves, and no file of video is read: no PyAV is needed. What is late is left out,
and what fails does not keep the rest from being measured; the table says so.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from benchmarks.common import SAMPLES, Clock, Setting, Table, machine, say, scratch
from vidstyle.device import pick_device, pick_dtype
from vidstyle.errors import VidstyleError, is_out_of_memory
from vidstyle.features.recipes import recipe_for
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import Weights, find, load
from vidstyle.flow.estimators import FlowEstimator, make_estimator
from vidstyle.image.convert import to_float
from vidstyle.image.resize import fit, resize
from vidstyle.image.warp import in_frame, warp
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.methods.style.painter import NeuralStyle
from vidstyle.types import Painted, Prior
from vidstyle.video.pictures import read_picture

BUDGET_SECONDS = 440
"""After which nothing is begun: with the slowest part under way it is less than eight minutes."""
COLUMNS = ("what", "at", "figure", "unit", "peak memory, MB", "check")
SHIFT = 3
"""Pixels by which everything moves to the left from frame to frame."""
_LEAST_CHANGE = 0.01  # mean absolute difference from the frame, of anything painted

Size = tuple[int, int]
"""(width, height)"""
Made = TypeVar("Made")


@dataclass(frozen=True)
class Row:
    """A figure, and what is wrong with what was made: "" for nothing, None where nothing is judged."""

    what: str
    at: str
    figure: float | str
    unit: str = "s"
    memory: float | None = None
    fault: str | None = None

    @property
    def cells(self) -> tuple[str | float | None, ...]:
        check = "" if self.fault is None else self.fault or "ok"
        return self.what, self.at, self.figure, self.unit, self.memory, check


class Late(Exception):
    """Something would take longer than there is time."""


@dataclass(frozen=True)
class Sizes:
    """What is painted at which size, as it is claimed."""

    style: Size = (1024, 436)
    analogy: Size = (448, 448)
    dfi: Size = (200, 200)
    student: Size = (1920, 1080)
    large: Size = (3840, 2160)
    agreement: Size = (160, 96)

    def within(self, longest: int | None) -> Sizes:
        """The same, no longer than so many pixels."""
        if longest is None:
            return self
        sizes = {name: fit(*size, min(max(size), longest)) for name, size in vars(self).items()}
        return Sizes(**sizes)


class Bench:
    """What all parts share: the device, the weights, pictures, the clock, and how much time is left."""

    def __init__(self, setting: Setting, budget: float = BUDGET_SECONDS) -> None:
        self.setting = setting
        self.device = pick_device(setting.device)
        self.dtype = pick_dtype("auto", self.device)
        self.sizes = Sizes().within(setting.size)
        self.clock = Clock(self.device)
        self.step = 0.0  # seconds of one of the style's steps, once that is measured
        self._end = time.monotonic() + budget

    @property
    def left(self) -> float:
        """Seconds."""
        return self._end - time.monotonic()

    @cached_property
    def weights(self) -> Weights:
        """Of the feature network: what was asked for, or what is there."""
        return load(find(self.setting.features, notice=say))

    @cached_property
    def style(self) -> Tensor:
        return to_float(read_picture(self.setting.style)[0])

    @cached_property
    def _scene(self) -> Tensor:
        return to_float(read_picture(SAMPLES / "dusk.jpg")[0])

    def frame(self, size: Size, number: int = 0) -> Tensor:
        """Of a clip in which all moves by `SHIFT` pixels a frame: float32 (3, H, W) in [0, 1], on the CPU."""
        width, height = size
        wide = resize(self._scene, (height, width + 8 * SHIFT))
        return wide[:, :, number * SHIFT : number * SHIFT + width].contiguous()

    def network(
        self, pooling: str = "max", device: torch.device | None = None, dtype: torch.dtype | None = None
    ) -> VGG:
        return VGG(self.weights.tensors, pooling).to(device or self.device, dtype or self.dtype)

    def measured(self, make: Callable[[], Made], of: float = 1.0) -> tuple[Made, float, float | None]:
        """What is made, the seconds of each of the `of` things that are, and the peak of memory in MB."""
        reset_peak(self.device)
        started = self.clock.now()
        made = make()
        return made, (self.clock.now() - started) / of, peak_megabytes(self.device)

    def in_time(self, seconds: float) -> None:
        """Raise Late for what would take longer than is left."""
        if seconds > self.left:
            raise Late(f"left out: it would take about {seconds:.0f} s, and {max(0, self.left):.0f} are left")


def run(setting: Setting, budget: float = BUDGET_SECONDS) -> list[Table]:
    """Sizes are as claimed, and no longer than `setting.size`. The table is kept in `setting.out`, or here.

    budget: seconds after which no part is begun.
    """
    from benchmarks import gpu_agreement, gpu_parts

    started = time.monotonic()
    bench, rows = Bench(setting, budget), list[Row]()
    path = (setting.out or Path.cwd()) / "gpu.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    for part in (gpu_agreement.all_of_it, *gpu_parts.PARTS):
        for row in _rows_of(part, bench):
            say(" | ".join("" if cell is None else f"{cell}" for cell in row.cells))
            rows.append(row)
            # After every row, so that a run that is cut off leaves what it has found.
            path.write_text(f"{_table(bench, rows, time.monotonic() - started)}\n")
    return [_table(bench, rows, time.monotonic() - started)]


def _rows_of(part: Callable[[Bench], Iterator[Row]], bench: Bench) -> Iterator[Row]:
    name = part.__name__.replace("_", " ")
    if bench.left <= 0:
        yield Row(name, "", "left out: the time is up", "")
        return
    try:
        yield from part(bench)
    except Late as late:
        yield Row(name, "", str(late), "")
    except Exception as error:  # whatever it is, the other parts are to be measured
        if not isinstance(error, VidstyleError):
            traceback.print_exc(file=sys.stderr)
        kind = "out of memory" if is_out_of_memory(error) else type(error).__name__
        yield Row(
            name, "", "", "", fault=f"failed: {kind}: {str(error).splitlines()[0] if str(error) else ''}"
        )
    finally:
        if bench.device.type == "cuda":
            torch.cuda.empty_cache()


class Markdown(Table):
    """A table as Markdown has it."""

    def __str__(self) -> str:
        rule = ["---"] * len(self.columns)
        lines = [self.columns, rule, *([_cell(value) for value in row] for row in self.rows)]
        rows = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return "\n\n".join([f"**{self.title}**", *self.notes, rows])


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value).replace("|", "/")


def _table(bench: Bench, rows: list[Row], seconds: float) -> Markdown:
    there = ", ".join(f"{name} {value}" for name, value in machine(bench.setting.device).items())
    faults = [f"{row.what}: {row.fault}" for row in rows if row.fault]
    source = bench.weights.source
    features = f"features: {source.kind} {source.path.name}" + (f"; {source.note}" if source.note else "")
    notes = [there, features, f"{len(faults)} of {len(rows)} rows have a fault" if faults else "no fault"]
    title = f"gpu: {seconds:.0f} s in all"
    return Markdown(title, COLUMNS, [row.cells for row in rows], notes, faults=faults)


def reset_peak(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_megabytes(device: torch.device) -> float | None:
    """The most that tensors have taken since `reset_peak`; on MPS what is taken now; None on the CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e6
    return torch.mps.driver_allocated_memory() / 1e6 if device.type == "mps" else None


def fault_of(image: Tensor, content: Tensor) -> str:
    """What is wrong with a painted frame: it must be finite, in range, and not the frame itself."""
    image, content = image.cpu(), content.cpu()
    if not bool(image.isfinite().all()):
        return "not finite"
    if float(image.min()) < 0 or float(image.max()) > 1:
        return "out of range"
    return "" if float((image - content).abs().mean()) > _LEAST_CHANGE else "the frame as it was"


def next_prior(painted: Painted) -> Prior:
    """A painted frame as the one before the next of `Bench.frame`, warped by the exact flow."""
    image = painted.image
    vectors = torch.zeros(2, *image.shape[1:], device=image.device)
    vectors[0] = SHIFT
    weight = in_frame(vectors, image.shape[1:]).float()
    return Prior(warp(image, vectors, "spline"), weight, painted.carry, vectors)


def asked(bench: Bench, kind: type[Any], **settings: Any) -> dict[str, Any]:
    """What is set for every painting, such as --quality, as far as a method has it, and `settings`."""
    names = {spec.name for spec in fields(kind)}
    return {name: value for name, value in bench.setting.options.items() if name in names} | settings


def neural(bench: Bench, network: VGG, **settings: Any) -> NeuralStyle:
    """Neural style by the style picture, on the device of the network."""
    device = next(network.parameters()).device
    options = NeuralOptions(**asked(bench, NeuralOptions, **settings))
    recipe = recipe_for(bench.weights.source.kind, network.layers, lambda line: None)
    return NeuralStyle(network, recipe, [bench.style.to(device)], options)


def untrained_raft(name: str, device: torch.device) -> FlowEstimator:
    """RAFT with random weights, the same on every call: what it finds means nothing, what it takes does."""
    from torchvision.models.optical_flow import raft_large, raft_small

    torch.manual_seed(0)
    network = (raft_small if name == "raft-small" else raft_large)(weights=None)
    with scratch() as folder:
        torch.save(network.state_dict(), folder / "untrained.pth")
        return make_estimator(name, folder / "untrained.pth", str(device))


def text_of(size: Size) -> str:
    return f"{size[0]}x{size[1]}"


def a_third(size: Size) -> Size:
    """For a trial before the whole."""
    return max(16, size[0] // 3), max(16, size[1] // 3)
