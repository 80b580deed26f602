"""vidstyle dfi as users give it: every option listed, and what is wrong told in one line."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from vidstyle.cli import main
from vidstyle.cli.options import option_name
from vidstyle.methods.dfi.options import DfiOptions
from vidstyle.video.pictures import write_picture


@pytest.fixture
def arguments(
    tmp_path: Path, cache: Path, pictures: Path, thin_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """All but the sets: dark and bright, and two,named, whose name has a comma in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIDSTYLE_CACHE", str(cache))
    monkeypatch.setenv("VIDSTYLE_OFFLINE", "1")
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


def test_help_lists_every_option(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["dfi", "--help"]) == 0
    words = set(re.findall(r"[\w-]+", capsys.readouterr().out))
    assert {option_name(f.name) for f in fields(DfiOptions)} | {"--no-cache"} <= words


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


@pytest.mark.parametrize(
    ("sets", "code", "words"),
    [
        ("", 2, "--source and --target"),
        ("--source dark", 2, "--source and --target go together"),
        ("--source dark --target gone", 1, "gone"),
        ("--source dark --target list.csv --where-target kind=odd", 1, "list.csv [kind=odd]"),
        ("--source dark --target list.csv --where-target kind", 2, "COLUMN=VALUE"),
        ("--source dark --target bright --where kind=dark", 2, "dark is a folder"),
        ("--source dark --target bright --strength much", 2, "--strength takes numbers"),
        ("--source dark --target bright --strength nan", 2, "--strength"),
        ("--source dark --target bright --strength ,", 2, "--strength"),
        ("--attribute a=dark", 2, "--attribute takes NAME=SOURCE:TARGET"),
        ("--attribute a:0.5=dark:bright", 2, "'a:0.5=dark:bright'"),
        ("--attribute a=dark:bright --target bright", 2, "exclude each other"),
        ("--vector list.csv", 1, "list.csv: not an attribute vector"),
        ("--vector gone.safetensors", 1, "gone.safetensors"),
        ("--source dark --inpaint list.csv", 1, "list.csv"),
        ("--source dark --target bright --align dark", 1, "dark"),
        ("--source dark --target bright --neighbors 0", 2, "--neighbors"),
        ("--source dark --target bright --layers relu9_9", 2, "relu9_9"),
        ("--source dark --target bright -o dark/0.png", 1, "dark/0.png exists"),
        ("--source dark --target bright -o dark/0.png --overwrite", 2, "dark/0.png is read by this run"),
    ],
)
def test_one_line_that_names_the_thing(
    arguments: list[str], sets: str, code: int, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, *sets.split()]) == code
    out, err = capfd.readouterr()
    assert out == "" and err.startswith("vidstyle: ") and err.count("\n") == 1
    assert words in err
