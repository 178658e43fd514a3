"""The lesson: what a convolution, its separable halves, α, the resolution and the gap cost, explained.

Pure functions from a user's shapes to frozen dataclasses; the counts are those of `wakeling.cost`,
beside what was published. Printing is in `cli.explain`, drawing in `report.figures`.
"""

from __future__ import annotations

from wakeling.lesson.convolution import ConvolutionLesson, explain_convolution, worked_steps
from wakeling.lesson.gap import TARGET_BYTES, GapLesson, Stage, explain_gap
from wakeling.lesson.multipliers import (
    KINDS,
    MultiplierLesson,
    MultiplierRow,
    explain_alpha,
    explain_resolution,
    parameters_counted,
)
from wakeling.lesson.printed import Misprint, Printed
from wakeling.lesson.remarks import printed_remarks, scaling_remarks
from wakeling.lesson.separable import SavingRow, SeparableLesson, Work, explain_separable, saving, times_fewer

__all__ = [
    "KINDS",
    "TARGET_BYTES",
    "ConvolutionLesson",
    "GapLesson",
    "Misprint",
    "MultiplierLesson",
    "MultiplierRow",
    "Printed",
    "SavingRow",
    "SeparableLesson",
    "Stage",
    "Work",
    "explain_alpha",
    "explain_convolution",
    "explain_gap",
    "explain_resolution",
    "explain_separable",
    "parameters_counted",
    "printed_remarks",
    "saving",
    "scaling_remarks",
    "times_fewer",
    "worked_steps",
]
