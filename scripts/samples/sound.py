"""Music for a clip with a cut: soft bells in the night, plucked strings in the sun."""

from __future__ import annotations

import numpy as np

RATE = 48000


def music(night_seconds: float, day_seconds: float) -> np.ndarray:
    """float32 (2, N) at 48 kHz, within [-1, 1]; the second part begins as suddenly as its picture."""
    night = _melody((57, 64, 69, 72, 76, 72), 0.25, night_seconds, overtones=(1, 2.76, 5.4), decay=1.1)
    day = _melody((62, 69, 74, 78, 81, 78, 74, 69), 0.1875, day_seconds, overtones=(1, 2, 3, 4), decay=0.45)
    return np.concatenate([night, day], axis=1)


def _melody(
    notes: tuple[int, ...], every: float, seconds: float, overtones: tuple[float, ...], decay: float
) -> np.ndarray:
    """Notes (MIDI numbers), one every `every` seconds, each ringing on; they wander left and right."""
    result = np.zeros((2, round(seconds * RATE)))
    t = np.arange(result.shape[1]) / RATE
    for count in range(int(seconds / every)):
        pitch = 440 * 2 ** ((notes[count % len(notes)] - 69) / 12)
        since = np.maximum(t - count * every, 0)
        ringing = np.exp(-since / decay) * (1 - np.exp(-since / 0.004)) * (t >= count * every)
        tone = sum(np.sin(2 * np.pi * pitch * k * since) / k**1.5 for k in overtones)
        pan = 0.5 + 0.35 * np.sin(count)
        result += 0.12 * ringing * tone * np.array([[1 - pan], [pan]])
    return np.clip(result, -1, 1).astype(np.float32)
