"""The clock of a file and the time of the clip: where one starts late or jumps, the other does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from av.packet import Packet

# seconds
_BACK = Fraction(1, 10)  # as in FFmpeg's own tool
_AHEAD = 60  # for so long a signal may be lost, and the frame before is held
_PATIENCE = 10  # of the picture, which sound waits for after a jump of its own


class Clock:
    """Moves the packets of a file, as they are read from its beginning, to the time of the clip.

    begin: seconds, which become time 0. jumps: whether the container is one whose clock may start anew, as
    that of transport streams does where two are joined; the picture then goes on where it was, and the others
    with it. step: seconds from one picture to the next.
    """

    def __init__(self, begin: Fraction, jumps: bool, step: Fraction) -> None:
        self.jumps = jumps
        self._shifts = [-begin]  # of each part between two jumps
        self._step = step
        self._last: dict[int, Fraction] = {}  # by stream, as the file has them
        self._part: dict[int, int] = {}
        self._end = Fraction(0)  # of the picture, in the time of the clip
        self._held: list[tuple[int, Packet]] = []
        self._held_since = Fraction(0)

    @property
    def has_jumped(self) -> bool:
        """Whether the picture has come past a jump."""
        return len(self._shifts) > 1

    def picture(self, packet: Packet) -> int | None:
        """Move the next packet of the picture; returns when it is now shown."""
        part, time = self._part_of(packet), _shown(packet)
        if time is not None and part == len(self._shifts):
            self._shifts.append(self._end - time)
        _move(packet, self._shifts[part])
        if time is not None:
            length = (packet.duration or 0) * packet.time_base or self._step
            self._end = max(self._end, time + self._shifts[part] + length)
        return packet.pts

    def others(self, packets: Iterable[Packet], picture: int) -> Iterator[Packet]:
        """Move those of other streams, among which are those of the picture where that is needed.

        Sound that has come past a jump before the picture has waits for it. picture: the index of its stream.
        """
        for packet in packets:
            if packet.stream_index == picture:
                self.picture(packet)
                yield from self._released(late=self._end - self._held_since > _PATIENCE)
            elif packet.stream.type == "audio" and self._part_of(packet) >= len(self._shifts):
                self._held_since = self._held_since if self._held else self._end
                self._held.append((self._part[packet.stream_index], packet))
            else:
                last = len(self._shifts) - 1
                _move(packet, self._shifts[self._part.get(packet.stream_index, last)])
                yield packet
        yield from self._released(late=True)

    def _released(self, late: bool) -> Iterator[Packet]:
        """What has waited for the picture; late: though it has not jumped."""
        last = len(self._shifts) - 1
        if not self._held or not (late or self._held[0][0] <= last):
            return
        held, self._held = self._held, []
        for part, packet in held:
            if late:
                self._part[packet.stream_index] = part = min(part, last)
            if part <= last:
                _move(packet, self._shifts[part])
                yield packet
            else:
                self._held.append((part, packet))

    def _part_of(self, packet: Packet) -> int:
        """Which of the parts between jumps a packet is in, by the times of its own stream."""
        index, ticks = packet.stream_index, packet.dts if packet.dts is not None else packet.pts
        part = self._part.setdefault(index, 0)
        if not self.jumps or ticks is None:
            return part
        time = ticks * packet.time_base
        if index in self._last and not -_BACK <= time - self._last[index] <= _AHEAD:
            self._part[index] = part = part + 1
        self._last[index] = time
        return part


def _shown(packet: Packet) -> Fraction | None:
    ticks = packet.pts if packet.pts is not None else packet.dts
    return None if ticks is None else ticks * packet.time_base


def _move(packet: Packet, shift: Fraction) -> None:
    ticks = round(shift / packet.time_base)
    if packet.pts is not None:
        packet.pts += ticks
    if packet.dts is not None:
        packet.dts += ticks
