"""Which loudspeakers sound is for, and what an encoder can take of it."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.layout import AudioLayout

# What FFmpeg takes so many channels for, where nothing says what they are, and what is asked of encoders.
_USUAL = dict(enumerate(("mono", "stereo", "2.1", "4.0", "5.0", "5.1", "6.1", "7.1"), 1))
_COMMON = (*_USUAL.values(), "3.0", "quad")
_USUAL |= {10: "5.1.4", 12: "7.1.4", 14: "9.1.4", 16: "9.1.6", 24: "22.2"}
# Channels that may stand for one another.
_ALIKE = {"SL": "BL", "SR": "BR", "BC": "BL", "FLC": "FL", "FRC": "FR", "LFE2": "LFE", "DL": "FL", "DR": "FR"}
_ALIKE |= {"BIL": "FL", "BIR": "FR", "TFL": "FL", "TFR": "FR", "TBL": "BL", "TBR": "BR"}


def plain_layout(layout: AudioLayout) -> str:
    """The name by which it can be mixed into others: its own, or what its number of channels is taken for."""
    known = all(channel.name != "NONE" for channel in layout.channels)
    if known and mixes(layout.name, "stereo"):
        return layout.name
    return _USUAL.get(layout.nb_channels or 2, layout.name)


def fitting_layout(codec: str, layout: AudioLayout, rate: int) -> str | None:
    """The layout in which an encoder takes sound: its own, or else the nearest, in which least is lost.

    None where it takes none, or none that this can be mixed into.
    """
    name = plain_layout(layout)
    if takes(codec, name, rate):
        return name
    fitting = [other for other in _COMMON if takes(codec, other, rate) and mixes(name, other)]
    return min(fitting, key=lambda other: _distance(AudioLayout(name), AudioLayout(other)), default=None)


@cache
def takes(codec: str, layout: str, rate: int) -> bool:
    """Whether an encoder opens for sound of this layout and rate."""
    context = av.CodecContext.create(codec, "w")
    assert isinstance(context, AudioCodecContext)
    try:
        context.sample_rate, context.layout = rate, AudioLayout(layout)
        context.format = (context.codec.audio_formats or [context.format])[0]
        context.open()
    except (av.FFmpegError, ValueError):
        return False
    return True


@cache
def mixes(layout: str, other: str) -> bool:
    """Whether FFmpeg mixes the channels of one layout into those of another."""
    try:
        channels = AudioLayout(layout).nb_channels
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 64 * channels), np.int16), "s16", layout)
        frame.sample_rate, frame.time_base = 48000, Fraction(1, 48000)
        return bool(av.AudioResampler("s16", other, 48000).resample(frame))
    except (av.FFmpegError, ValueError):
        return False


def _distance(layout: AudioLayout, other: AudioLayout) -> tuple[int, int]:
    """How many channels have no place in another layout, and how many of that are to remain silent."""
    free = [channel.name for channel in other.channels]
    left = [channel.name for channel in layout.channels]
    for alike in ({}, _ALIKE):
        for name in list(left):
            place = next((each for each in free if alike.get(each, each) == alike.get(name, name)), None)
            if place is not None:
                free.remove(place)
                left.remove(name)
    return len(left), len(free)
