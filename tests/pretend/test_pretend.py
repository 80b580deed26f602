"""A device that is not the CPU: everything runs there, with the CPU's results, and the host does not wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pretend.commands import SPINES
from tests.pretend.results import Results, tried
from tests.pretend.rules import RULES
from vidstyle.methods.registry import METHODS

# Pictures of 16 bits: what differs is rounding, in the last of them or in the last but a few.
_ROUNDING = 5e-4


@pytest.fixture(scope="module")
def pretended(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What was found on a device that is not the CPU, all in one process."""
    return tried(tmp_path_factory.mktemp("pretended"), "usual")


@pytest.mark.parametrize("rule", RULES)
def test_the_device_has_the_rules_of_a_gpu(pretended: Results, rule: str) -> None:
    assert not pretended[f"rule {rule}"]["error"]


@pytest.mark.parametrize("spine", SPINES)
def test_every_command_runs_there(pretended: Results, spine: str) -> None:
    found = pretended[f"run {spine}"]
    assert not found["error"] and found["made"] and found["apart"] < _ROUNDING


@pytest.mark.parametrize("name", METHODS)
def test_every_method_paints_the_same_there(pretended: Results, name: str) -> None:
    found = [each for tried, each in pretended.items() if tried.startswith(f"paint {name} ")]
    assert found and not [each["error"] for each in found if each["error"]]
    assert max(each["apart"] for each in found) < 1e-4


@pytest.mark.parametrize("name", METHODS)
def test_a_step_reads_nothing(pretended: Results, name: str) -> None:
    """On a GPU the host would wait for every value that it reads, and the GPU then for the host."""
    found = [each for tried, each in pretended.items() if tried.startswith(f"steps {name} ")]
    if not found:
        pytest.skip("it has no steps to be counted")
    assert not [each["error"] for each in found if each["error"]]
    assert not {each["name"]: each["a_step"] for each in found if each["a_step"]}


@pytest.mark.parametrize("taught", ["student", "colours"])
def test_a_step_of_training_reads_nothing(pretended: Results, taught: str) -> None:
    found = pretended[f"steps training {taught}"]
    assert not found["error"] and found["a_step"] == {}


@pytest.mark.slow
def test_every_option_by_itself(tmp_path: Path) -> None:
    found = tried(tmp_path, "all", "paint ")
    assert len(found) > 60
    assert {name: each["error"] for name, each in found.items() if each["error"]} == {}
    assert max(each["apart"] for each in found.values()) < _ROUNDING
