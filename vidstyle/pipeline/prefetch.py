"""Preparing in the background what the painter needs next."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

_WINDOW = 3

Item = TypeVar("Item")


def prefetch(items: Iterable[Item], window: int = _WINDOW) -> Generator[Item, None, None]:
    """The same items, made by a background thread a few in advance. Close it to end the thread.

    window: how many are ready and waiting at most; more would only take memory.
    """
    ready: queue.Queue[Item | BaseException | None] = queue.Queue(window)
    closed = threading.Event()

    def put(item: Item | BaseException | None) -> None:
        while not closed.is_set():
            try:
                ready.put(item, timeout=0.2)
                return
            except queue.Full:
                continue

    def work() -> None:
        try:
            for item in items:
                put(item)
                if closed.is_set():
                    return
            put(None)
        except BaseException as error:  # handed over: the painter's thread raises it
            put(error)

    thread = threading.Thread(target=work, name="vidstyle-prefetch", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        closed.set()
        thread.join()
