"""What the spine asks of painting after key frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from vidstyle.device import total_memory
from vidstyle.errors import MediaError
from vidstyle.image.patchmatch import normalised
from vidstyle.methods.base import Basis, Engine, Inputs, Method, Painter, Source
from vidstyle.methods.keys.files import KeyFile, digest_of, find_keys
from vidstyle.methods.keys.guides import Features, Weights
from vidstyle.methods.keys.learnt import LearntPainter
from vidstyle.methods.keys.options import KeysOptions
from vidstyle.methods.keys.painter import KeyPainter
from vidstyle.methods.keys.plan import Missing, Sides
from vidstyle.methods.keys.source import KeyFrames
from vidstyle.types import Frame, Shot
from vidstyle.video.clip import Clip

_DRAFT = 0.25  # of the size, for a preview
# Bytes per pixel that matching holds, and its share of the machine's memory; by all of it, not what is free
# now, so that a resumed job is the same.
_BYTES, _SHARE = 1500, 0.5
_MOST_PIXELS = 1280 * 720  # of frames that are compared; in larger ones the flow itself is no finer
_LAYERS = ("relu3_1", "relu4_1")


@dataclass(frozen=True, eq=False, kw_only=True)
class KeysInputs(Inputs):
    """files: the key frames by their frames. filmed: a frame of the clip, by its index.

    learnt: makes what paints all other frames, where something has learnt to; it is asked once it has.
    """

    files: dict[int, KeyFile]
    filmed: Callable[[int], Frame]
    learnt: Callable[[Engine], Painter] | None = None

    @property
    def sides(self) -> Sides:
        """Which key frames are of which frames."""
        return Sides(self.files, self.options.missing == "nearest")


class KeysMethod(Method):
    """See `painter`."""

    quick = True
    revisited = True

    def longest(self, options: KeysOptions, clip: Clip) -> int:
        whole = max(clip.width, clip.height)
        return max(16, round(_DRAFT * whole)) if options.is_draft else whole

    def fitted(self, options: KeysOptions, width: int, height: int, engine: Engine) -> KeysOptions:
        """With a size of matching that fits into the memory, and no larger than gains anything."""
        if options.match_size is not None:
            return options
        total = total_memory(engine.device)
        pixels = _MOST_PIXELS if total is None else min(_MOST_PIXELS, _SHARE * total / _BYTES)
        if width * height <= pixels:
            return options
        longest = max(32, int(max(width, height) * (pixels / (width * height)) ** 0.5))
        engine.notice(
            f"frames of {width}x{height} are compared at {longest} pixels; paint is taken at full size "
            "(--match-size)"
        )
        return replace(options, match_size=longest)

    def basis(self, inputs: KeysInputs, index: int, shot: Shot, number: int) -> Basis:
        sides = inputs.sides
        return (sides.basis if inputs.learnt is None else sides.learnt_basis)(index, shot, number)

    def open(self, options: KeysOptions, source: Source) -> KeysInputs:
        """A second pass, backwards, is for key frames that others come before."""
        keys = find_keys(options, source.clip, source.start, source.stop, source.engine.notice)

        def filmed(index: int) -> Frame:
            frame = next(iter(source.clip.frames(index, index + 1)), None)
            if frame is None:
                raise MediaError(f"{source.clip.path} has no frame {index}, of which there is a key frame")
            return frame

        return KeysInputs(
            options,
            digest=digest_of(keys),
            passes=2 if keys[-1].frame > source.start else 1,
            files={key.frame: key for key in keys},
            filmed=filmed,
        )

    def painter(self, inputs: KeysInputs, engine: Engine) -> KeyPainter | LearntPainter:
        options, sides = inputs.options, inputs.sides
        patches = inputs.learnt is None
        features = _features(engine) if patches and options.feature_weight else None
        keys = KeyFrames(
            inputs.files, inputs.filmed, features, Weights.of(options), options.match_size, engine.device
        )
        if inputs.learnt is None:
            return KeyPainter(keys, sides, options, engine.notice)
        missing = Missing(sides, engine.notice)
        return LearntPainter(inputs.learnt(engine), keys, missing, colour_only=options.color_only)


def _features(engine: Engine) -> Features:
    """What the network sees at layers that tell textures, and parts of things.

    In float32: on a processor it is quicker than bfloat16 for so small pictures.
    """
    network = engine.network("max").float()
    layers = [layer for layer in _LAYERS if layer in network.layers] or [network.layers[-1]]

    @torch.no_grad()
    def features(image: Tensor) -> Tensor:
        found = network(image[None], layers)
        maps = [normalised(found[layer][0]) for layer in layers]
        size = maps[0].shape[1:]
        return torch.cat([interpolate(each[None], size, mode="bilinear")[0] for each in maps])

    return features


METHOD = KeysMethod()
