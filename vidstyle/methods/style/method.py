"""What the spine asks of neural style."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vidstyle.image.convert import on_paper
from vidstyle.looks.brush import Brush
from vidstyle.looks.look import Look, look_named, read_look
from vidstyle.looks.noise import no_drift
from vidstyle.looks.recolouring import colours_after
from vidstyle.methods.base import Engine, Inputs, Method, Source, Work
from vidstyle.methods.guidance import open_guidance
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.methods.style.painter import NeuralStyle
from vidstyle.methods.style.schedule import Schedule
from vidstyle.methods.tiling import LIGHTER, narrower_tiles, tiled_within_memory
from vidstyle.options import RunOptions
from vidstyle.video.clip import Clip
from vidstyle.video.pictures import read_picture


@dataclass(frozen=True, eq=False)
class StyleInputs(Inputs):
    """init: what a shot starts from, if the options name a file: a picture, float32 (3, H, W), or a look."""

    init: Tensor | Look | None = None


class Style(Method):
    """Neural style: see `painter`."""

    lighter = LIGHTER

    def fitted(self, options: NeuralOptions, width: int, height: int, engine: Engine) -> NeuralOptions:
        return tiled_within_memory(
            options, width, height, engine, lambda recipe: options.content_layers or recipe.content_layers
        )

    def narrower(self, options: NeuralOptions, width: int, height: int) -> NeuralOptions | None:
        return narrower_tiles(options, width, height)

    def open(self, options: NeuralOptions, source: Source) -> StyleInputs:
        notice = source.engine.notice
        start: Tensor | Look | None = None
        contents: dict[str, Any] = {}
        if options.starts_by_look:
            start = read_look(look_named(options.init))
            contents["init"] = {"name": Path(options.init).name, "digest": start.digest}
        elif not options.starts_plainly:
            start = on_paper(*read_picture(options.init, notice))
        guidance = open_guidance(options, source.clip, source.pictures, source.start, source.stop)
        pictures = super().open(options, source).pictures
        return StyleInputs(options, pictures, guidance, contents=contents, init=start)

    def quicker(self, options: NeuralOptions, run: RunOptions, clip: Clip) -> str:
        able = clip.kind != "still" and run.passes == 1 and options.unlearnable is None
        return "--fast" if able else ""

    def work(self, options: NeuralOptions, width: int, height: int) -> Work:
        schedule = Schedule(options)
        levels = schedule.levels(height, width)
        first = sum(rows * columns * search.steps for (rows, columns), search in levels)
        return Work(first, first if options.independent else width * height * schedule.after)

    def painter(self, inputs: StyleInputs, engine: Engine) -> NeuralStyle:
        network = engine.network(inputs.options.pooling, compiled=inputs.options.compile)
        return NeuralStyle(
            network,
            engine.recipe(network),
            engine.moved(inputs.pictures),
            inputs.options,
            _start(inputs.init, engine),
            engine.observer,
            engine.moved(inputs.regions),
            engine.notice,
        )


def _start(init: Tensor | Look | None, engine: Engine) -> Tensor | Callable[[Tensor], Tensor] | None:
    """As the painter takes it."""
    if not isinstance(init, Look):
        return None if init is None else init.to(engine.device)
    brush = Brush(init, engine.device, engine.dtype)

    @torch.no_grad()
    def painted(subject: Tensor) -> Tensor:
        drift = no_drift(subject.shape[1], subject.shape[2], subject.device)
        return brush.new(subject, drift, colours_after(None, subject))

    return painted


METHOD = Style()
