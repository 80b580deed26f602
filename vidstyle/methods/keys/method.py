"""What the spine asks of painting after key frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from vidstyle.errors import MediaError
from vidstyle.image.patchmatch import normalised
from vidstyle.methods.base import Basis, Engine, Inputs, Method, Source
from vidstyle.methods.keys.files import KeyFile, digest_of, find_keys
from vidstyle.methods.keys.guides import Features, Weights
from vidstyle.methods.keys.options import KeysOptions
from vidstyle.methods.keys.painter import KeyPainter
from vidstyle.methods.keys.plan import Sides
from vidstyle.methods.keys.source import KeyFrames
from vidstyle.types import Frame, Shot
from vidstyle.video.clip import Clip

_DRAFT = 0.25  # of the size, for a preview
_LAYERS = ("relu3_1", "relu4_1")


@dataclass(frozen=True, eq=False, kw_only=True)
class KeysInputs(Inputs):
    """files: the key frames by their frames. filmed: a frame of the clip, by its index."""

    files: dict[int, KeyFile]
    filmed: Callable[[int], Frame]

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

    def basis(self, inputs: KeysInputs, index: int, shot: Shot, number: int) -> Basis:
        return inputs.sides.basis(index, shot, number)

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

    def painter(self, inputs: KeysInputs, engine: Engine) -> KeyPainter:
        options = inputs.options
        features = _features(engine) if options.feature_weight else None
        keys = KeyFrames(
            inputs.files, inputs.filmed, features, Weights.of(options), options.match_size, engine.device
        )
        return KeyPainter(keys, inputs.sides, options, engine.notice)


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
