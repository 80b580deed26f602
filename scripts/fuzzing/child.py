"""One command line in a fork of this process, within limits, and what is wrong with how it went."""

from __future__ import annotations

import hashlib
import os
import re
import resource
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forks import about_to_change, enter, fork

from vidstyle.cli import main as command_line

_MEMORY_BYTES = 3 * 2**30  # beyond what the program has when nothing is open
_CPU_SECONDS, _WALL_SECONDS = 30, 200
# What only runs something else, or reaches out.
_NEVER = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.connect")


@dataclass(frozen=True)
class Ended:
    """code: exit code, or minus the signal; shown: stderr; strayed: what it did outside of its folder."""

    code: int
    out: str
    err: str
    strayed: str
    seconds: float


def run(folder: Path, arguments: tuple[str, ...], logs: Path) -> Ended:
    """Run a command line in `folder`; its output goes to files in `logs`, an empty folder."""
    begun = time.monotonic()
    pid = fork(lambda: _program(folder, arguments, logs))
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            break
        if time.monotonic() - begun > _WALL_SECONDS:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)
    texts = [(logs / name).read_text("utf-8", "replace") for name in ("out", "err", "strayed")]
    return Ended(os.waitstatus_to_exitcode(status), *texts, time.monotonic() - begun)


def _program(folder: Path, arguments: tuple[str, ...], logs: Path) -> int:
    strayed = os.open(logs / "strayed", os.O_WRONLY | os.O_CREAT)
    enter(folder, logs / "out", logs / "err")
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    most = pages * resource.getpagesize() + _MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    allowed = (str(folder), os.environ["VIDSTYLE_CACHE"], os.devnull)

    def listen(event: str, given: tuple[Any, ...]) -> None:
        path = about_to_change(event, given)
        if event in _NEVER or not (path is None or path.startswith(allowed)):
            os.write(strayed, f"{event} {given[0]!r}\n".encode("utf-8", "replace"))

    sys.addaudithook(listen)
    return command_line(arguments)


def contents(folder: Path) -> dict[str, str]:
    """Every file under a folder by its path, with its digest."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def fault(ended: Ended, folder: Path, before: dict[str, str]) -> str:
    """What is wrong with how a command ended that began with these contents; empty if nothing is."""
    if ended.code < 0:
        return f"ended by {signal.Signals(-ended.code).name} after {ended.seconds:.0f} s: {ended.err[-300:]}"
    if ended.code not in (0, 1, 2):
        return f"exit code {ended.code}: {ended.err[-1500:]}"
    if ended.strayed:
        return f"it strayed: {ended.strayed[:500]}"
    told = ended.err.splitlines()
    if ended.code and not (len(told) == 1 and told[0].startswith("vidstyle: ")):
        return f"not one line of ours, exit code {ended.code}: {ended.err[:600]!r}"
    if "out of memory" in ended.err:
        return f"memory was taken: {ended.err}"
    if not ended.code and told:
        return f"it said something, although it went well: {ended.err[:600]!r}"
    return _traces(ended, folder, before)


def _traces(ended: Ended, folder: Path, before: dict[str, str]) -> str:
    """What was changed that is not the result, and what was left of one that failed."""
    after = contents(folder)
    changed = [name for name in before if name[:3] != "out" and after.get(name) != before[name]]
    more = [name for name in after.keys() - before.keys() if not re.match(r"out[./]|out_", name)]
    if changed or more:
        return f"files were touched: {', '.join([*changed, *more])}"
    half = [name for name in after.keys() - before.keys() if re.search(r"(^|/)\.", name)]
    if half:
        return f"left behind: {', '.join(half)}"
    made = [name for name in after.keys() - before.keys() if ".vidstyle/" not in name and name[:4] != "out/"]
    return f"failed, but left {', '.join(made)}" if ended.code and made else ""
