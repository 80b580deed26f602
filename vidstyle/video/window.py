"""A window that shows pictures as they come, and says which keys are pressed in it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Protocol

import cv2
import numpy as np

from ..errors import UsageError

_TITLE = "vidstyle"
_ESCAPE = 27
CLOSED = "q"
"""The key for which Escape and the window's own button stand, too."""
_TRIAL = f"import cv2; cv2.namedWindow({_TITLE!r}); cv2.destroyAllWindows()"


class Window(Protocol):
    """The seam behind which a window lies."""

    def show(self, picture: np.ndarray) -> str | None:
        """Show a picture uint8 (H, W, 3) RGB; the key that was pressed since, if any."""

    def close(self) -> None:
        """Take it from the screen."""


class ScreenWindow:
    """OpenCV's. Raises UsageError where none can be opened."""

    def __init__(self) -> None:
        _try()
        cv2.namedWindow(_TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
        self._size: tuple[int, ...] = ()

    def show(self, picture: np.ndarray) -> str | None:
        if self._size != picture.shape:
            cv2.resizeWindow(_TITLE, picture.shape[1], picture.shape[0])
            self._size = picture.shape
        cv2.imshow(_TITLE, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        key = cv2.waitKey(1)
        if key & 0xFF == _ESCAPE or cv2.getWindowProperty(_TITLE, cv2.WND_PROP_VISIBLE) < 1:
            return CLOSED
        return None if key < 0 else chr(key & 0xFF)

    def close(self) -> None:
        cv2.destroyAllWindows()


def _try() -> None:
    """In a process of its own: without a display Qt ends the one that asks it."""
    dark = sys.platform.startswith("linux") and not {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"} & {
        *os.environ
    }
    if not dark:
        asked = [sys.executable, "-c", _TRIAL]
        dark = subprocess.run(asked, capture_output=True, check=False).returncode != 0
    if dark:
        raise UsageError(
            "no window can be opened: there is no display, or this OpenCV is one without windows "
            "(opencv-python-headless); paint into a file: --no-window -o FILE"
        )


def lettered(picture: np.ndarray, line: str) -> np.ndarray:
    """A copy of a picture uint8 (H, W, 3) with a line of text, white with black around, in a corner."""
    shown = picture.copy()
    scale = max(0.4, picture.shape[1] / 1280)
    left, base = round(12 * scale), round(28 * scale)
    # By shifts: OpenCV 5 sets thicker letters further apart.
    for x, y, colour in ((-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, 255)):
        place, font = (left + x, base + y), cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(shown, line, place, font, scale, (colour,) * 3, 1, cv2.LINE_AA)
    return shown
