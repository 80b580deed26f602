"""What every long command does: work under a progress display and the handlers of Ctrl-C.

The first Ctrl-C asks the run to finish its frame and stop, the second stops it at once.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from vidstyle.cli.progress import Reporter, Shown
from vidstyle.errors import Stopped
from vidstyle.events import Hooks

EXIT_FAILED, EXIT_STOPPED = 1, 130


def work(
    job: Path | None,
    do: Callable[[Hooks], Path | None],
    shown: Shown,
    anew: str = "--overwrite",
    reporter: Reporter | None = None,
) -> int:
    """Do what takes its time; return the exit code.

    job: the directory of the one job that it is; None for what is no job, or many.
    do: returns the result; None where nothing came of it.
    anew: the option by which the same command, where there is not one job to go on with, would begin anew.
    reporter: that which suits `shown`, if it is needed beforehand.
    """
    reporter = reporter or shown.reporter()
    with closing(reporter), StopRequest(reporter.stopping) as stop:
        hooks = Hooks(
            progress=reporter.progress,
            notice=reporter.notice,
            stop=stop,
            begun=None if job is None else reporter.started,
            losses=reporter.losses if shown.verbose else None,
        )
        try:
            output = do(hooks)
        except (Stopped, KeyboardInterrupt):
            reporter.close()
            reporter.stopped(_command_to_go_on(job, anew))
            return EXIT_STOPPED
        reporter.close()
        if output is not None:
            reporter.finished(output)
    return 0


def _command_to_go_on(job: Path | None, anew: str) -> str:
    given = sys.argv[1:]
    if job is None:
        given = [word for word in given if word != anew]
    elif (job / "job.json").exists():
        given = ["resume", str(job)]
    return shlex.join(["vidstyle", *given])


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
