"""What every painter does with one option after another, on any device."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.methods.colour.small import untaught
from tests.methods.making import has_options, painter_of
from tests.methods.painters import halves, picture, tiny_network
from tests.methods.student.small import TINY
from tests.pretend import device
from vidstyle.events import StepInfo
from vidstyle.image.colour import palette
from vidstyle.looks.network import Student
from vidstyle.methods.base import Guided, Located
from vidstyle.methods.colour.learning import Lesson as ColourLesson
from vidstyle.methods.colour.learning import Training as ColourTraining
from vidstyle.methods.colour.network import CHANNELS
from vidstyle.methods.registry import METHODS, command
from vidstyle.methods.student.training import Lesson as StudentLesson
from vidstyle.methods.student.training import Training as StudentTraining
from vidstyle.options.losses import LOSSES
from vidstyle.types import Draft, Painted, Prior

Case = tuple[str, dict[str, Any]]
"""A method's name and its options; "regions" among them for that many regions of the style picture."""

_FEW, _MORE = 2, 7  # steps, by whose difference it is counted what one costs

# What the values of single options do not bring about.
_TOGETHER: tuple[dict[str, Any], ...] = (
    {"loss": "gram+patch", "patch_rotations": 1, "patch_scales": 1, "patch_stride": 2},
    {"init": "noise", "color": "match", "pooling": "max", "tv_weight": 0.0},
    {"tile_size": 64, "loss": "gram+wasserstein"},
    {"loss": "gram+patch+wasserstein", "regions": 2},
    {"photo": True},
    {"color": "histogram", "optimizer": "adam"},
    {"route": "warp", "color_only": True, "refine": True},
    {"scaling": "beta", "color": "content", "strength": (0.5,)},
    {"by": "diffusion", "follow": False},
)
_SELDOM: tuple[dict[str, Any], ...] = (
    {"photo": True, "regions": 2},
    {"tile_size": 64, "tile": True},
    {"temporal_loss": "smooth-l1", "optimizer": "lbfgs", "tolerance": 0.0},
    {"levels": 3, "match_size": 20},
    {"one_way": True, "threshold": 0.0},
)


def usual() -> Iterator[Case]:
    """Every method by itself, and with what single options do not bring about."""
    for name in METHODS:
        yield name, {}
        yield from _those_of(name, _TOGETHER)


def _those_of(name: str, several: Iterable[dict[str, Any]]) -> Iterator[Case]:
    for settings in several:
        own = {key: value for key, value in settings.items() if key != "regions"}
        if has_options(command(name).options, own):
            yield name, settings


def single() -> Iterator[Case]:
    """Every method with every value of options that have few, with regions by each loss, and what is left."""
    for name in METHODS:
        yield from _those_of(name, _SELDOM)
        kind = command(name).options
        for spec in fields(kind):
            if isinstance(spec.default, bool) and spec.name != "compile":  # for which nothing can compile
                yield name, {spec.name: not spec.default}
            for choice in spec.metadata["choices"] or ():
                if choice != spec.default:
                    yield name, {spec.name: choice}
        if has_options(kind, {"loss": "gram"}):
            yield from ((name, {"loss": loss}) for loss in LOSSES if loss != "gram")
            yield from ((name, {"loss": loss, "regions": 2}) for loss in LOSSES)


def painted_by(case: Case, folder: Path, there: str | torch.device) -> dict[str, Tensor]:
    """Three frames of a pass and one of the next, each with what the one before left, and their carries."""
    name, settings = case
    size = _size(settings)
    painter = painter_of(name, folder, device=there, **settings)
    if "regions" in settings and isinstance(painter, Guided):
        painter = painter.guided(halves(*size).to(there))
    found: dict[str, Tensor] = {}
    priors: list[Prior] = []
    draft: Draft | None = None
    drafts: list[Draft] = []
    # What is painted by where it lies in a clip has a second pass only there.
    for at in range(3 if isinstance(painter, Located) else 4):
        content = picture(*size, seed=at % 3).to(there)
        painted = painter.paint(content, priors, at, draft)
        found |= {f"{at}": painted.image} | {f"{at} {name}": each for name, each in painted.carry.items()}
        priors = [_prior(painted, at, there)]
        drafts.append(Draft(painted.image, 2, _kept(painted)))
        draft = drafts[0] if at == 2 else None
    return {key: each.detach().cpu() for key, each in found.items()}


