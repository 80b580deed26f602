"""vidstyle dfi as users give it: where the sets come from, and what is wrong told in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vidstyle.cli import main
from vidstyle.video.pictures import write_picture


@pytest.fixture
def arguments(tmp_path: Path, pictures: Path, thin_weights: Path) -> list[str]:
    """All but the sets: dark and bright, and two,named, whose name has a comma in it."""
    rng, rows = np.random.default_rng(0), ["path,kind"]
    for kind, least in (("dark", 0), ("bright", 120), ("two,named", 120)):
        (tmp_path / kind).mkdir()
        for i in range(5):
            write_picture(
                tmp_path / kind / f"{i}.png", rng.integers(least, least + 130, (3, 20, 30), np.uint8)
            )
            rows.append(f'"{kind}/{i}.png",{kind[:6]}')
    (tmp_path / "list.csv").write_text("\n".join(rows))
    quick = ["--steps", "2", "--features", str(thin_weights), "--device", "cpu", "--quiet"]
    return ["dfi", str(pictures / "style.png"), "-o", "out.png", *quick]


@pytest.mark.parametrize(
    "sets",
    [
        "--source dark --target bright --strength 0.5,1",
        "--source list.csv --target bright --where-source kind=dark --strength -1",
        "--attribute a=dark:two,named --attribute b=dark:list.csv --no-cache",
    ],
)
def test_it_runs(arguments: list[str], sets: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, *sets.split()]) == 0
    assert capfd.readouterr() == ("", "")
    expected = ["out.png", *(["out_0.5.png", "out_strip.png"] if "0.5,1" in sets else [])]
    assert sorted(path.name for path in tmp_path.glob("*.png")) == expected


BOTH = "--source dark --target bright"


@pytest.mark.parametrize(
    ("sets", "code", "words"),
    [
        ("", 2, ["say what to change", "--source and --target"]),
        ("--source dark", 2, "--source and --target go together"),
        ("--source dark --target gone", 1, "the folder gone does not exist"),
        ("--source dark --target list.csv --where-target kind=odd", 1, "list.csv [kind=odd]"),
        ("--source dark --target list.csv --where-target kind", 2, "COLUMN=VALUE"),
        (f"{BOTH} --where kind=dark", 2, "dark is a folder"),
        ("--where-source kind=dark", 2, "--where-source goes with"),
        (f"{BOTH} --strength much", 2, "--strength takes numbers"),
        (f"{BOTH} --strength nan", 2, "--strength"),
        (f"{BOTH} --strength ,", 2, "--strength"),
        (f"{BOTH} --strength 1,2 -o out.mp4", 2, "can be written as"),
        (f"{BOTH} --strength 1,2 -o o.png", 1, "o_1.png exists"),
        ("--attribute a=dark", 2, "--attribute takes NAME=SOURCE:TARGET"),
        ("--attribute a:0.5=dark:bright", 2, "'a:0.5=dark:bright'"),
        ("--attribute a=dark:bright --target bright", 2, "exclude each other"),
        (f"--attribute a=dark:bright {BOTH}", 2, "--source and --attribute exclude each other"),
        ("--attribute a=b.safetensors --attribute a=b.safetensors", 2, "given twice"),
        ("--vector list.csv", 1, "list.csv: not an attribute vector"),
        ("--vector gone.safetensors", 1, "gone.safetensors"),
        ("--vector v --align l", 2, "a vector has none"),
        (f"{BOTH} --save-vector v.npz", 2, "writes a .safetensors file"),
        (f"{BOTH} --save-vector gone/v.safetensors", 1, "the folder gone does not exist"),
        (f"{BOTH} --save-vector here.safetensors", 1, "here.safetensors exists"),
        ("--source dark --inpaint list.csv", 1, "list.csv"),
        ("--source dark --inpaint white.png", 1, "white where the hole is"),
        (f"{BOTH} --inpaint white.png", 2, "--inpaint takes one set"),
        (f"{BOTH} --mask gone.png", 1, "gone.png does not exist"),
        (f"{BOTH} --mask tall.png", 1, "must have one shape"),
        (f"{BOTH} --mask black.png", 1, "black all over"),
        (f"{BOTH} --align dark", 1, "dark"),
        (f"{BOTH} --align list.csv", 1, "needs a name and then x1, y1"),
        (f"{BOTH} --neighbors 0", 2, "--neighbors"),
        (f"{BOTH} --layers relu9_9", 2, "relu9_9"),
        (f"{BOTH} --layers relu5_1", 2, "layer 'relu5_1' is not in these features"),
        (f"{BOTH} -o dark/0.png", 1, "dark/0.png exists"),
        (f"{BOTH} -o dark/0.png --overwrite", 2, "dark/0.png is read by this run"),
    ],
)
def test_one_line_that_names_the_thing(
    arguments: list[str], sets: str, code: int, words: str | list[str], refused: Callable[..., None]
) -> None:
    for name, level in (("black", 0), ("white", 255)):
        write_picture(Path(f"{name}.png"), np.full((3, 32, 48), level, np.uint8))
    write_picture(Path("tall.png"), np.full((3, 48, 32), 255, np.uint8))
    for name in ("here.safetensors", "o_1.png"):
        Path(name).touch()
    refused(code, words, *arguments, *sets.split())


def test_a_clip_takes_one_strength(
    arguments: list[str], pictures: Path, refused: Callable[..., None]
) -> None:
    given = ["dfi", str(pictures / "clip"), *arguments[2:], *BOTH.split(), "--strength=1,2", "-o", "many"]
    refused(2, "several frames, and takes one --strength", *given)
