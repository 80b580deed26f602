"""From arguments to an exit code: every error becomes one line on stderr."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

import typer

from vidstyle.cli.commands import app
from vidstyle.cli.work import EXIT_FAILED, EXIT_STOPPED
from vidstyle.errors import OUT_OF_MEMORY, VidstyleError, is_out_of_memory
from vidstyle.text import printable

_EXIT_BUG = 70
# Typer exports no base of its usage errors, and has them from click or from a copy of it.
_TyperError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 done, 1 a file or the disk, 2 usage, 70 a bug, 75 not now: another run is at it, or shots are missing,
    130 stopped by the user.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = typer.main.get_command(app)
    with _own_stderr():
        try:
            result = command(args=given or ["--help"], prog_name="vidstyle", standalone_mode=False)
            sys.stdout.flush()
            return result if isinstance(result, int) else 0
        except (Exception, KeyboardInterrupt, SystemExit) as error:
            return _tell(error)


@contextmanager
def _own_stderr() -> Iterator[None]:
    """Keep stderr to ourselves: libjpeg, libpng and others write to descriptor 2 by themselves.

    Whatever they complain of is found out otherwise. With VIDSTYLE_DEBUG=1 they may speak.
    """
    if os.environ.get("VIDSTYLE_DEBUG") == "1":
        yield
        return
    if sys.stderr is None:  # closed: a file opened later would get its number, and hold what is said there
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115
        _send_nowhere(2)
        yield
        return
    theirs = sys.stderr
    theirs.flush()
    kept = os.dup(2)
    if _descriptor(theirs) == 2:
        sys.stderr = open(os.dup(2), "w", 1, encoding=theirs.encoding, errors=theirs.errors)  # noqa: PTH123, SIM115
    _send_nowhere(2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        if sys.stderr is not theirs:
            sys.stderr.close()
            sys.stderr = theirs


def _descriptor(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError):  # it is none of the system's
        return None


def _tell(error: BaseException) -> int:
    """Show the error and return its exit code."""
    if isinstance(error, (BrokenPipeError, SystemExit)):  # who read our output has gone
        _close_broken_output()
        return EXIT_FAILED
    line, code = _explain(error)
    try:
        if os.environ.get("VIDSTYLE_DEBUG") == "1":
            sys.stderr.writelines(traceback.format_exception(error))
        if line:
            sys.stderr.write(f"vidstyle: {line}\n")
    except OSError:
        _close_broken_output()
    return code


def _explain(error: BaseException) -> tuple[str, int]:
    """One line for the user, and the exit code."""
    if isinstance(error, VidstyleError):
        return printable(str(error)), error.exit_code
    if isinstance(error, _TyperError):
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "vidstyle"
        return f"{printable(error.format_message()).rstrip('.')}; see {path} --help", error.exit_code
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        return "", EXIT_STOPPED
    if is_out_of_memory(error):
        return OUT_OF_MEMORY, EXIT_FAILED
    if isinstance(error, OSError) and error.filename and error.strerror:  # the system's word on a file
        return printable(f"{os.fsdecode(error.filename)}: {error.strerror.lower()}"), EXIT_FAILED
    what = printable(f"{type(error).__name__}: {error}")
    return f"this is a bug, please report it ({what}); VIDSTYLE_DEBUG=1 shows where it happened", _EXIT_BUG


def _close_broken_output() -> None:
    """So that Python's own last flush has nothing to complain about."""
    for stream in (sys.stdout, sys.stderr):
        _send_nowhere(stream.fileno())


def _send_nowhere(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if nowhere != descriptor:
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
