"""What a painter needs of the next frame is made ready, and copied to the device, while it paints."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch

from tests.pipeline.painting import Paint
from vidstyle.pipeline.canvas import Canvas
from vidstyle.types import Frame


def test_frames_are_copied_by_the_thread_that_reads_ahead(
    paint: Paint, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by: list[tuple[int, str]] = []
    content = Canvas.content

    def noted(canvas: Canvas, frame: Frame) -> torch.Tensor:
        by.append((frame.index, threading.current_thread().name))
        return content(canvas, frame)

    monkeypatch.setattr(Canvas, "content", noted)
    paint(clip, "out.mp4", passes=2, steps=1, next_steps=1)
    ahead = "vidstyle-prefetch"
    assert by == [(index, ahead) for index in (*range(8), *reversed(range(8)))]
