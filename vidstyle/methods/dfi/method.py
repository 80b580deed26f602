"""What the spine asks of deep feature interpolation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vidstyle.errors import OutputError, UsageError
from vidstyle.features.recipes import check_layers
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import cache_directory
from vidstyle.methods.base import Engine, Finished, Inputs, Method, Source
from vidstyle.methods.dfi.beside import files_beside, save_beside
from vidstyle.methods.dfi.cache import FeatureCache
from vidstyle.methods.dfi.features import SetFeatures
from vidstyle.methods.dfi.inputs import Given, contents, gather
from vidstyle.methods.dfi.options import DfiOptions
from vidstyle.methods.dfi.painter import Dfi
from vidstyle.options import files_read


@dataclass(frozen=True, eq=False, kw_only=True)
class DfiInputs(Inputs):
    """given: the sets, vectors and landmarks that an edit is made from."""

    given: Given


class DeepFeatureInterpolation(Method):
    """See `painter`."""

    lighter = ("--edit-size",)
    shares = (
        "each machine computes the features of the sets, unless VIDSTYLE_CACHE names a folder that they share"
    )

    def open(self, options: DfiOptions, source: Source) -> DfiInputs:
        if len(options.strength) > 1 and source.clip.kind != "still":
            raise UsageError(f"{source.clip.path} has several frames, and takes one --strength")
        source.spare(files_read(options), *files_beside(options, source.output))
        if options.save_vector and not (folder := Path(options.save_vector).parent).is_dir():
            raise OutputError(f"--save-vector: the folder {folder} does not exist")
        given = gather(options, source.clip, source.engine.weights.digest, source.engine.notice)
        source.spare(given.paths, source.output)
        return DfiInputs(options, contents=contents(given, options), given=given)

    def painter(self, inputs: DfiInputs, engine: Engine) -> Dfi:
        """The editor of what is given, with those of the layers that its features have."""
        options, given = inputs.options, inputs.given
        network = engine.network(options.pooling)
        cache = FeatureCache(cache_directory() / "features") if options.cache else None
        if cache is not None:
            cache.prune()
        features = SetFeatures(
            network,
            engine.weights.digest,
            layers=_layers(options, network, engine),
            cache=cache,
            marks=given.marks,
            notice=engine.notice,
        )
        if given.marks is not None and given.marks.how:
            engine.notice(f"the sets' pictures are brought onto the input by {given.marks.how}")
        return Dfi(
            features,
            [origin.attribute(features, options.neighbors, options.certainty) for origin in given.origins],
            options,
            hole=given.hole,
            landmarks=given.landmarks,
            observer=engine.observer,
        )

    def beside(self, inputs: DfiInputs, finished: Finished) -> list[Path]:
        return save_beside(inputs.options, finished, lambda: self.painter(inputs, finished.engine))


def _layers(options: DfiOptions, network: VGG, engine: Engine) -> list[str]:
    """Those of the layers asked for that the features reach; all of them, unless they are the usual ones."""
    layers = [layer for layer in network.layers if layer in options.layers]
    if options.layers != DfiOptions.layers or not layers:
        check_layers(options.layers, network.layers)
    elif len(layers) < len(options.layers):
        engine.notice(f"these features end at {network.layers[-1]}: {', '.join(layers)} are interpolated")
    return layers


METHOD = DeepFeatureInterpolation()
