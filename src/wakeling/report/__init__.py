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
from wakeling.report.search_data import (
    AncestryStep,
    KnobChange,
    KnobImportance,
    SearchedSpace,
    SearchImportance,
    SearchKnob,
    SearchRung,
    SearchSummary,
    SearchTrial,
)
from wakeling.report.search_page import render_search
from wakeling.report.thumbnails import thumbnail_data_uri

__all__ = [
    "AncestryStep",
    "BudgetUse",
    "Candidate",
    "ChosenNetwork",
    "Confusion",
    "DataSummary",
    "Deployment",
    "Epoch",
    "Estimate",
    "Evaluation",
    "KnobChange",
    "KnobImportance",
    "Layer",
    "LiveTensor",
    "Memory",
    "MemoryStep",
    "Mistake",
    "RefusedImages",
    "ReportData",
    "RocPoint",
    "SearchImportance",
    "SearchKnob",
    "SearchRung",
    "SearchSummary",
    "SearchTrial",
    "SearchedSpace",
    "SplitCount",
    "TextBlock",
    "Threshold",
    "Verdict",
    "Verification",
    "Witness",
    "WrittenFile",
    "render",
    "render_search",
    "thumbnail_data_uri",
]
