"""The pictures of a set that are most like one picture."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


def nearest(query: Tensor, rows: Iterable[tuple[list[int], Tensor]], count: int) -> tuple[list[int], int]:
    """The places of the `count` rows nearest to `query` (D,) by Euclidean distance, nearest first.

    rows: chunks of (places, float32 (N, D)), as they come; only the best so far are kept. The earlier place
    wins a tie.

    Returns them, or all where there are fewer, and how many rows there were.
    """
    best = torch.empty(0, dtype=torch.float64)
    places: list[int] = []
    seen = 0
    for some, chunk in rows:
        seen += len(some)
        # Less |query|², which all have. In float64, as the expansion by products cancels between likes.
        wide, asked = chunk.cpu().double(), query.cpu().double()
        distances = torch.cat([best, wide.square().sum(dim=1) - 2 * wide @ asked])
        order = torch.argsort(distances, stable=True)[:count]
        merged = places + some
        best, places = distances[order], [merged[i] for i in order.tolist()]
    return places, seen
