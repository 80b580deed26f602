"""A painting in a process of its own, and what it takes.

    cd scripts; python -m benchmarks.apart CLIP STYLE OUT '{"size": 1280, "tile_size": 512, ...}'

paints with these settings of vidstyle.stylize and prints the figures.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch.optim  # noqa: F401  takes seconds, which are no step's

import vidstyle
from benchmarks.common import SCRIPTS, say
from vidstyle.events import Progress
from vidstyle.methods.style import medium
from vidstyle.optimize import Minimum


def figures(clip: Path, style: Path, output: Path, settings: dict[str, Any], **environment: str) -> Any:
    """What a painting takes.

    "before", "peak": MB after imports and at most; "files", "threads": at any frame, 0 where the system does
    not tell; "disk": bytes in the job directory when all is painted; "step": processor seconds of a step of
    the last search; "wall", "processor": seconds in all.
    """
    command = [sys.executable, "-m", "benchmarks.apart", str(clip), str(style), str(output)]
    done = subprocess.run(
        [*command, json.dumps(settings)],
        cwd=SCRIPTS,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"painting {clip} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def peak_memory() -> float:
    """The most memory that this process has held, in MB."""
    # Unlike ru_maxrss, this forgets what the parent held when it started this process.
    status = Path("/proc/self/status")
    if status.is_file():
        held = next((line for line in status.read_text().splitlines() if line.startswith("VmHWM")), "")
        if held:
            return int(held.split()[1]) / 1024
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


class _Watch:
    """Takes the figures that are known only on the way."""

    def __init__(self, job: Path) -> None:
        self.job, self.minimise = job, medium.minimise
        self.files = self.threads = self.disk = 0
        self.step = 0.0

    def progress(self, event: Progress) -> None:
        own = Path("/proc/self")
        if own.exists():
            self.files = max(self.files, sum(1 for _ in (own / "fd").iterdir()))
            self.threads = max(self.threads, sum(1 for _ in (own / "task").iterdir()))
        if event.phase == "encode" and event.done == 1:  # painted, and nothing given back yet
            self.disk = sum(path.stat().st_size for path in self.job.rglob("*") if path.is_file())

    def search(self, *arguments: Any, **settings: Any) -> Minimum:
        started = time.process_time()
        found = self.minimise(*arguments, **settings)
        self.step = (time.process_time() - started) / max(1, found.steps)
        return found


def main(clip: str, style: str, output: str, settings: str) -> None:
    watch, before, started = _Watch(Path(f"{output}.vidstyle")), peak_memory(), time.perf_counter()
    medium.minimise = watch.search
    vidstyle.stylize(clip, style, output, notice=say, progress=watch.progress, **json.loads(settings))
    found = {"before": before, "peak": peak_memory(), "wall": time.perf_counter() - started}
    found |= {name: getattr(watch, name) for name in ("files", "threads", "disk", "step")}
    print(json.dumps(found | {"processor": time.process_time()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
