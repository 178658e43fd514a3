"""Plain data in, one self-contained HTML page out.

Fill a `ReportData` and its parts, `render` it to a page, and write its `to_json` beside it. Nothing
here trains, measures or reads photos; Jinja2, matplotlib and Pillow are imported when first used.
"""

from __future__ import annotations

from wakeling.report.data import (
    BudgetUse,
    DataSummary,
    RefusedImages,
    ReportData,
    SplitCount,
    Verdict,
    WrittenFile,
)
from wakeling.report.networks import (
    Candidate,
    ChosenNetwork,
    Epoch,
    Layer,
    LiveTensor,
    Memory,
    MemoryStep,
)
from wakeling.report.page import render
from wakeling.report.results import (
    Confusion,
    Deployment,
    Estimate,
    Evaluation,
    Mistake,
    RocPoint,
    TextBlock,
    Threshold,
    Verification,
    Witness,
)
from wakeling.report.thumbnails import thumbnail_data_uri

__all__ = [
    "BudgetUse",
    "Candidate",
    "ChosenNetwork",
    "Confusion",
    "DataSummary",
    "Deployment",
    "Epoch",
    "Estimate",
    "Evaluation",
    "Layer",
    "LiveTensor",
    "Memory",
    "MemoryStep",
    "Mistake",
    "RefusedImages",
    "ReportData",
    "RocPoint",
    "SplitCount",
    "TextBlock",
    "Threshold",
    "Verdict",
    "Verification",
    "Witness",
    "WrittenFile",
    "render",
    "thumbnail_data_uri",
]
