"""Principal components of patches."""

from __future__ import annotations

import torch
from torch import Tensor

_NEGLIGIBLE = 1e-9  # of the largest energy in any direction


def principal(rows: Tensor, count: int) -> Tensor:
    """The directions in which most of the energy of some rows lies: (D, n), orthonormal, the weakest first.

    rows: (N, D), N far smaller than D. count: n at most; fewer, even none, where the rows have fewer.
    """
    # By the products of the rows: far fewer than the products of their values.
    values, vectors = torch.linalg.eigh((rows @ rows.T).double().cpu())
    kept = (values > values[-1].clamp_min(1e-12) * _NEGLIGIBLE).nonzero().flatten()[-count:]
    return rows.T @ (vectors[:, kept] / values[kept].sqrt()).to(rows)
