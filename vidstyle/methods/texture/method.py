"""What the spine asks of texture synthesis."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from vidstyle.methods.base import Engine, Inputs, Method, Source
from vidstyle.methods.guidance import open_guidance
from vidstyle.methods.styleterm import lacking
from vidstyle.methods.texture.motion import Motion
from vidstyle.methods.texture.options import TextureOptions
from vidstyle.methods.texture.painter import Texture
from vidstyle.methods.tiling import LIGHTER, narrower_tiles, tiled_within_memory
from vidstyle.options import RunOptions
from vidstyle.video.blank import BlankClip
from vidstyle.video.reader import open_clip


class TextureSynthesis(Method):
    """See `painter`. What is painted is no clip; it has the size of a doodle, or that which is asked for."""

    lighter = LIGHTER

    def clip(
        self, options: TextureOptions, path: Path | None, fps: Fraction | None, run: RunOptions
    ) -> tuple[TextureOptions, BlankClip]:
        if options.size is None:
            drawn = options if options.labels is None else open_clip(options.labels, raw=True)
            options = replace(options, size=f"{drawn.width}x{drawn.height}")
        return options, BlankClip(options.width, options.height, options.frames, fps)

    def flow(self, options: TextureOptions) -> Motion:
        return Motion(options.width, options.height, options.frames, options.motion, options.tile)

    def fitted(self, options: TextureOptions, width: int, height: int, engine: Engine) -> TextureOptions:
        return tiled_within_memory(options, width, height, engine)

    def narrower(self, options: TextureOptions, width: int, height: int) -> TextureOptions | None:
        return narrower_tiles(options, width, height)

    def open(self, options: TextureOptions, source: Source) -> Inputs:
        guidance = open_guidance(options, source.clip, source.pictures, source.start, source.stop)
        return Inputs(options, super().open(options, source).pictures, guidance)

    def painter(self, inputs: Inputs, engine: Engine) -> Texture:
        network = engine.network(inputs.options.pooling, compiled=inputs.options.compile)
        for line in dict.fromkeys(map(lacking, inputs.pictures)):
            if line is not None:
                engine.notice(line)
        return Texture(
            network,
            engine.recipe(network),
            engine.moved(inputs.pictures),
            inputs.options,
            engine.observer,
            engine.moved(inputs.regions),
        )


METHOD = TextureSynthesis()
