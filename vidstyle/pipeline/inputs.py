"""What every run reads, checked: weights."""

from __future__ import annotations

from collections.abc import Callable

from vidstyle.features.weights import Weights, find, load

Notice = Callable[[str], None]


def load_weights(choice: str, draft: bool, notice: Notice) -> Weights:
    """The weights of the feature network that `choice` names, for a draft or not. Raises WeightsError."""
    found = find(choice, notice, draft=draft)
    if found.note:
        notice(found.note)
    return load(found)
