"""The commands that paint the shots of a job and join them, in the forms that queues take."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidstyle.atomic import write_whole
from vidstyle.errors import OutputError, UsageError
from vidstyle.farm.parts import Part, Parts
from vidstyle.options.farm import QueueOptions
from vidstyle.plain import absolute, name_bytes, plain_size

_LARGEST_ARRAY = 1000  # tasks; Slurm's MaxArraySize is 1001 unless it is configured
_MARK = b"vidstyle shot "  # is in every file that is written here


def shot_command(job: Path, *numbers: int) -> str:
    """A line for a shell that paints these shots."""
    return shlex.join(["vidstyle", "shot", str(absolute(job)), *map(str, numbers)])


def join_command(job: Path) -> str:
    """A line for a shell that joins the shots."""
    return shlex.join(["vidstyle", "join", str(absolute(job))])


@dataclass(frozen=True)
class Tasks:
    """What is to be given out.

    missing: the shots that are not painted yet, those first that take longest, and how many frames are left.
    """

    parts: Parts
    missing: list[tuple[Part, int]]

    @classmethod
    def of(cls, parts: Parts) -> Tasks:
        return cls(parts, [(part, left) for part, left in parts.left(parts.longest_first()) if left])

    @property
    def job(self) -> Path:
        return self.parts.directory

    @property
    def commands(self) -> list[str]:
        """One for each of them."""
        return [shot_command(self.job, part.number) for part, _ in self.missing]

    def written(self, queue: QueueOptions) -> list[str]:
        """Write the files that are asked for; returns the lines for a shell that are still to be given."""
        if queue.commands is not None:
            _write(Path(queue.commands), "".join(f"{line}\n" for line in self.commands))
        if queue.slurm is not None and self.missing:
            _write(Path(queue.slurm), self.slurm_script())
            return [_submission(Path(queue.slurm), self.job)]
        return [*([] if queue.commands else self.commands), join_command(self.job)]

    def slurm_script(self) -> str:
        """A batch script for an array of which each task paints a shot; several where there are very many."""
        numbers = " ".join(str(part.number) for part, _ in self.missing)
        tasks = min(len(self.missing), _LARGEST_ARRAY)
        return f"""#!/bin/bash
#SBATCH --job-name={re.sub(r"[^A-Za-z0-9_.-]", "_", self.job.stem)}
#SBATCH --array=0-{tasks - 1}
#SBATCH --requeue
#SBATCH --open-mode=append
# What one task may use; with a GPU: #SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=4

# The numbers of the shots, those first that take longest.
shots=({numbers})

export OMP_NUM_THREADS="${{SLURM_CPUS_PER_TASK:-1}}"
status=0
for ((i = SLURM_ARRAY_TASK_ID; i < ${{#shots[@]}}; i += {tasks})); do
  {shot_command(self.job)} "${{shots[i]}}" || status=$?
done
exit $status
"""

    def to_json(self) -> dict[str, Any]:
        """All shots, in the order of the clip, each with its command, and that which joins them."""
        left = {part.number: count for part, count in self.missing}
        shots = [
            {
                "number": part.number,
                "start": part.frames.start,
                "stop": part.frames.stop,
                "work": part.work,
                "left": left.get(part.number, 0),
                "command": shot_command(self.job, part.number),
            }
            for part in self.parts.all
        ]
        return {"job": str(absolute(self.job)), "shots": shots, "join": join_command(self.job)}


def _submission(script: Path, job: Path) -> str:
    """The line for a shell that submits a script of `slurm_script`, and after it what joins the shots."""
    array = shlex.join(["sbatch", "--parsable", str(absolute(script))])
    return f"sbatch --dependency=afterok:$({array}) --wrap {shlex.quote(join_command(job))}"


def check_queue(queue: QueueOptions, job: Path, overwrite: bool) -> None:
    """Raise OutputError or UsageError where a file asked for cannot be written, or holds other things."""
    if b"\n" in name_bytes(absolute(job)):
        raise UsageError(
            f"{job} has a line break in its name, and commands are lines; name another with --job DIR"
        )
    for path in (Path(name) for name in (queue.commands, queue.slurm) if name is not None):
        try:
            foreign = plain_size(path) and _MARK not in path.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror}") from error
        if foreign and not overwrite:
            raise OutputError(f"{path} exists already, and holds other things; --overwrite replaces it")


def _write(path: Path, text: str) -> None:
    write_whole(path, text.encode("utf-8", "surrogateescape"))
