"""A film painted by Ray: on this machine, and on a cluster a node of which dies, sharing a disk or none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray")

import vidstyle
from tests.farm.films import asked, assert_same, given, run
from vidstyle.cli import main
from vidstyle.errors import Stopped
from vidstyle.events import Hooks, Progress
from vidstyle.farm import on_ray
from vidstyle.farm.on_ray import paint_on_ray

SOME = {"frames": "10:30", "codec": "ffv1"}

# Ray's own: of what it leaves open, and of its own future.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other programs may be busy on this machine."""
    waits = (
        "raylet_start_wait_time_s",
        "worker_register_timeout_seconds",
        "gcs_server_request_timeout_seconds",
    )
    for name in waits:
        monkeypatch.setenv(f"RAY_{name}", "600")
    monkeypatch.setenv("RAY_health_check_failure_threshold", "100")


@pytest.fixture
def ray_here(patient: None, each_alone: None) -> Iterator[Any]:
    """Ray, started once for all that a test does with it."""
    with on_ray.connected(None) as ray:
        yield ray


def test_stopped_and_gone_on_with_and_shipped(film: Path, quick: dict[str, Any], ray_here: Any) -> None:
    settings = {**SOME, **quick}
    whole = vidstyle.stylize(film, "style.png", "whole.mkv", **settings)
    events: list[Progress] = []

    class AfterSome:
        def is_set(self) -> bool:
            return sum(event.phase == "paint" for event in events) >= 4

    with pytest.raises(Stopped):
        vidstyle.stylize(
            film, "style.png", "out.mkv", on="ray", progress=events.append, stop=AfterSome(), **settings
        )
    events.clear()
    vidstyle.stylize(film, "style.png", "out.mkv", on="ray", progress=events.append, **settings)
    assert_same(Path("out.mkv"), whole)
    painted = [event.done for event in events if event.phase == "paint"]
    assert len(painted) <= 16 and painted == list(range(21 - len(painted), 21)), "nothing is painted twice"

    told: list[str] = []
    paint_on_ray(asked(film, "sent.mkv", quick, **SOME), None, None, Hooks(notice=told.append), ships=True)
    assert_same(Path("sent.mkv"), whole)
    assert "nodes do not see the job's directory: what they need is shipped to them" in told


@pytest.mark.slow
@pytest.mark.parametrize("ships", [False, True])
def test_a_node_dies(film: Path, quick: dict[str, Any], ships: bool, patient: None) -> None:
    """Three nodes paint, one is killed in the middle: the film is that of one machine."""
    from ray.cluster_utils import Cluster

    quick = {**quick, "steps": 60, "next_steps": 60}
    run("style", film, "style.png", "-o", "whole.mkv", **SOME, **quick)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        nodes = [cluster.add_node(num_cpus=1) for _ in range(3)]
        told, dead = list[str](), list[int]()

        def progress(event: Progress) -> None:
            if event.phase == "paint" and event.done >= 5 and not dead:
                dead.append(event.done)
                cluster.remove_node(nodes[1], allow_graceful=False)

        hooks = Hooks(progress=progress, notice=told.append)
        paint_on_ray(asked(film, "out.mkv", quick, **SOME), None, cluster.address, hooks, ships=ships)
    finally:
        cluster.shutdown()
    assert dead and any("has died; it goes on elsewhere" in line for line in told)
    assert_same(Path("out.mkv"), Path("whole.mkv"))


def test_what_is_asked_for_wrongly(
    film: Path, quick: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = given("style", film, "style.png", "-o", "out.mkv", "-q", **SOME, **quick)
    assert main([*arguments, "--on", "raytracing"]) == 2
    assert "--on takes ray or ray://ADDRESS, not 'raytracing'" in capsys.readouterr().err
    still = given("style", "style.png", "style.png", "-o", "out.png", "-q", **quick)
    assert main([*still, "--on", "ray"]) == 2
    assert "style.png is a picture: it is painted in one piece" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main([*arguments, "--on", "ray"]) == 2
    assert '--on ray needs Ray: pip install "vidstyle[ray]"' in capsys.readouterr().err
