"""What the page asks for is what the command line would do."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer

from vidstyle.cli.commands import app
from vidstyle.errors import UsageError
from vidstyle.methods.registry import METHODS, command
from vidstyle.options.written import arguments
from vidstyle.studio.fields import fields_of, located, texts
from vidstyle.studio.looks import LONGEST, small
from vidstyle.studio.requests import OWN, Form, ask, command_line, forms

FORMS = {form.name: form for form in forms()}


def _shown(form: Form, **changed: Any) -> dict[str, Any]:
    """What the components of a form hold before anybody touches them, but for some."""
    found: dict[str, Any] = {}
    for field in fields_of(form):
        default: Any = field.spec.default
        several = isinstance(default, tuple)
        found[field.name] = ",".join(map(str, default)) if several else default
    return found | changed


def _asked(workspace: Any, form: Form, **changed: Any) -> Any:
    source = workspace.folder("clips") / "valley.mp4"
    pictures = [workspace.folder("pictures") / "strokes.jpg"] if form.own.pictures.most != 0 else []
    look = changed.pop("look", None)
    values = located(workspace, form, texts(form, _shown(form, **changed))) | {"look": look}
    return ask(form, workspace, source, pictures, values)


def _parsed(words: list[str]) -> dict[str, Any]:
    """What the command line makes of these words."""
    group: Any = typer.main.get_command(app)
    return group.commands[words[0]].make_context(words[0], list(words[1:])).params


def test_every_method_has_a_tab_and_every_option_a_field() -> None:
    assert {form.method for form in FORMS.values()} == {n for n in METHODS if not command(n).within}
    for form in FORMS.values():
        names = {spec.name for kind in form.groups.values() for spec in fields(kind)}
        hidden = {*OWN, *form.preset, *form.own.instead}
        gallery = {command(n).asked for n in METHODS if command(n).within == form.method}
        assert {field.name for field in fields_of(form)} == names - hidden - gallery


@pytest.mark.parametrize("name", list(FORMS))
def test_an_untouched_form_is_a_command_without_options(workspace: Any, name: str) -> None:
    try:
        asked = _asked(workspace, FORMS[name])
    except UsageError as error:
        pytest.skip(f"it needs something: {error}")
    words = asked.arguments("out.mp4")
    paths = [str(path) for path in (asked.source, *asked.pictures) if path]
    assert words == [name, *paths, "-o", "out.mp4"]
    assert command_line(words).startswith(f"vidstyle {name} ")


def test_what_is_changed_is_written_and_read_again_as_it_was(workspace: Any) -> None:
    (workspace.folder("files") / "mask.png").write_bytes(b"")
    changed = {"strength": 0.7, "color": "content", "cuts": False, "history": "1,5", "mask": "files/mask.png"}
    words = _asked(workspace, FORMS["style"], **changed).arguments("out.mp4")
    read = _parsed(words)
    assert (read["strength"], read["color"], read["cuts"]) == ("0.7", "content", False)
    assert read["history"] == ["1,5"]
    assert read["mask"] == str(workspace.folder("files") / "mask.png")


def test_a_negative_number_is_no_option(workspace: Any) -> None:
    (workspace.folder("sets") / "a").mkdir()
    asked = _asked(workspace, FORMS["dfi"], strength="-1,0.5", source="sets/a", target="sets/a")
    words = asked.arguments("out.png")
    assert "--strength=-1,0.5" in words
    assert _parsed(words)["strength"] == ["-1,0.5"]
    assert _parsed(words)["source"] == str(workspace.folder("sets") / "a")


def test_a_look_takes_the_place_of_pictures(workspace: Any) -> None:
    asked = _asked(workspace, FORMS["style"], look="strokes", strength=0.3)
    assert asked.method == "student"
    source = str(workspace.folder("clips") / "valley.mp4")
    assert asked.arguments("o.mp4") == ["style", source, "-o", "o.mp4", "--look", "strokes"]


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"mask": "/etc/passwd"}, "does not lie in the workspace"),
        ({"mask": "../../secret.png"}, "does not lie in the workspace"),
        ({"features": "/etc/passwd"}, "does not lie in the workspace"),
        ({"flow_dir": "../flows"}, "does not lie in the workspace"),
        ({"strength": "lots"}, "--strength takes a number"),
        ({"photo": True, "color": "match"}, "--photo gives the clip the style picture's colours"),
    ],
)
def test_what_is_wrong_is_refused_in_a_line(workspace: Any, changed: dict[str, Any], line: str) -> None:
    with pytest.raises(UsageError, match=line):
        _asked(workspace, FORMS["style"], **changed)


def test_what_is_missing_is_told(workspace: Any) -> None:
    values = texts(FORMS["style"], _shown(FORMS["style"])) | {"look": None}
    with pytest.raises(UsageError, match="choose a clip or a picture first"):
        ask(FORMS["style"], workspace, None, [], values)
    with pytest.raises(UsageError, match="give at least one style picture"):
        ask(FORMS["style"], workspace, Path(workspace.root / "clips/valley.mp4"), [], values)


def test_what_is_written_beside_the_result_stays_with_it(workspace: Any) -> None:
    asked = _asked(workspace, FORMS["analogy"], save_fields="../../matches")
    assert asked.value("save_fields") == "matches"


@pytest.mark.parametrize(
    ("name", "field", "shown", "line"),
    [
        ("style", "strength", 9, "--strength must be at most 4"),
        ("style", "size", "7", "--size must be at least 16"),
        ("style", "size", "large", "--size takes a whole number"),
        ("style", "size", "", ""),
        ("style", "strength", 0.5, ""),
        ("style", "history", "1,x", "--history takes whole numbers"),
        ("texture", "frames", 0.0, "--frames must be at least 1"),
        ("style", "color", "loud", "--color must be one of"),
    ],
)
def test_a_wrong_value_is_told_at_its_field(name: str, field: str, shown: Any, line: str) -> None:
    found = next(each for each in fields_of(FORMS[name]) if each.name == field)
    problem = found.problem(shown)
    assert problem.startswith(line) if line else not problem


@pytest.mark.parametrize("name", list(FORMS))
def test_what_people_change_most_is_in_view_and_is_little(name: str) -> None:
    often = [field.name for field in fields_of(FORMS[name]) if field.often]
    assert 2 <= len(often) <= 14


def test_a_look_at_it_is_small_quick_and_of_the_same_style(workspace: Any) -> None:
    changed = {"strength": 0.7, "quality": "high", "size": "1920", "frames": "2:9", "passes": 3, "fast": True}
    frame = workspace.root / "frame.png"
    words = small(_asked(workspace, FORMS["style"], **changed), frame).arguments("look.png")
    read = _parsed(words)
    assert read["input"] == frame
    assert (read["strength"], read["quality"], read["size"]) == ("0.7", "draft", str(LONGEST))
    assert (read["features"], read["frames"], read["passes"]) == ("bundled", None, "1")
    assert not read["fast"]


def test_a_look_at_a_texture_is_a_small_one(workspace: Any) -> None:
    asked = _asked(workspace, FORMS["texture"], size="1024x512", frames=50.0)
    own = small(asked, None).options[0]
    assert (own.width, own.height, own.frames) == (LONGEST, LONGEST // 2, 1)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "dfi"])
def test_default_options_are_no_words(name: str) -> None:
    own = command(name)
    assert arguments(own.options()) == arguments(own.run()) == []
