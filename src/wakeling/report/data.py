"""What a report says, as frozen plain data: `ReportData`, the verdict and the data summary.

The pipeline fills it, `page.render` shows it, and its JSON lies beside the page and inside it.
Sizes are bytes, shares and probabilities are 0..1; None means "not measured" or "never done".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from wakeling.codec import decode, encode
from wakeling.errors import RunError
from wakeling.report.networks import Candidate, ChosenNetwork, Epoch
from wakeling.report.results import (
    Deployment,
    Evaluation,
    Mistake,
    Provenance,
    Threshold,
    Verification,
)
from wakeling.report.search_data import SearchSummary

FORMAT = "wakeling.report/1"

Unit = Literal["bytes", "MACs", "ms"]
DataKind = Literal["photos", "scenes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUse:
    """One line of the verdict: how much of a limit is used.

    `name` as people read it ("RAM", "Flash, model file"); `used` is None where it was not
    measured; `runtime` names who plans the memory ("liveness", "tflm"), empty where none does.
    """

    name: str
    used: int | None
    limit: int
    unit: Unit = "bytes"
    provenance: Provenance
    runtime: str = ""
    note: str = ""

    @property
    def is_broken(self) -> bool:
        """Whether more is used than the limit allows."""
        return self.used is not None and self.used > self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer in one sentence; `board` is the kebab-case name, `board_title` the printed one."""

    fits: bool
    sentence: str
    board: str
    board_title: str
    budgets: tuple[BudgetUse, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitCount:
    """Images of each label in one split ("train", "val", "test" or "unlabeled")."""

    split: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedImages:
    """Images that were left out for one reason, with a few of their names."""

    reason: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSummary:
    """What the network learned from; `labels` in output order, the wake word last."""

    name: str
    kind: DataKind
    labels: tuple[str, ...]
    splits: tuple[SplitCount, ...]
    refused: tuple[RefusedImages, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFile:
    """A file of the run folder."""

    path: str
    size_bytes: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportData:
    """Everything that the report says.

    `created` is a date as text (the clock is read at the edge), `machine` a line about the
    computer that did the work, `reproduction` the commands in order, `provenance` notes on where
    the figures come from. Parts that a run did not reach are None or empty.
    """

    title: str
    created: str
    wakeling_version: str
    command: str
    seed: int
    machine: str
    verdict: Verdict
    data: DataSummary
    git_commit: str | None = None
    candidates: tuple[Candidate, ...] = ()
    search: SearchSummary | None = None
    network: ChosenNetwork | None = None
    training: tuple[Epoch, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    threshold: Threshold | None = None
    mistakes: tuple[Mistake, ...] = ()
    verification: Verification | None = None
    files: tuple[WrittenFile, ...] = ()
    deployment: Deployment | None = None
    reproduction: tuple[str, ...] = ()
    provenance: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; raises RunError, naming the field, for a number that is not finite."""
        return {"format": FORMAT, **encode(self, "report")}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ReportData:
        """The report that `to_json` wrote; raises RunError where it is none."""
        if not isinstance(value, Mapping) or value.get("format") != FORMAT:
            raise RunError(f"this is no report: its 'format' must be {FORMAT!r}")
        report = decode(cls, {key: item for key, item in value.items() if key != "format"}, "report")
        assert isinstance(report, cls)
        return report
