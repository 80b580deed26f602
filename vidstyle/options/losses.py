"""Settings of the style term, whatever is painted."""

from __future__ import annotations

from dataclasses import dataclass

from vidstyle.errors import UsageError
from vidstyle.options.base import MethodOptions, option

LOSSES = {
    "gram": "vidstyle.losses.gram:GramLoss",
    "wasserstein": "vidstyle.losses.wasserstein:WassersteinLoss",
    "patch": "vidstyle.losses.patch:PatchLoss",
}
"""Name on the command line -> where its class is, which is only imported to paint."""

_LEAST_TILE = 64  # the network sees up to 128 pixels beyond a tile, so smaller ones only cost time


@dataclass(frozen=True, kw_only=True)
class StyleLossOptions(MethodOptions):
    """What of the style pictures is matched, and where in the network."""

    loss: str = option(
        "gram",
        "What of the style's responses is matched: their Gram matrices, their mean and covariance, or their "
        "patches; or several, as gram+patch.",
        metavar="|".join(LOSSES) + "|A+B",
        often=True,
    )
    loss_weights: tuple[float, ...] = option(
        (), "Weights of several losses, in their order; equal if not given.", minimum=0
    )
    style_layers: tuple[str, ...] = option(
        (), "Style layers, e.g. relu1_1,relu2_1; by the features and the loss if not given."
    )
    layer_weights: tuple[float, ...] = option(
        (), "Weights of the style layers, in their order; equal if not given.", minimum=0
    )
    patch_size: int = option(3, "Side of the patches, in positions of their layer.", minimum=1)
    patch_stride: int | None = option(
        None,
        "Positions from one patch to the next; 1 if not given, or more where that takes long.",
        minimum=1,
    )
    patch_refresh: int = option(
        10, "Steps after which the nearest patches are searched anew.", minimum=1, metavar="STEPS"
    )
    patch_rotations: int = option(
        0, "Offer patches also from copies of the style turned by up to N times 7.5 degrees.", minimum=0
    )
    patch_scales: int = option(
        0, "Offer patches also from copies of the style scaled by up to N times 5 %.", minimum=0
    )
    tile_size: int | None = option(
        None,
        "Side of the tiles in which the network goes over a larger picture: less takes less memory and more "
        "time; 0 never cuts it up. By size and memory of the machine if not given.",
        minimum=0,
        metavar="PIXELS",
    )
    compile: bool = option(
        False,
        "Compile the network for its steps, on CUDA into a graph: a minute more at the beginning for each "
        "size, and then steps that may be quicker. On a CPU they are slower.",
    )
    pooling: str = option("average", "Pooling between the blocks of the network.", choices=("average", "max"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tile_size is not None and 0 < self.tile_size < _LEAST_TILE:
            raise UsageError(f"--tile-size takes 0 or at least {_LEAST_TILE} pixels, not {self.tile_size}")
        names = self.losses
        if not set(names) <= set(LOSSES) or len(set(names)) < len(names):
            known = f"{', '.join(LOSSES)} or several of them joined by +"
            raise UsageError(f"--loss must be {known}, not {self.loss!r}")
        if self.loss_weights and len(self.loss_weights) != len(names):
            raise UsageError(
                f"--loss-weights has {len(self.loss_weights)} weights for {len(names)} losses ({self.loss})"
            )
        if self.loss_weights and sum(self.loss_weights) <= 0:
            raise UsageError("--loss-weights needs at least one weight above 0")
        if self.layer_weights and len(names) > 1 and not self.style_layers:
            raise UsageError(
                f"--layer-weights with --loss {self.loss} needs --style-layers, "
                "because each loss has layers of its own"
            )

    @property
    def losses(self) -> list[str]:
        """The names of the losses."""
        return self.loss.split("+")
