"""--help is fast and complete: it is derived from the dataclasses, and imports nothing heavy."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass, field, fields
from typing import Any

import pytest
import typer

from vidstyle.cli import main
from vidstyle.cli.options import with_options
from vidstyle.errors import UsageError
from vidstyle.methods.dfi.options import DfiOptions
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.methods.texture.options import TextureOptions, TextureRunOptions
from vidstyle.options import EncodeOptions, EvaluateOptions, FlowOptions, RunOptions
from vidstyle.options.base import option_name
from vidstyle.options.learning import FastOptions
from vidstyle.options.live import LiveOptions
from vidstyle.options.written import collect

STYLE = (NeuralOptions, RunOptions, EncodeOptions, FastOptions)


@pytest.mark.parametrize("command", ["style", "evaluate", "live"])
def test_help_imports_nothing_heavy(command: str) -> None:
    code = (
        f"import sys, json\nfrom vidstyle.cli import main\nmain(['{command}', '--help'])\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stderr))
    assert "typer" in loaded
    assert not loaded & {"torch", "torchvision", "cv2", "av", "numpy", "matplotlib", "safetensors"}


@pytest.mark.parametrize(
    ("command", "columns", "kinds", "more", "never"),
    [
        ("style", 80, STYLE, "--output --quiet --json-progress --no-cuts", "--no-restart --no-quiet"),
        ("style", 200, STYLE, "--output --quiet --json-progress --no-cuts", "--no-restart --no-quiet"),
        ("dfi", 200, (DfiOptions,), "--no-cache", ""),
        ("texture", 200, (TextureOptions, TextureRunOptions, EncodeOptions), "", "--flow --passes --init"),
        ("flow", 200, (FlowOptions,), "--check --no-pictures --no-cuts", ""),
        ("evaluate", 200, (EvaluateOptions,), "--json --html --overwrite", ""),
        ("live", 200, (LiveOptions,), "--output --no-window --quiet", "--verbose"),
    ],
)
def test_every_option_is_listed(
    command: str,
    columns: int,
    kinds: tuple[type[Any], ...],
    more: str,
    never: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main([command, "--help"]) == 0
    words = set(re.findall(r"[\w-]+", capsys.readouterr().out))
    assert {option_name(spec.name) for kind in kinds for spec in fields(kind)} | {*more.split()} <= words
    assert not words & {*never.split()}


def test_defaults_are_shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    main(["style", "--help"])
    shown = capsys.readouterr().out
    assert re.search(r"--quality.*draft\|standard\|high.*\[default: standard\]", shown)
    assert re.search(r"--seed.*\[default: 0\]", shown)
    assert not re.search(r"--crf.*\[default", shown)


def test_every_command_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert {"style", "flow", "resume", "status", "evaluate", "features"} <= set(shown.split())


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert re.fullmatch(r"vidstyle \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


@dataclass(frozen=True)
class Sample:
    number: float = field(default=1.5, metadata={"help": "."})
    count: int | None = field(default=None, metadata={"help": ".", "flag": "-n"})
    zero: int = field(default=0, metadata={"help": "."})
    name: str = field(default="x", metadata={"help": "."})
    many: tuple[int, ...] = field(default=(), metadata={"help": "."})
    on: bool = field(default=True, metadata={"help": "."})
    off: bool = field(default=False, metadata={"help": "."})
    some: tuple[float, ...] = field(default=(0.5, 2.0), metadata={"help": "."})


def parsed(*arguments: str) -> Sample:
    app = typer.Typer()
    result = []

    @app.command()
    @with_options(Sample=Sample)
    def command(**values: Any) -> None:
        result.append(collect(Sample, values))

    app(arguments, standalone_mode=False)
    made = result[0]
    assert isinstance(made, Sample)
    return made


def test_without_arguments_the_defaults_hold() -> None:
    assert parsed() == Sample()


def test_every_kind_of_field_is_parsed() -> None:
    words = "--number=2", "-n", "3", "--name", "y", "--many", "1, 2", "--many=3", "--no-on", "--off"
    made = parsed(*words, "--some=3")
    assert made == Sample(number=2.0, count=3, name="y", many=(1, 2, 3), on=False, off=True, some=(3.0,))
    assert isinstance(made.number, float)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--number", "much"), "--number takes a number, not 'much'"),
        (("--count", "2.5"), "--count takes a whole number, not '2.5'"),
        (("--many", "1,x"), "--many takes whole numbers with commas between them, not '1,x'"),
    ],
)
def test_a_wrong_value_names_the_option(arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(UsageError) as error:
        parsed(*arguments)
    assert str(error.value) == words
