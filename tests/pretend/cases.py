"""What every painter does with one option after another, on any device."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.methods.making import has_options, painter_of
from tests.methods.painters import halves, picture
from vidstyle.methods.base import Guided, Located
from vidstyle.methods.registry import METHODS, command
from vidstyle.options.losses import LOSSES
from vidstyle.types import Draft, Painted, Prior

Case = tuple[str, dict[str, Any]]
"""A method's name and its options; "regions" among them for that many regions of the style picture."""

# What the values of single options do not bring about.
_TOGETHER: tuple[dict[str, Any], ...] = (
    {"loss": "gram+patch", "patch_rotations": 1, "patch_scales": 1, "patch_stride": 2},
    {"init": "noise", "tv_weight": 0.0},
    {"tile_size": 64, "loss": "gram+wasserstein"},
    {"tile_size": 64, "tile": True},
    {"photo": True, "regions": 2},
    {"temporal_loss": "smooth-l1", "optimizer": "lbfgs", "tolerance": 0.0},
    {"route": "warp", "color_only": True, "refine": True},
    {"levels": 3, "match_size": 20},
    {"one_way": True, "threshold": 0.0},
    {"scaling": "beta", "color": "content", "strength": (0.5,)},
    {"by": "diffusion", "follow": False},
)


def cases() -> Iterator[Case]:
    """Every method by itself, with every value of options that have few, and with regions by each loss."""
    for name in METHODS:
        yield name, {}
        kind = command(name).options
        for spec in fields(kind):
            if isinstance(spec.default, bool):
                yield name, {spec.name: not spec.default}
            for choice in spec.metadata["choices"] or ():
                if choice != spec.default:
                    yield name, {spec.name: choice}
        if has_options(kind, {"loss": "gram"}):
            yield from ((name, {"loss": loss}) for loss in LOSSES if loss != "gram")
            yield from ((name, {"loss": loss, "regions": 2}) for loss in LOSSES)
        for settings in _TOGETHER:
            if has_options(kind, {key: value for key, value in settings.items() if key != "regions"}):
                yield name, settings


def painted_by(case: Case, folder: Path, device: str | torch.device) -> dict[str, Tensor]:
    """Three frames of a pass and one of the next, each with what the one before left, and their carries."""
    name, settings = case
    size = (70, 90) if "tile_size" in settings else (24, 32)
    painter = painter_of(name, folder, device=device, **settings)
    if "regions" in settings and isinstance(painter, Guided):
        painter = painter.guided(halves(*size).to(device))
    found: dict[str, Tensor] = {}
    priors: list[Prior] = []
    draft: Draft | None = None
    drafts: list[Draft] = []
    # What is painted by where it lies in a clip has a second pass only there.
    for at in range(3 if isinstance(painter, Located) else 4):
        content = picture(*size, seed=at % 3).to(device)
        painted = painter.paint(content, priors, at, draft)
        found |= {f"{at}": painted.image} | {f"{at} {name}": each for name, each in painted.carry.items()}
        priors = [_prior(painted, at, device)]
        drafts.append(Draft(painted.image, 2, _kept(painted)))
        draft = drafts[0] if at == 2 else None
    return {key: each.detach().cpu() for key, each in found.items()}


def _prior(painted: Painted, at: int, device: str | torch.device) -> Prior:
    """As the spine makes it: picture, weight and vectors on the device, what is carried as it is stored."""
    size = painted.image.shape[1:]
    weight = (picture(*size, seed=20 + at)[:1] > 0.3).float()
    vectors = 3 * (picture(*size, seed=30 + at)[:2] - 0.5)
    return Prior(painted.image, weight.to(device), _kept(painted), vectors.to(device))


def _kept(painted: Painted) -> dict[str, Tensor]:
    return {name: each.detach().cpu() for name, each in painted.carry.items()}


def apart(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    """The largest difference of all values; infinite where there are other ones."""
    if one.keys() != other.keys() or any(one[key].shape != other[key].shape for key in one):
        return math.inf
    differences = [(one[key].double() - other[key].double()).abs().max() for key in one if one[key].numel()]
    return float(torch.stack(differences).max())
