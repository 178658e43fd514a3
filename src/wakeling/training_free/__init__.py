"""WHICH network without training: scores of networks at their first weights, beside plain counts.

How well each agrees with trained accuracy is measured by `bench/rank_correlation.py`; what each
means is in `docs/explanation/training-free-scores.md`.
"""

from __future__ import annotations

from wakeling.training_free.batch import Batch, draw_batch
from wakeling.training_free.table import SCORES, Score, score_network

__all__ = ["SCORES", "Batch", "Score", "draw_batch", "score_network"]
