import numpy as np

from vidstyle.image.graphcut import cheapest_cut


def test_the_seam_runs_where_it_costs_nothing_and_costs_what_it_crosses() -> None:
    height, width = 12, 20
    taken, kept = np.zeros((2, height, width), bool)
    taken[4:8, 8:11] = True
    kept[[0, -1]] = kept[:, [0, -1]] = True
    between = np.ones((height, width))
    ring = np.zeros((height, width), bool)
    ring[2:10, 4:15] = True
    ring[3:9, 5:14] = False
    between[ring] = 0
    between[3:9, [3, 15]] = 0  # beside the ring, so that a step over it is free
    between[[1, 10], 4:15] = 0
    found, cost = cheapest_cut(taken, kept, np.zeros((height, width)), between)
    assert found[taken].all() and not found[kept].any() and cost < 1e-3
    assert found[3:9, 5:14].all() and not found[0].any()


def test_what_is_given_up_counts_against_the_seam() -> None:
    taken, kept = np.zeros((2, 1, 9), bool)
    taken[0, 0] = kept[0, -1] = True
    between = np.array([[5.0, 5, 5, 1, 1, 5, 0, 0, 5]])
    near, _ = cheapest_cut(taken, kept, np.full((1, 9), 1.0), between)
    far, cost = cheapest_cut(taken, kept, np.full((1, 9), 0.01), between)
    assert near.sum() == 4 and far.sum() == 7  # the steps cost 10, 10, 6, 2, 6, 5, 0, 5
    assert abs(cost - 0.07) < 1e-3
