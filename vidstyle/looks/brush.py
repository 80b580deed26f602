"""A look at work: what becomes of a frame by itself, for the spine as for live painting."""

from __future__ import annotations

import torch
from torch import Tensor

from vidstyle.image.colour import luminance
from vidstyle.image.resize import fit, resize
from vidstyle.looks.look import Look
from vidstyle.looks.noise import no_drift, noise_at
from vidstyle.looks.recolouring import recoloured


class Brush:
    """The network of a look, ready to paint.

    flow: whether what it paints is laid over what was painted before. strokes: "pixels" or "picture", see
    `StudentOptions`.
    """

    def __init__(self, look: Look, device: torch.device, dtype: torch.dtype, strokes: str = "pixels") -> None:
        self._student = look.student(dtype).to(device).fix()
        self._palette = look.palette.to(device)
        self._size = look.size if strokes == "picture" else None
        self.device, self.flow = device, look.flow

    def new(self, frame: Tensor, drift: Tensor, colours: Tensor) -> Tensor:
        """x of a frame, float32 (3, H, W) in [0, 1] on the device; the result likewise.

        drift: where the frame lies in the noise, see `drift_after`. colours: of what it shows, see
        `colours_after`.
        """
        seen = recoloured(frame, self._palette, colours)
        height, width = frame.shape[1:]
        if self._size is None or self._size >= max(height, width):
            return self._painted(seen, drift)
        columns, rows = fit(width, height, self._size)
        small = resize(seen, (rows, columns))
        cells = no_drift(rows, columns, frame.device).shape[1:]
        made = self._painted(small, resize(drift, (cells[0], cells[1])) * (columns / width))
        # What the small frame cannot show of the large one: edges would be as soft as the strokes are large.
        detail = luminance(seen - resize(small, (height, width)))
        return (resize(made, (height, width)) + detail).clamp(0, 1)

    def _painted(self, seen: Tensor, drift: Tensor) -> Tensor:
        height, width = seen.shape[1:]
        noise = noise_at(drift, height, width)
        if not self.flow:
            noise = torch.zeros_like(noise)
        return self._student.new(seen[None], noise[None])[0]
