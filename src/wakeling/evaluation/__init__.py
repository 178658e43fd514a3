"""How accurate a .tflite file is on labeled photos: ours, or one that somebody else made."""

from __future__ import annotations

from wakeling.evaluation.classifier import Classifier, open_classifier
from wakeling.evaluation.figures import Evaluation, evaluate

__all__ = ["Classifier", "Evaluation", "evaluate", "open_classifier"]
