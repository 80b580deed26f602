"""What the spine asks of neural style."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from vidstyle.image.convert import on_paper
from vidstyle.methods.base import Engine, Inputs, Method, Source
from vidstyle.methods.guidance import open_guidance
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.methods.style.painter import NeuralStyle
from vidstyle.methods.tiling import tiled_within_memory
from vidstyle.options import RunOptions
from vidstyle.video.clip import Clip
from vidstyle.video.pictures import read_picture


@dataclass(frozen=True, eq=False)
class StyleInputs(Inputs):
    """init: the picture that a shot starts from, float32 (3, H, W) in [0, 1], where the options name one."""

    init: Tensor | None = None


class Style(Method):
    """Neural style: see `painter`."""

    def fitted(self, options: NeuralOptions, width: int, height: int, engine: Engine) -> NeuralOptions:
        return tiled_within_memory(
            options, width, height, engine, lambda recipe: options.content_layers or recipe.content_layers
        )

    def open(self, options: NeuralOptions, source: Source) -> StyleInputs:
        notice = source.engine.notice
        start = None if options.starts_plainly else on_paper(*read_picture(options.init, notice))
        guidance = open_guidance(options, source.clip, source.pictures, source.start, source.stop)
        return StyleInputs(options, super().open(options, source).pictures, guidance, init=start)

    def quicker(self, options: NeuralOptions, run: RunOptions, clip: Clip) -> str:
        able = clip.kind != "still" and run.passes == 1 and options.unlearnable is None
        return "--fast" if able else ""

    def painter(self, inputs: StyleInputs, engine: Engine) -> NeuralStyle:
        network = engine.network(inputs.options.pooling)
        return NeuralStyle(
            network,
            engine.recipe(network),
            engine.moved(inputs.pictures),
            inputs.options,
            None if inputs.init is None else inputs.init.to(engine.device),
            engine.observer,
            engine.moved(inputs.regions),
            engine.notice,
        )


METHOD = Style()
