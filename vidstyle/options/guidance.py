"""Settings that say which regions of a picture are painted by which parts of the style."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vidstyle.errors import UsageError
from vidstyle.options.base import MethodOptions, file_option, option

NAMED = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
}
"""Colours that may be written as words."""


@dataclass(frozen=True, kw_only=True)
class GuidanceOptions(MethodOptions):
    """Which regions are painted by which parts of the style (Gatys et al. 2017; Champandard 2016)."""

    labels: str | None = file_option(
        None,
        "A map in plain colours, each of which is a region that is painted by the region of the same colour "
        "in the style. For a clip: the map of its first frame, which then moves along, or a folder, a "
        "pattern or a video of maps, one for every frame.",
        metavar="MAP",
    )
    style_labels: tuple[str, ...] = file_option(
        (),
        "The maps of the style pictures, one for each, in their order.",
        metavar="MAP,...",
    )
    label_styles: tuple[str, ...] = option(
        (),
        "Instead of maps of the style pictures: by which of them, counted from 1, each colour is painted, as "
        "red=1,#00a0ff=2.",
        metavar="COLOUR=N,...",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.style_labels and self.label_styles:
            raise UsageError("--style-labels and --label-styles exclude each other")
        if self.labels and not (self.style_labels or self.label_styles):
            raise UsageError(
                "--labels needs --style-labels MAP,... or --label-styles COLOUR=N,...: by which part of the "
                "style each region is painted"
            )
        if not self.labels and (self.style_labels or self.label_styles):
            given = "--style-labels" if self.style_labels else "--label-styles"
            raise UsageError(f"{given} needs --labels MAP: the regions that are painted")
        self.colour_styles  # noqa: B018  raises where it is wrong

    @property
    def colour_styles(self) -> dict[tuple[int, int, int], int]:
        """What --label-styles says: colour (red, green, blue) -> number of the style picture, from 1."""
        found: dict[tuple[int, int, int], int] = {}
        for text in self.label_styles:
            match = re.fullmatch(r"(#[0-9a-fA-F]{6}|[a-z]+)=([1-9]\d{0,3})", text.strip())
            if match is None or (match[1][0] != "#" and match[1] not in NAMED):
                names = ", ".join(NAMED)
                raise UsageError(f"--label-styles takes COLOUR=N with #rrggbb or {names}, not {text!r}")
            name = match[1]
            colour = NAMED[name] if name in NAMED else tuple(bytes.fromhex(name[1:]))
            if colour in found:
                raise UsageError(f"--label-styles: {name} is given twice")
            found[colour[0], colour[1], colour[2]] = int(match[2])
        return found
