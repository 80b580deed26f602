"""How large frames can be matched in the memory there is."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import torch

from vidstyle.options import AnalogyOptions

# Bytes per pixel that matching holds at its finest level, both ways and one way: mostly what L-BFGS remembers
# of the features. Measured at 700x500 and a quarter added (11 300 both ways, 8 500 one way).
_BYTES = {"deconvolve": (14_000, 10_500), "warp": (6_500, 5_500)}
_SHARE = 0.6  # of the machine's memory; by all of it, not what is free now, so that a resumed job is the same


def within_memory(
    options: AnalogyOptions, width: int, height: int, device: torch.device, notice: Callable[[str], None]
) -> AnalogyOptions:
    """The options with a size of matching that fits into the memory; a notice tells where it is reduced."""
    total = total_memory(device)
    if options.match_size is not None or total is None:
        return options
    each = _BYTES[options.route][options.one_way]
    pixels = _SHARE * total / each
    if width * height <= pixels:
        return options
    longest = max(16, int(max(width, height) * (pixels / (width * height)) ** 0.5))
    notice(
        f"matching {width}x{height} would take about {width * height * each / 1e9:.0f} GB: frames are "
        f"matched at {longest} pixels; the result has full size (--match-size, --one-way, --route warp)"
    )
    return replace(options, match_size=longest)


def total_memory(device: torch.device) -> int | None:
    """Bytes of memory of the device or the machine; None where it does not say."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
