"""--verbose: how losses are shown."""

from __future__ import annotations

import json
import math

import fake_pipeline
import pytest

from vidstyle.cli import main
from vidstyle.cli.losses import curve, loss_lines
from vidstyle.events import FrameLosses, SearchLosses


def test_a_curve_is_of_the_logarithms() -> None:
    assert curve([128, 64, 32, 16, 8, 4, 2, 1], 8) == "█▇▆▅▄▃▂▁"
    assert curve([1, 10, 1], 8) == "▁█▁"
    assert curve([1, 10, 1], 8, "_.-#") == "_#_"
    assert curve([5.0] * 4, 8) == "▁▁▁▁"
    assert curve([4, 4, 1, 1], 2) == "█▁"  # two values each
    assert len(curve(range(1, 1000), 24)) == 24


def test_a_curve_shows_what_has_no_logarithm_as_the_least() -> None:
    assert curve([0, 1, 100, math.nan, math.inf], 5) == "▁▁█▁▁"
    assert curve([0.0, 0.0], 5) == "▁▁"
    assert curve([-1e-9], 5) == "▁"


def test_a_line_for_the_frame_and_one_for_each_term_at_each_size() -> None:
    searches = [
        SearchLosses(36, 64, {"style": [8.0, 3.0, 2.0], "tv": [0.1, 0.1, 0.1]}),
        SearchLosses(72, 128, {"style": [3.0], "tv": [0.2]}),
    ]
    event = FrameLosses(12, 1, 2, 4, {"style": 3.0, "tv": 0.2}, searches)
    assert loss_lines(event) == [
        "frame 12, shot 2, pass 2: 4 steps, style 3, tv 0.2",
        "  64x36, 3 steps        style         8 to 2           █▃▁",
        "                        tv          0.1 to 0.1         ▁▁▁",
        "  128x72, 1 step        style         3 to 3           ▁",
        "                        tv          0.2 to 0.2         ▁",
    ]
    assert all(line.isascii() for line in loss_lines(event, blocks=False))
    rested = FrameLosses(3, 0, 1, 0, {"style": 1.0}, [])
    assert loss_lines(rested) == ["frame 3, shot 1: 0 steps, style 1"]


@pytest.mark.usefixtures("stand_in")
class TestCommand:
    def run(self, *more: str) -> int:
        return main(["style", "in.mp4", "wave.jpg", "-o", "out.mp4", *more])

    def test_only_where_it_is_asked_for(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.run() == 0
        assert "frame 0, shot 1" not in capsys.readouterr().err
        assert self.run("-v", "--restart") == 0
        lines = capsys.readouterr().err.splitlines()
        first = lines.index("frame 0, shot 1: 7 steps, style 0.5")
        assert lines[first + 1].split() == ["64x36,", "2", "steps", "style", "1", "to", "0.5", "█▁"]
        assert sum(line.startswith("frame ") for line in lines) == fake_pipeline.FRAMES

    def test_as_events(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.run("--verbose", "--json-progress") == 0
        events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        losses = [event for event in events if event["event"] == "losses"]
        assert len(losses) == fake_pipeline.FRAMES
        assert losses[0] == {
            "event": "losses",
            "frame": 0,
            "shot": 0,
            "pass_number": 1,
            "steps": 7,
            "losses": {"style": 0.5},
            "searches": [{"height": 36, "width": 64, "losses": {"style": [1.0, 0.5]}}],
        }

    def test_not_together_with_quiet(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.run("-q", "-v") == 2
        assert capsys.readouterr().err == (
            "vidstyle: --quiet shows nothing and --verbose shows more; give one of the two\n"
        )
