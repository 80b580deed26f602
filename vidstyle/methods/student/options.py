"""Settings of painting with a network that has learnt a look."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from vidstyle.looks.shipped import SHIPPED
from vidstyle.options.base import Command, MethodOptions, Pictures, file_option, option
from vidstyle.options.run import RunOptions


@dataclass(frozen=True, kw_only=True)
class StudentOptions(MethodOptions):
    """How a frame is painted at once, by a network that `vidstyle learn` has taught."""

    look: str | None = file_option(
        None,
        "Instead of STYLE: paint with what vidstyle learn has learnt, a file or one of those that vidstyle "
        "looks lists; in hundredths of a second a frame.",
        words=tuple(SHIPPED),
        metavar="LOOK",
        often=True,
    )
    strokes: str = option(
        "pixels",
        "With --look: strokes keep their size in pixels, or their size in the picture: in one that is larger "
        "than those which the look has learnt on they are larger then.",
        choices=("pixels", "picture"),
        often=True,
    )


@dataclass(frozen=True, kw_only=True)
class StudentRunOptions(RunOptions):
    """Those of any run; a frame keeps to the one before alone, if nothing else is asked for."""

    def for_run(self) -> RunOptions:
        """The same for the pipeline."""
        return RunOptions(**asdict(self) | {"history": self.history or (1,)})


COMMAND = Command(
    StudentOptions,
    StudentRunOptions,
    "Paint INPUT with a look that was learnt.",
    "With --look",
    Pictures(least=0, most=0),
    within="style",
    asked="look",
)
