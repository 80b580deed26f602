"""Settings of deep feature interpolation."""

from __future__ import annotations

from dataclasses import dataclass

from vidstyle.options.base import Checked, as_in, option
from vidstyle.options.neural import NeuralOptions


@dataclass(frozen=True, kw_only=True)
class DfiOptions(Checked):
    """How an attribute is given to a picture by deep feature interpolation (Upchurch et al. 2017).

    The loss is  |φ(x) + α·w − φ(z)|² + tv_weight·R(z − x) + color_weight·C(z − x) +
    temporal_weight·L_temporal;  every term is scaled so that the default weights suit any set of features,
    any size and any strength.
    """

    quality: str = as_in(
        NeuralOptions, "quality", "Iterations: draft is for a first look, high for the final result."
    )
    strength: tuple[float, ...] = option(
        (1.0,),
        "How much of the attribute is added, negative to take it away; several, e.g. 0.3,0.6,1, each start "
        "from the one before.",
    )
    scaling: str = option(
        "raw",
        "raw: strength 1 adds the whole difference between the sets; beta: strength over the mean square of "
        "the difference, as published (0.4 is a usual value).",
        choices=("raw", "beta"),
    )
    neighbors: int = option(
        100, "Pictures of each set, those most like the input, that make the attribute.", minimum=1
    )
    certainty: float = option(
        2.0,
        "How strictly chance differences between the sets are left out, which matters where they are small; "
        "0 takes all, as published.",
        minimum=0,
    )
    edit_size: int = option(
        256,
        "Longest side in pixels at which the edit is found; what changes is then added to the picture at its "
        "own size, which stays sharp.",
        minimum=16,
        metavar="PIXELS",
    )
    color: str = option(
        "edit",
        "edit: colours change with the edit; content: mean and covariance of the picture's colours are kept.",
        choices=("edit", "content"),
    )
    tv_weight: float = option(1.0, "How strongly noise in the change is suppressed.", minimum=0)
    color_weight: float = option(
        1.0,
        "How strongly the change is kept from being one of colour; 0 where colour is the attribute.",
        minimum=0,
    )
    temporal_weight: float = as_in(NeuralOptions, "temporal_weight")
    independent: bool = option(False, "Edit every frame on its own, without any temporal term: the baseline.")
    layers: tuple[str, ...] = option(
        ("relu3_1", "relu4_1", "relu5_1"), "Layers whose features are interpolated, ascending."
    )
    pooling: str = option("max", "Pooling between the blocks of the network.", choices=("average", "max"))
    steps: int | None = option(
        None, "Steps for a shot's first frame at each strength; by --quality if not given.", minimum=1
    )
    next_steps: int | None = option(
        None, "Steps for the frames after it; by --quality if not given.", minimum=1
    )
    tolerance: float = option(
        1e-4, "Stop a frame early when the loss falls by less than this share per step.", minimum=0
    )
