"""Every command and all code of README and guides is run, on small files of the names that they speak of."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import vidstyle
from tests.guides.reader import Reader, Section, clip_of, options_of, parse, sections_with
from tests.guides.reading import PAGES as ALL
from tests.guides.reading import prose
from vidstyle.cli import main
from vidstyle.methods.registry import command

PAGES = [page for page in ALL if page.stem not in ("api", "options")]  # no commands to be given

# By how they begin. Parsed by the real command line, but not run:
NOT_RUN = {
    "vidstyle colorize grey.mp4 --learn-from": "learns for minutes; tests/methods/colour does",
    "vidstyle studio": "opens a port; tests/studio does",
    "vidstyle live camera": "needs a camera; tests/live has a pretended one",
    "vidstyle live /dev/video1": "needs a camera",
    "vidstyle features --fetch": "downloads 548 MB",
    "vidstyle doctor": "takes ten seconds; tests/cli/test_doctor.py does",
    "vidstyle looks painting.safetensors --export": "onnx may be missing; tests/learning/test_onnx.py does",
    "vidstyle style film.mp4 painting.jpg -o painted.mp4 --on": "needs Ray; tests/farm/test_ray.py does",
}
# Nothing of vidstyle's:
OTHERS = {
    "pip install": "downloads",
    "scripts/demo": "makes an environment; run by hand",
    "python with_stencils.py": "tests/pipeline/test_new_method.py does",
    "sbatch": "no Slurm here",
    "cuecmd": "no OpenCue here",
    "deadlinecommand": "no Deadline here",
}
# Take long, and are run by scripts/check --slow:
SLOW = ("vidstyle learn", "--fast", "--by student")

BY_SECTION = partial(pytest.mark.parametrize, "section", ids=lambda each: f"{each[0].stem}:{each[1]}")


def _begins(words: Sequence[str], known: dict[str, str]) -> bool:
    return any(" ".join(words).startswith(each) for each in known)


def _is_slow(words: Sequence[str]) -> bool:
    return any(f" {each} " in f" {' '.join(words)} " for each in SLOW)


@pytest.fixture
def reader(
    alone: None, tmp_path: Path, thin_weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Section], Reader]:
    return lambda section: Reader(tmp_path, section, clip_of(tmp_path_factory.getbasetemp()), thin_weights)


@BY_SECTION(argvalues=list(sections_with("sh", PAGES)))
def test_commands_do_what_they_say(section: Section, reader: Callable[[Section], Reader]) -> None:
    _read(reader(section), slow=False)


@pytest.mark.slow
@BY_SECTION(argvalues=list(sections_with("sh", PAGES)))
def test_slow_commands_do_what_they_say(section: Section, reader: Callable[[Section], Reader]) -> None:
    if not any(map(_is_slow, (one := reader(section)).commands())):
        pytest.skip("all are quick")
    _read(one, slow=True)


def _read(reader: Reader, slow: bool) -> None:
    for words in reader.commands():
        if _begins(words, OTHERS):
            continue
        if _begins(words, NOT_RUN) or (_is_slow(words) and not slow):
            parse(words[1:])
            continue
        reader.provide(words)
        _run(reader, words)


def _run(reader: Reader, words: list[str]) -> None:
    if words[:2] == ["python", "scripts/make_faces.py"]:
        reader.make("faces/")
        return
    if words[0] in ("sh", "parallel"):  # the file of commands is the last word
        for line in (reader.folder / words[-1]).read_text().splitlines():
            assert main([*shlex.split(line)[1:], "--quiet"]) == 0, line
        return
    assert words[0] == "vidstyle", f"{words[0]} is in no list"
    if ">" in words:
        words, into = words[: words.index(">")], words[-1]
        with (reader.folder / into).open("w") as file, contextlib.redirect_stdout(file):
            assert main(reader.small(words)) == 0, words
        return
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        assert main(reader.small(words)) == 0, f"{shlex.join(words)}: {said.getvalue()}"
    if "-o" in words and words[1] != "shots":
        assert (reader.folder / words[words.index("-o") + 1]).exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_in_sentences_are_understood(page: Path) -> None:
    """Those with capitals for files, too, if all that they need is given."""
    for span in re.findall(r"`vidstyle ([a-z][^`]*)`", prose(page)):
        words = shlex.split(span)
        takes = options_of(words)
        assert {word for word in words if word.startswith("--")} <= takes | {"--help"}, span
        if "-o" in words and "..." not in words:
            parse(words)


@BY_SECTION(argvalues=list(sections_with("python", [page for page in PAGES if page.stem != "extending"])))
def test_code_does_what_it_says(
    section: Section, reader: Callable[[Section], Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`fast` is left out: the commands have it."""
    one = reader(section)
    small = {"features": str(one.features), "precision": "float32", "steps": 1, "next_steps": 1, "size": 48}
    small |= {"levels": 3, "sweeps": 1, "route": "warp", "match_size": 32}
    paint, batch, evaluate = vidstyle.paint, vidstyle.batch, vidstyle.evaluate

    def provided(*given: Any) -> None:
        for each in given:
            for name in [each] if isinstance(each, str) else each:
                one.make(re.sub(r"^\d+=", "", name))

    def less_to_paint(method: str, source: Any, pictures: Any, output: Any, /, **settings: Any) -> Path:
        provided(
            source or (), pictures, *(value for value in settings.values() if isinstance(value, (str, list)))
        )
        own = command(method)
        known = {spec.name for kind in (own.options, own.run) for spec in fields(kind)}
        less = {**small, "frames": "0:3"} if source else {**small, "size": "48x32"}
        asked = {name: value for name, value in settings.items() if name not in ("fast", "minutes")}
        if method == "fill":
            asked["by"] = "diffusion"
        asked |= {name: value for name, value in less.items() if name in known}
        return paint(method, source, pictures, output, **asked)

    def less_to_do(inputs: Any, styles: Any, folder: Any, **settings: Any) -> Any:
        provided(inputs, styles)
        less = {name: small[name] for name in ("features", "precision", "steps", "next_steps", "size")}
        return batch(inputs, styles, folder, **{**settings, **less})

    def less_to_measure(original: Any, stylized: Any, style: Any, **settings: Any) -> Any:
        provided(original, stylized, style)
        return evaluate(original, stylized, style, features=small["features"], size=48, frames="0:12")

    monkeypatch.setattr(vidstyle, "paint", less_to_paint)
    monkeypatch.setattr(vidstyle, "batch", less_to_do)
    monkeypatch.setattr(vidstyle, "evaluate", less_to_measure)
    for code in one.code():
        exec(code, {})
