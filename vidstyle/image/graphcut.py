"""Where to go over from one picture to another: the cheapest cut (Boykov & Jolly 2001; Kwatra 2003)."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

_UNITS = 2**28  # of all capacities together, at most: flows are whole numbers of 32 bits
_FORBIDDEN = 2**30


def cheapest_cut(
    taken: np.ndarray, kept: np.ndarray, give_up: np.ndarray, between: np.ndarray
) -> tuple[np.ndarray, float]:
    """The labelling bool (H, W) of least cost, true where the other picture is taken, and its cost.

    taken, kept: bool (H, W), where it must be, and must not be. give_up: float (H, W), what it costs to take
    it at a pixel. between: float (H, W); two neighbours with different labels cost the sum of theirs.

    By the theorem of Ford & Fulkerson: what a maximum flow still reaches from the source is taken.
    """
    height, width = taken.shape
    source, sink = height * width, height * width + 1
    number = np.arange(height * width).reshape(height, width)
    whole = float(give_up[~kept].sum() + 4 * between.sum())
    unit = _UNITS / max(whole, 1e-9)
    ends = [(number[:, :-1], number[:, 1:]), (number[:-1], number[1:])]
    sides = [(between[:, :-1], between[:, 1:]), (between[:-1], between[1:])]
    rows, columns, costs = [], [], []
    for (one, other), (here, there) in zip(ends, sides, strict=True):
        # Of two cuts that cost the same the shorter one.
        cost = np.rint((here + there) * unit).astype(np.int64).ravel() + 1
        rows += [one.ravel(), other.ravel()]
        columns += [other.ravel(), one.ravel()]
        costs += [cost, cost]
    at_sink = np.where(kept, _FORBIDDEN, np.rint(give_up * unit).astype(np.int64)).ravel()
    inside, against = np.flatnonzero(taken), np.flatnonzero(at_sink)
    rows += [np.full(len(inside), source), against]
    columns += [inside, np.full(len(against), sink)]
    costs += [np.full(len(inside), _FORBIDDEN), at_sink[against]]
    together = [np.concatenate(each) for each in (costs, rows, columns)]
    graph = coo_array(
        (together[0].astype(np.int32), (together[1].astype(np.int32), together[2].astype(np.int32))),
        shape=(sink + 1, sink + 1),
    ).tocsr()
    flow = maximum_flow(graph, source, sink)
    left = graph - flow.flow
    left.data = np.maximum(left.data, 0)
    left.eliminate_zeros()
    reached = np.zeros(sink + 1, bool)
    reached[breadth_first_order(left, source, return_predecessors=False)] = True
    return reached[: height * width].reshape(height, width), flow.flow_value / unit
