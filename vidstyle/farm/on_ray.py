"""A film painted by Ray: a task for each shot, longest first, and once more on another node where one dies.

Nodes that see the job's directory work in it. From the first on that does not, all that they need is shipped
to them, and what they paint comes back frame by frame; see `vidstyle.farm.shipping`.
"""

from __future__ import annotations

import logging
import queue
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vidstyle.errors import JobBusy, UsageError, VidstyleError
from vidstyle.events import Hooks, Pace, Progress
from vidstyle.farm.join import join
from vidstyle.farm.parts import Part, Parts
from vidstyle.farm.shipping import Cargo, mark_of, own_folder, packed, state_of, take_in, unpacked
from vidstyle.farm.shot import opened, paint_shot
from vidstyle.farm.split import described, split
from vidstyle.job import JobStore
from vidstyle.options.learning import TaughtOptions
from vidstyle.pipeline.plan import Request

_WAIT_SECONDS = 0.5
_BUSY_SECONDS = 5.0  # until a shot that another process is painting is asked for again
_CANCEL_SECONDS = 60.0
_DEATHS = 10  # of nodes or processes that a shot may see
_MOST_CORES = 8  # of a task: more hardly make it faster
_UNSEEN = "unseen"


def paint_on_ray(
    asked: Request,
    fast: TaughtOptions | None,
    address: str | None,
    hooks: Hooks,
    *,
    ships: bool = False,
) -> Path:
    """Paint a film by Ray; returns the result. The same call again goes on where it was.

    address: of a cluster; None starts Ray on this machine. fast: see `split`. ships: whether no node is to
    work in the job's directory, even if it sees it.
    Raises as `stylize` does; UsageError where there is no Ray.
    """
    parts = split(asked, fast, hooks)
    if parts is None:
        return asked.output
    hooks.tell(described(parts))
    if parts.missing():
        with connected(address) as ray:
            _Crew(ray, parts, asked.run.device, ships, hooks).paint()
    return join(asked.directory, hooks)


@contextmanager
def connected(address: str | None) -> Iterator[Any]:
    """Ray, connected to a cluster or started here; where the caller is connected already it stays so."""
    try:
        import ray
    except ImportError:
        raise UsageError('--on ray needs Ray: pip install "vidstyle[ray]"') from None
    if ray.is_initialized():
        yield ray
        return
    settings: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:
        settings["include_dashboard"] = False
    try:
        ray.init(address=address or "local", **settings)
    except Exception as error:  # it raises nearly anything
        where = "cannot be started here" if address is None else f"is not to be reached at {address}"
        raise VidstyleError(f"--on ray: Ray {where} ({error})") from error
    try:
        yield ray
    finally:
        ray.shutdown()


@dataclass(eq=False)
class _Task:
    """A shot that is being painted. known: the files of it that are here, where it is shipped."""

    part: Part
    known: set[str] = field(default_factory=set)
    held: ExitStack = field(default_factory=ExitStack)