def _size(settings: Mapping[str, Any]) -> tuple[int, int]:
    """Height and width of what is painted: two tiles where there are any."""
    return (24, 66) if "tile_size" in settings else (16, 24)


def _prior(painted: Painted, at: int, there: str | torch.device) -> Prior:
    """As the spine makes it: picture, weight and vectors on the device, what is carried as it is stored."""
    size = painted.image.shape[1:]
    weight = (picture(*size, seed=20 + at)[:1] > 0.3).float()
    vectors = 3 * (picture(*size, seed=30 + at)[:2] - 0.5)
    return Prior(painted.image, weight.to(there), _kept(painted), vectors.to(there))


def _kept(painted: Painted) -> dict[str, Tensor]:
    return {name: each.detach().cpu() for name, each in painted.carry.items()}


def apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """The largest difference of tensors or arrays by name; infinite where there are others."""
    pairs = [(torch.as_tensor(one[key]), torch.as_tensor(other[key])) for key in one if key in other]
    if one.keys() != other.keys() or any(a.shape != b.shape for a, b in pairs):
        return math.inf
    return max(float((a.double() - b.double()).abs().max()) for a, b in pairs if a.numel())


def _counted(name: str) -> set[str]:
    """The options of a method that say how often something is done."""
    return {spec.name for spec in fields(command(name).options)} & {"steps", "next_steps", "sweeps"}


def stalls_a_step(name: str, folder: Path, there: torch.device, **settings: Any) -> dict[str, float]:
    """By place in the package: how often the host waits for the device in each further step of two frames.

    Steps are those that an observer sees; where it sees none, what the options count.
    """
    found = []
    for count in (_FEW, _MORE):
        device.stalls.clear()
        steps: list[StepInfo] = []
        counts = dict.fromkeys(_counted(name), count)
        painter = painter_of(name, folder, device=there, observer=steps.append, **settings, **counts)
        size = _size(settings)
        first = painter.paint(picture(*size).to(there), [], 1)
        painter.paint(picture(*size, seed=1).to(there), [_prior(first, 0, there)], 2)
        found.append((device.stalls.copy(), len(steps)))
    (few, fewer_steps), (more, more_steps) = found
    steps_between = more_steps - fewer_steps or _MORE - _FEW
    grown = {" ".join(key): (more[key] - few[key]) / steps_between for key in more}
    return {key: count for key, count in grown.items() if count > 0}


def searching(name: str) -> Iterator[dict[str, Any]]:
    """Options of a method by which it searches in one way after another, until all steps are made."""
    if not _counted(name):
        return
    steady = {"tolerance": 0.0}
    each = [{}, {"photo": True}, *({"loss": loss} for loss in LOSSES if loss != "gram")]
    each += [{"optimizer": "adam", "temporal_loss": "smooth-l1"}, {"tile_size": 64}]
    for settings in each:
        if has_options(command(name).options, settings):
            yield settings | (steady if has_options(command(name).options, steady) else {})


def _student(there: torch.device, folder: Path) -> dict[str, Any]:
    lessons = [StudentLesson(picture(40, 50, i), 1 - picture(40, 50, i), 0) for i in range(2)]
    network = tiny_network().to(there)
    torch.manual_seed(1)
    student = Student(TINY).to(there)
    training = StudentTraining(student, network, lessons, [palette(picture(9, 9))], steps=_MORE)
    return {"a_step": _a_step(training.step)}


def _colours(there: torch.device, folder: Path) -> dict[str, Any]:
    seen = {layer: torch.rand(channels, 4, 4) for layer, channels in CHANNELS.items()}
    lessons = [ColourLesson(seen, 20 * torch.rand(2, 4, 4)) for _ in range(2)]
    training = ColourTraining(untaught().requires_grad_(True).to(there), lessons, steps=_MORE)
    return {"a_step": _a_step(training.step)}


def _a_step(step: Callable[[], object]) -> dict[str, float]:
    """Stalls of a step of training, after some."""
    for _ in range(_FEW):
        step()
    device.stalls.clear()
    for _ in range(_FEW, _MORE):
        step()
    return {" ".join(key): count / (_MORE - _FEW) for key, count in device.stalls.items()}


TRAININGS = {"student": _student, "colours": _colours}
"""How what learns is taught: the stalls of a step, on a device, in a folder."""
