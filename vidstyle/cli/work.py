"""What every long command does: work under a progress display and the handlers of Ctrl-C."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from vidstyle.cli.interrupt import EXIT_STOPPED, StopRequest
from vidstyle.cli.progress import Reporter, Shown
from vidstyle.errors import Stopped
from vidstyle.events import Hooks


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
