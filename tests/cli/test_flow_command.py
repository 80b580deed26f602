"""`vidstyle flow` through the whole program: what it writes, going on, and painting with its files."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.cli.running import PATIENCE, Start, held, wait_until
from vidstyle.cli import main
from vidstyle.flow.colourwheel import colours, radius_for
from vidstyle.flow.consistency import HALF_A_PIXEL, reliability_8bit
from vidstyle.flow.estimators import ESTIMATORS
from vidstyle.flow.files import read_flo, read_pgm, write_flo
from vidstyle.job import LOCK, Lock
from vidstyle.video.pictures import read_picture, write_picture
from vidstyle.video.reader import open_clip


@pytest.fixture
def clip(pictures: Path) -> str:
    """Ten frames of 48x32 that move to the right by a pixel each."""
    return str(pictures / "clip")


def names(folder: str) -> set[str]:
    return set(contents(folder))


def contents(folder: str) -> dict[str, bytes]:
    """All files but the lock, which names the last run."""
    return {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.name != LOCK}


def test_flow_masks_and_pictures_both_ways(clip: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["flow", clip, "-o", "flows", "--frames", "3:6"]) == 0
    pairs = [(3, 4), (4, 5)]
    expected = {"flow.json"}
    for a, b in pairs:
        expected |= {f"forward_{a}_{b}.flo", f"forward_{a}_{b}.png", f"reliable_{a}_{b}.pgm"}
        expected |= {f"backward_{b}_{a}.flo", f"backward_{b}_{a}.png", f"reliable_{b}_{a}.pgm"}
    assert names("flows") == expected
    frames = {frame.index: frame.pixels for frame in open_clip(clip).frames()}
    forward, backward = ESTIMATORS["dis"](frames[3], frames[4]), ESTIMATORS["dis"](frames[4], frames[3])
    assert np.median(backward[0]) == pytest.approx(-1, abs=0.1)
    assert np.array_equal(read_flo("flows/forward_3_4.flo"), forward)
    assert np.array_equal(read_flo("flows/backward_4_3.flo"), backward)
    mask = reliability_8bit(backward, forward, HALF_A_PIXEL)
    assert np.array_equal(read_pgm("flows/reliable_4_3.pgm"), mask)
    shown, _ = read_picture("flows/backward_4_3.png")
    assert np.array_equal(shown, colours(backward, radius_for(backward)))
    lines = capfd.readouterr().err.splitlines()
    assert lines[-1] == "done: flows" and lines[-2].startswith("estimating flow 3/3, shot 1")


def test_distances_sizes_and_what_is_left_out(clip: str) -> None:
    given = ["flow", clip, "-o", "flows", "--frames", ":4", "--distance", "1,3", "--no-pictures", "-q"]
    assert main([*given, "--size", "96", "--flow-size", "24", "--flow", "farneback"]) == 0
    flows = {name for name in names("flows") if name.endswith(".flo")}
    assert flows == {f"forward_{a}_{b}.flo" for a, b in ((0, 1), (1, 2), (2, 3), (0, 3))} | {
        f"backward_{b}_{a}.flo" for a, b in ((0, 1), (1, 2), (2, 3), (0, 3))
    }
    assert not any(name.endswith(".png") for name in names("flows"))
    assert read_flo("flows/backward_3_0.flo").shape == (2, 64, 96)


def test_the_preview_shows_three_columns(clip: str) -> None:
    assert main(["flow", clip, "-o", "flows", "--frames", "2:6", "--video", "-q"]) == 0
    first, second, *rest = open_clip("flows/preview.mp4").frames()
    assert len(rest) == 2 and (first.width, first.height) == (3 * 48, 32)
    flow, mask = first.pixels[:, :, 48:96], first.pixels[:, :, 96:]
    assert flow[:, 4:-4, 8:-8].min() > 245 and mask[:, 4:-4, 8:-8].max() < 10
    # To the left is cyan, and it is trusted.
    red, green, blue = second.pixels[:, 8:-8, 60:84].reshape(3, -1).mean(1)
    assert red < 120 and green > 150 and blue > 150
    assert second.pixels[:, 8:-8, 108:132].mean() > 240


def test_no_flow_across_a_cut(clip: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["flow", clip, "-o", "flows", "--frames", ":6", "--cut", "3", "--distance", "1,2"]) == 0
    flows = {name for name in names("flows") if re.fullmatch(r"forward.*\.flo", name)}
    assert flows == {f"forward_{a}_{b}.flo" for a, b in ((0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5))}
    assert "a cut at frame 3: no flow across it" in capfd.readouterr().err.splitlines()


class TestAgain:
    def test_only_what_is_missing_is_made(self, clip: str) -> None:
        given = ["flow", clip, "-o", "flows", "--frames", ":4", "-q"]
        assert main(given) == 0
        whole = contents("flows")
        missing = ("backward_2_1.flo", "reliable_1_0.pgm", "forward_2_3.png")
        for name in missing:
            (Path("flows") / name).unlink()
        kept = {name: (Path("flows") / name).stat().st_mtime_ns for name in whole if name not in missing}
        assert main(given) == 0
        assert contents("flows") == whole
        flows = [name for name in kept if name.endswith(".flo")]
        assert all((Path("flows") / name).stat().st_mtime_ns == kept[name] for name in flows)

    def test_stopped_and_gone_on_it_is_the_same(
        self, clip: str, start: Start, capfd: pytest.CaptureFixture[str]
    ) -> None:
        given = ["flow", clip, "--flow", "tvl1", "--size", "200", "--frames", ":5"]
        assert main([*given, "-o", "whole", "-q"]) == 0
        allowed = Path("allowed")
        allowed.write_text("2")
        program = held("vidstyle.flow_export.export:write_pgm", allowed)
        child = start(*program, *given, "-o", "parts", "--overwrite")
        wait_until(Path("parts/reliable_1_0.pgm").exists, child)
        child.send_signal(signal.SIGINT)
        allowed.write_text("99")
        _, err = child.communicate(timeout=PATIENCE)
        assert child.returncode == 130
        last = err.splitlines()[-1]
        assert last.startswith("stopped; go on with: vidstyle flow ")
        assert 0 < len(names("parts")) < len(names("whole"))
        command = shlex.split(last.split(": ", 1)[1])
        assert "--overwrite" not in command
        assert main([*command[1:], "-q"]) == 0
        assert contents("parts") == contents("whole")

    def test_a_second_run_at_once_is_refused(self, clip: str, capfd: pytest.CaptureFixture[str]) -> None:
        given = ["flow", clip, "-o", "flows", "--frames", ":3", "-q"]
        Path("flows").mkdir()
        with Lock(Path("flows") / LOCK):
            for more in ([], ["--overwrite"]):
                assert main([*given, *more]) == 75
                assert re.fullmatch(
                    rf"vidstyle: flows is being worked on by process {os.getpid()} on \S+; let it finish or "
                    r"stop it, or name another directory with --output DIR\n",
                    capfd.readouterr().err,
                )
        assert names("flows") == set()
        assert main(given) == 0

    def test_other_settings_are_refused_and_named(self, clip: str, capfd: pytest.CaptureFixture[str]) -> None:
        given = ["flow", clip, "-o", "flows", "--frames", ":3", "-q"]
        assert main(given) == 0
        assert main([*given, "--size", "96", "--flow", "farneback"]) == 1
        err = capfd.readouterr().err
        assert "size: 48x32 -> 96x64" in err and "flow: dis -> farneback" in err
        assert "--overwrite" in err and err.count("\n") == 1
        Path("flows/forward_7_8.flo").touch()  # of the settings before: it must not stay
        Path("flows/mine.txt").touch()
        assert main([*given, "--size", "96", "--flow", "farneback", "--overwrite"]) == 0
        assert read_flo("flows/forward_0_1.flo").shape == (2, 64, 96)
        assert not Path("flows/forward_7_8.flo").exists() and Path("flows/mine.txt").exists()
        Path("flows/flow.json").write_text("{")
        assert main(given) == 1
        assert "flow.json is damaged" in capfd.readouterr().err

    def test_flow_of_another_program_is_left_alone(
        self, clip: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        Path("flows").mkdir()
        Path("flows/forward_0_1.flo").write_bytes(b"precious")
        assert main(["flow", clip, "-o", "flows", "-q"]) == 1
        assert "forward_0_1.flo" in capfd.readouterr().err
        assert contents("flows") == {"forward_0_1.flo": b"precious"}
        assert len(list(Path("flows").iterdir())) == 1


@pytest.mark.parametrize("more", [[], ["--flow", "farneback", "--trust-dilate", "2", "--trust-soften", "2"]])
def test_painting_with_stored_flow_is_painting_with_estimated_flow(
    clip: str, pictures: Path, thin_weights: Path, more: list[str]
) -> None:
    given = ["style", clip, str(pictures / "style.png"), f"--features={thin_weights}", "-q", "--frames=1:5"]
    given += ["--steps=2", "--next-steps=2", "--precision=float32", "--device=cpu", "--size=40"]
    estimator, masks = more[:2], more[2:]
    assert main(["flow", clip, "-o", "flows", "--size", "40", "-q", *estimator]) == 0
    assert main([*given, "-o", "estimated", *more]) == 0
    assert main([*given, "-o", "stored", "--flow-dir", "flows", *masks]) == 0
    assert contents("stored") == contents("estimated")
    for mask in Path("flows").glob("*.pgm"):
        mask.unlink()
    assert main([*given, "-o", "judged", "--flow-dir", "flows/", *masks]) == 0
    assert contents("judged") == contents("estimated")
    Path("flows/backward_2_1.flo").write_bytes(Path("flows/forward_1_2.flo").read_bytes())
    assert main([*given, "-o", "other", "--flow-dir", "flows", *masks]) == 0
    assert contents("other") != contents("estimated")


def test_check_gives_the_masks_of_the_released_program(shared: Callable[[str], Path], tmp_path: Path) -> None:
    folder, mask = shared("golden/ruder_marple"), tmp_path / "mask.pgm"
    files = [str(folder / f"{name}.flo") for name in ("backward_2_1", "forward_1_2")]
    assert main(["flow", "--check", *files, "-o", str(mask)]) == 0
    golden = cv2.imread(str(folder / "reliable_2_1.pgm"), cv2.IMREAD_UNCHANGED)
    found = cv2.imread(str(mask), cv2.IMREAD_UNCHANGED)
    assert found.shape == golden.shape and found.max() == 254
    assert np.abs(found.astype(int) - golden).max() <= 1


def test_json_progress(clip: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["flow", clip, "-o", "flows", "--frames", ":3", "--json-progress"]) == 0
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == [*["progress"] * 3, "finished"]
    assert (events[1]["phase"], events[1]["done"], events[1]["total"]) == ("flow", 2, 3)
    assert events[-1]["output"] == "flows"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("", 2, ["--output"]),
        ("CLIP", 2, ["--output"]),
        ("-o out", 2, ["INPUT", "--check"]),
        ("CLIP --check a.flo b.flo -o m.pgm", 2, ["INPUT", "--check"]),
        ("--check a.flo gone.flo -o m.pgm", 1, ["gone.flo"]),
        ("--check a.flo text.flo -o m.pgm", 1, ["text.flo"]),
        ("--check a.flo b.flo -o m.pgm", 1, ["a.flo is 3x2", "b.flo is 4x2"]),
        ("--check a.flo a.flo -o m.png", 2, ["m.png"]),
        ("--check a.flo a.flo -o old.pgm", 1, ["old.pgm exists"]),
        ("--check a.flo a.flo -o nowhere/m.pgm", 1, ["nowhere"]),
        ("gone.mp4 -o out", 1, ["gone.mp4"]),
        ("still.png -o out", 1, ["still.png", "one frame"]),
        ("CLIP -o out --frames 3:4", 1, ["--frames"]),
        ("CLIP -o out --frames 5:2", 2, ["5:2"]),
        ("CLIP -o out --flow psychic", 2, ["--flow", "psychic"]),
        ("CLIP -o out --flow raft", 1, ["RAFT", "VIDSTYLE_OFFLINE"]),
        ("CLIP -o out --flow raft --flow-weights gone.pth", 1, ["gone.pth"]),
        ("CLIP -o out --flow raft --flow-weights text.flo", 1, ["text.flo"]),
        ("CLIP -o out --flow-weights text.flo", 2, ["--flow-weights"]),
        ("CLIP -o out --distance 0", 2, ["--distance", "0"]),
        ("CLIP -o out --distance near", 2, ["--distance", "near"]),
        ("CLIP -o out --size 1000000", 2, ["--size 1000000"]),
        ("CLIP -o out --flow-size 2", 2, ["--flow-size", "2"]),
        ("CLIP -o text.flo", 1, ["text.flo is a file"]),
        ("CLIP -o nowhere/out", 1, ["nowhere/out"]),
    ],
)
def test_one_line_that_names_the_thing(
    clip: str, arguments: str, code: int, words: list[str], refused: Callable[..., None]
) -> None:
    Path("text.flo").write_text("no flow")
    Path("old.pgm").touch()
    write_flo("a.flo", np.zeros((2, 2, 3), np.float32))
    write_flo("b.flo", np.zeros((2, 2, 4), np.float32))
    write_picture("still.png", np.zeros((3, 20, 20), np.uint8))
    refused(code, words, "flow", *arguments.replace("CLIP", clip).split(), "-q")
    assert not Path("out").exists() and not Path("m.pgm").exists()
