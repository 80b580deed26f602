"""How the losses of frames fell, as a run tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import vidstyle
from tests.pipeline.painting import Paint, noise
from vidstyle.events import FrameLosses
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.options import EncodeOptions, RunOptions
from vidstyle.pipeline.plan import Request
from vidstyle.pipeline.planning import make_plan
from vidstyle.pipeline.trace import Trace


def test_every_term_at_every_step_of_every_size(paint: Paint, tmp_path: Path) -> None:
    large = noise(tmp_path / "large.png", 2, (20, 200))
    events: list[FrameLosses] = []
    settings: dict[str, Any] = {"steps": 6, "tolerance": 0.0}
    paint(large, "plain.png", **settings)
    paint(large, "out.png", losses=events.append, **settings)
    assert Path("out.png").read_bytes() == Path("plain.png").read_bytes()
    (event,) = events
    assert (event.frame, event.shot, event.pass_number, event.steps) == (0, 0, 1, 11)
    assert [(search.width, search.height) for search in event.searches] == [(128, 13), (200, 20)]
    for search, steps in zip(event.searches, (5, 6), strict=True):
        found = {name: len(values) for name, values in search.losses.items()}
        assert found == dict.fromkeys(("style", "content", "tv", "grain"), steps)
    fine = event.searches[-1].losses
    whole = [sum(values) for values in zip(*fine.values(), strict=True)]
    assert sum(event.losses.values()) == pytest.approx(min(whole))  # the best of the steps is kept
    assert event.searches[0].losses["style"][-1] < event.searches[0].losses["style"][0]


def test_of_a_clip_one_event_per_frame_and_pass(paint: Paint, clip: Path) -> None:
    events: list[FrameLosses] = []
    paint(clip, "out.mkv", frames=":3", cut=(2,), passes=2, tolerance=0.0, losses=events.append, codec="ffv1")
    assert [(e.frame, e.shot) for e in events] == [(0, 0), (1, 0), (2, 1), (1, 0), (0, 0), (2, 1)]
    assert [e.pass_number for e in events] == [1, 1, 1, 2, 2, 2]
    assert "temporal" in events[1].searches[-1].losses
    assert "temporal" not in events[0].searches[-1].losses  # nothing came before
    assert all(sum(len(s.losses["style"]) for s in e.searches) == e.steps for e in events)


def test_other_methods_tell_as_well(style: Path, thin_weights: Path, clip: Path) -> None:
    quick = {"features": str(thin_weights), "precision": "float32", "steps": 3}
    told: dict[str, list[FrameLosses]] = {"analogy": [], "texture": []}
    vidstyle.texture(style, "t.png", size="32", losses=told["texture"].append, **quick)
    vidstyle.analogy(clip, style, "a.png", frames=":1", sweeps=1, losses=told["analogy"].append, **quick)
    assert set(told["texture"][0].searches[0].losses) == {"style", "tv", "grain"}
    analogy = told["analogy"][0]
    assert set(analogy.losses) == {"matching"}
    assert all(set(search.losses) == {"deconvolution"} for search in analogy.searches) and analogy.searches


def test_where_nobody_asks_nothing_is_seen(clip: Path, style: Path, thin_weights: Path) -> None:
    run = RunOptions(features=str(thin_weights))
    asked = Request(clip, [style], Path("o.mp4"), NeuralOptions(), run, EncodeOptions(), lambda line: None)
    plan = make_plan(asked)
    assert Trace(plan, None).observer is None
    assert plan.painter().observer is None  # type: ignore[attr-defined]
    assert Trace(plan, lambda event: None).observer is not None