class _Crew:
    """The tasks that paint the shots of a job which are missing."""

    def __init__(self, ray: Any, parts: Parts, device: str, ships: bool, hooks: Hooks) -> None:
        self.ray, self.parts, self.hooks = ray, parts, hooks
        self.main, self.mark = JobStore.load(parts.directory), mark_of(parts.directory)
        left = [(part, count) for part, count in parts.left(parts.longest_first()) if count]
        self.waiting = [part for part, _ in left]
        self.resources = _resources(ray.cluster_resources(), device, len(left))
        self.running: dict[Any, _Task] = {}
        self.deaths: dict[int, int] = {}
        self.errors: dict[int, VidstyleError] = {}
        self.cargo: Cargo | None = None
        self.ships = ships
        frames = parts.passes * sum(len(part.frames) for part in parts.all)
        done = sum(each["painted"] for each in parts.progress())
        self.pace = Pace("paint", frames, done)

    def paint(self) -> None:
        """Paint them. Raises Stopped; what went wrong with a shot, once all others are painted."""
        try:
            while self.waiting or self.running:
                self.hooks.check_stop()
                while self.waiting:
                    self._start_or_note(self.waiting.pop(0))
                ready, _ = self.ray.wait(list(self.running), num_returns=1, timeout=_WAIT_SECONDS)
                for task in ready:
                    self._hear(task)
        finally:
            self._cancel()
            if self.cargo is not None:
                _clean(self.ray, self.cargo.mark)
        for number in sorted(self.errors):
            raise self.errors[number]

    def _cancel(self) -> None:
        """End the tasks that are running; each finishes its frame."""
        for task in self.running:
            with suppress(Exception):
                self.ray.cancel(task)
        for task, each in self.running.items():
            with suppress(Exception):  # at last that it was cancelled
                while True:
                    self.ray.get(next(task), timeout=_CANCEL_SECONDS)
            each.held.close()

    def _start_or_note(self, part: Part) -> None:
        try:
            self._start(part)
        except JobBusy as error:  # on this machine, beside Ray
            self.errors[part.number] = error

    def _start(self, part: Part, after: float = 0.0) -> None:
        task = _Task(part)
        state: Mapping[str, Any] = {}
        if self.ships:
            if self.cargo is None:
                self.hooks.tell("nodes do not see the job's directory: what they need is shipped to them")
                self.cargo = packed(self.parts.directory, self.ray.put)
            task.held.enter_context(opened(self.main, part))
            state = {name: self.ray.put(data) for name, data in state_of(part.folder, task.known).items()}
        remote = self.ray.remote(num_returns="streaming", max_retries=0, **self.resources)(_painted)
        job = str(self.parts.directory.absolute())
        self.running[remote.remote(job, self.mark, part.number, self.cargo, state, after)] = task

    def _hear(self, running: Any) -> None:
        """Take what a task has to say, or note how it has ended."""
        from ray.exceptions import RayError, RayTaskError

        task = self.running[running]
        try:
            said = self.ray.get(next(running))
        except StopIteration:
            self._ended(running)
            if not self.parts.is_whole(task.part) and task.part.number not in self.errors:
                self.waiting.append(task.part)  # it was done somewhere where nobody sees it
                self.ships = True
        except RayTaskError as error:
            self._ended(running)
            self._failed(task.part, error.cause)
        except RayError as error:
            self._ended(running)
            self._died(task.part, error)
        else:
            if said == _UNSEEN:
                self.ships = True
            elif isinstance(said, Progress):
                self.hooks.report(self.pace.finished(said.frame, said.shot, pass_number=said.pass_number))
            elif isinstance(said, str):
                self.hooks.tell(said)
            else:
                take_in(task.part, said)

    def _ended(self, running: Any) -> None:
        self.running.pop(running).held.close()

    def _failed(self, part: Part, error: BaseException) -> None:
        """A shot that another process is painting is asked for again; what is no user's fault is raised."""
        if isinstance(error, JobBusy):
            self._start(part, after=_BUSY_SECONDS)
        elif isinstance(error, VidstyleError):
            self.errors[part.number] = error
            self.hooks.tell(f"{part} failed: {error}")
        else:
            raise error

    def _died(self, part: Part, error: Exception) -> None:
        deaths = self.deaths[part.number] = self.deaths.get(part.number, 0) + 1
        if deaths > _DEATHS:
            self.errors[part.number] = VidstyleError(
                f"{part}: {deaths} processes that painted it have died, of too little memory maybe ({error})"
            )
            return
        self.hooks.tell(f"a process that painted {part} has died; it goes on elsewhere")
        self.waiting.append(part)


def _resources(there: Mapping[str, float], device: str, shots: int) -> dict[str, float]:
    """What each of so many tasks takes: a GPU where the cluster has any, else a share of the cores."""
    if there.get("GPU", 0) >= 1 and device in ("auto", "cuda"):
        return {"num_gpus": 1, "num_cpus": 1}
    return {"num_cpus": max(1, min(_MOST_CORES, int(there.get("CPU", 1)) // max(1, shots)))}


def _painted(
    job: str, mark: str, number: int, cargo: Cargo | None, state: Mapping[str, Any], after: float
) -> Iterator[Any]:
    """On a node: paint a shot; gives the progress, lines for the user, and what was painted if it is shipped.

    mark: by which the job's directory is known. state: what of the shot is painted already. after: seconds.
    """
    import ray

    threading.Event().wait(after)
    directory, known, ships = Path(job), set(state), cargo is not None
    if cargo is None and mark_of(directory) != mark:
        yield _UNSEEN
        return
    if cargo is not None:
        directory = unpacked(cargo, own_folder(mark), ray.get)
        part = Parts.load(directory).part(number)
        with opened(JobStore.load(directory), part):
            take_in(part, {name: ray.get(data) for name, data in state.items()})
    folder = Parts.load(directory).part(number).folder
    for event in _events(directory, number):
        if ships:
            yield state_of(folder, known)
        yield event
    if ships:
        yield state_of(folder, known)


def _events(job: Path, number: int) -> Iterator[Progress | str]:
    """What is said of a shot while it is painted, in a thread of its own: this one may be interrupted."""
    said: queue.SimpleQueue[Progress | str | BaseException | None] = queue.SimpleQueue()
    stop = threading.Event()

    def paint() -> None:
        try:
            paint_shot(job, number, Hooks(progress=said.put, notice=said.put, stop=stop))
            said.put(None)
        except BaseException as error:  # handed over
            said.put(error)

    thread = threading.Thread(target=paint, name="vidstyle-shot", daemon=True)
    thread.start()
    try:
        while (event := said.get()) is not None:
            if isinstance(event, BaseException):
                raise event
            yield event
    finally:
        stop.set()
        thread.join()


def _clean(ray: Any, mark: str) -> None:
    """Delete what was shipped, on every node that is still there."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    def clean() -> None:
        shutil.rmtree(own_folder(mark), ignore_errors=True)

    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
    tasks = [
        ray.remote(num_cpus=0, max_retries=0)(clean)
        .options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False))
        .remote()
        for node in nodes
    ]
    ray.wait(tasks, num_returns=len(tasks), timeout=30)
