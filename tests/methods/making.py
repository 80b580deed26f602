"""Painters of every method, small, for the tests that all methods share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import torch

from tests.methods.painters import picture, tiny_weights
from vidstyle.events import Observer
from vidstyle.features.weights import Weights, WeightsFile
from vidstyle.image.labels import Palette
from vidstyle.methods.base import Engine, Inputs, Painter
from vidstyle.methods.guidance import Guidance
from vidstyle.methods.registry import command, method
from vidstyle.video.blank import BlankClip


def has_options(kind: type, settings: Mapping[str, object]) -> bool:
    """Whether this dataclass of options has all of these, and with these values."""
    choices = {spec.name: spec.metadata["choices"] for spec in fields(kind)}
    return all(k in choices and (not choices[k] or v in choices[k]) for k, v in settings.items())


def painter_of(
    name: str,
    folder: Path,
    *,
    device: str | torch.device = "cpu",
    regions: int = 0,
    observer: Observer | None = None,
    **settings: object,
) -> Painter:
    """A painter with a tiny network, one style picture and few steps.

    regions: how many columns of the style picture are regions of their own. What a method has read besides
    is made by `inputs` in small.py in the folder of its tests, from files in `folder`.
    """
    tiny = Weights(WeightsFile("vgg19", Path("tiny")), "f" * 64, tiny_weights(), {})
    engine = Engine(torch.device(device), torch.float32, lambda: tiny, lambda line: None, observer)
    kind = command(name).options
    names = {spec.name for spec in fields(kind)}
    quick = {name: 3 for name in ("steps", "next_steps", "sweeps") if name in names}
    options = kind(**(quick | settings))
    exemplars = [picture(30, 41, seed=9)]
    guidance = None
    if regions:
        maps = torch.eye(regions).view(regions, 1, regions)
        guidance = Guidance(BlankClip(8, 8, 1), Palette((), exact=True), (maps,))
    inputs = _small_inputs(name)(options, exemplars, guidance, folder)
    return method(name).painter(inputs, engine)


def _small_inputs(name: str) -> Callable[..., Inputs]:
    if find_spec(f"tests.methods.{name}.small") is None:
        return lambda options, pictures, guidance, folder: Inputs(options, pictures, guidance)
    made: Callable[..., Inputs] = import_module(f"tests.methods.{name}.small").inputs
    return made
