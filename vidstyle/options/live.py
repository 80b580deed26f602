"""Settings of painting as pictures come in."""

from __future__ import annotations

from dataclasses import dataclass

from vidstyle.options.base import Checked, as_in, file_option, option
from vidstyle.options.run import RunOptions


@dataclass(frozen=True, kw_only=True)
class LiveOptions(Checked):
    """With which looks a camera or a film is painted, how large, and where it is shown."""

    look: tuple[str, ...] = file_option(
        (),
        "A file made by vidstyle learn, or one of those that vidstyle looks lists; given several times, the "
        "keys n and p go to the next and the one before. All that come with the package if not given.",
        metavar="LOOK",
        whole=True,
    )
    size: int = option(
        640, "Longest side in pixels; nothing is enlarged.", minimum=16, maximum=3840, metavar="PIXELS"
    )
    window: bool = option(True, "Show it in a window.")
    device: str = as_in(RunOptions, "device")
    precision: str = as_in(RunOptions, "precision")
    overwrite: bool = as_in(RunOptions, "overwrite")
