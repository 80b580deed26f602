"""Ctrl-C: the first asks the run to finish its frame and stop, the second stops it at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

EXIT_STOPPED = 130


class StopRequest:
    """Whether the user asked to stop, like a threading.Event; listens to SIGINT and SIGTERM while entered.

    No lock inside: a signal handler that took one could wait for the very code it interrupted.
    """

    def __init__(self, on_request: Callable[[], None]) -> None:
        self._on_request = on_request
        self._signals = 0
        self._before: dict[int, Any] = {}

    def is_set(self) -> bool:
        return self._signals > 0

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) != signal.SIG_IGN:  # started in the background by a shell, say
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals == 1:
            self._on_request()
        elif self._signals == 2:
            raise KeyboardInterrupt
        else:  # not even cleaning up is wanted; what is stored stays whole
            os._exit(EXIT_STOPPED)
