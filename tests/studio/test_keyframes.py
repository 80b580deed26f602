from __future__ import annotations

import pytest

from vidstyle.studio.keyframes import number_in


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("valley-frame-0012", 12),
        ("clip2-frame-0007 painted v3", 7),
        ("frame_80", 80),
        ("img_0040", 40),
        ("shot 3 final 25", 25),
        ("painted", None),
    ],
)
def test_the_name_of_a_painted_frame_tells_which_it_is(name: str, number: int | None) -> None:
    assert number_in(name) == number
