"""Settings of colouring by what was learnt."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from vidstyle.errors import UsageError
from vidstyle.options import RunOptions
from vidstyle.options.base import Command, MethodOptions, Pictures, file_option

LEARNT_ON = "vgg19"
"""The features that tell what is seen, by name: the network has learnt on these, and takes no others."""


@dataclass(frozen=True, kw_only=True)
class ColourOptions(MethodOptions):
    """Which colours are usual."""

    learn_from: str | None = file_option(
        None,
        "Without EXEMPLAR: learn first how your own things are coloured, from a folder of pictures or from "
        "a clip, in a few minutes.",
        metavar="FOLDER|CLIP",
        whole=True,
    )


@dataclass(frozen=True, kw_only=True)
class ColourRunOptions(RunOptions):
    """Those of any run, but for the features, which are those that the colours were learnt on."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.features not in ("auto", LEARNT_ON):
            raise UsageError(
                "--features: colours that were learnt go by VGG-19 alone; leave it out, or give an exemplar"
            )

    def for_run(self) -> RunOptions:
        """The same for the pipeline."""
        return RunOptions(**asdict(self))


COMMAND = Command(
    ColourOptions,
    ColourRunOptions,
    "Colour INPUT as things like those in it usually are.",
    "Learnt colour",
    Pictures(least=0, most=0),
    within="colorize",
    lent={"colorize": ("learn_from",)},
    otherwise="colorize",
)
