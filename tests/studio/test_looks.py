from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from tests.cli.running import PATIENCE
from tests.studio.test_requests import FORMS, _asked
from vidstyle.errors import InputError
from vidstyle.studio import looks
from vidstyle.studio.frames import Frames
from vidstyle.studio.looks import LONGEST, Looks


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other programs may be busy on this machine."""
    monkeypatch.setattr(looks, "_MOST_SECONDS", PATIENCE)


def test_a_look_is_painted_as_the_form_asks_and_kept(workspace: Any) -> None:
    painting = Looks(workspace, Frames())
    asked = _asked(workspace, FORMS["style"], steps="4", strength=1.5)
    seen = list(painting.paint(asked, 3, lambda: False))
    last = seen[-1]
    assert last.seconds
    before, after = Image.open(last.before).convert("RGB"), Image.open(last.after).convert("RGB")
    assert before.size == after.size == (LONGEST, LONGEST * 9 // 16)
    assert before.tobytes() != after.tobytes()
    again = list(painting.paint(asked, 3, lambda: False))
    assert again == [last]  # at once, as it was


def test_a_look_that_nobody_wants_any_more_ends(workspace: Any) -> None:
    assert list(Looks(workspace, Frames()).paint(_asked(workspace, FORMS["style"]), 0, lambda: True)) == []


def test_a_look_that_cannot_be_painted_tells_why(workspace: Any) -> None:
    (workspace.folder("files") / "broken.png").write_bytes(b"no picture")
    asked = _asked(workspace, FORMS["style"], mask="files/broken.png", steps="1")
    with pytest.raises(InputError, match=r"broken\.png"):
        list(Looks(workspace, Frames()).paint(asked, 0, lambda: False))
