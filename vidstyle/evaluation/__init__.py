"""How good a painted clip is, measured beside the clip it was made from; as figures, as JSON, as a page."""

from __future__ import annotations

from vidstyle.evaluation.compare import evaluate
from vidstyle.evaluation.measures import Evaluation

__all__ = ["Evaluation", "evaluate"]
