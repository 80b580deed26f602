"""How the page tells that something is wrong: in one line."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import gradio as gr

from vidstyle.errors import VidstyleError
from vidstyle.text import printable


def told(do: Callable[..., Any]) -> Callable[..., Any]:
    """The same, with what is wrong told in one line on the page."""

    @wraps(do)
    def done(*given: Any) -> Any:
        try:
            return do(*given)
        except (VidstyleError, OSError) as error:
            line = printable(str(error))
            raise gr.Error(line, title="That did not work", print_exception=False) from error

    return done
