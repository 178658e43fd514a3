"""The page: one self-contained HTML file made from a `ReportData`.

It loads nothing (a content policy in its head forbids it), carries its data as JSON, and escapes
every text that comes from outside. The words and the order are in `templates/report.html.j2`.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any  # the template's context is of mixed kinds

from wakeling.report import figures, firmware
from wakeling.report.data import BudgetUse, ReportData
from wakeling.report.environment import embedded_json, environment
from wakeling.report.figures.search import LOOKS
from wakeling.report.networks import Candidate
from wakeling.report.results import Estimate, Evaluation
from wakeling.report.search_page import search_context, search_figures
from wakeling.units import format_bytes, format_count

_BEST_FIRST = tuple(reversed(tuple(LOOKS)))


def render(data: ReportData) -> str:
    """The HTML page of `data`; the same data gives the same bytes.

    Raises MissingDependencyError without Jinja2 or matplotlib, RunError for a number that is not
    finite.
    """
    made = environment()
    from markupsafe import Markup

    made.filters.update(
        percent=percent,
        estimate=estimate,
        fraction=fraction,
        budget=format_budget,
        limit=format_limit,
    )
    page = made.get_template("report.html.j2").render(
        report=data,
        json=Markup(embedded_json(data.to_json())),
        figures={name: Markup(svg) for name, svg in _figures(data).items() if svg is not None},
        **_context(data),
    )
    return page.encode("utf-8", "replace").decode("utf-8")


def percent(share: float, digits: int = 1) -> str:
    """A share 0..1 as a percentage: `91.4 %`."""
    return f"{100 * share:.{digits}f} %"


def estimate(value: Estimate) -> str:
    """A share with its interval: `91.4 % (89.6 to 93.0)`."""
    return f"{percent(value.value)} ({100 * value.low:.1f} to {100 * value.high:.1f})"


def fraction(value: Estimate) -> str:
    """A share with its interval as plain fractions: `0.940 (0.929 to 0.950)`."""
    return f"{value.value:.3f} ({value.low:.3f} to {value.high:.3f})"


def format_budget(amount: int, unit: str) -> str:
    """An amount of a budget in its unit."""
    if unit == "bytes":
        return format_bytes(amount)
    return f"{amount:,} ms" if unit == "ms" else f"{format_count(amount)} {unit}"


def format_limit(amount: int, unit: str) -> str:
    """A limit, which is round: `256 KiB`."""
    return re.sub(r"\.0+ ", " ", format_budget(amount, unit))


def budget_bar(use: BudgetUse) -> dict[str, float]:
    """Where the bar and the limit's mark end, in percent of the track."""
    whole = max(use.limit, use.used or 0, 1)
    return {"used": 100 * (use.used or 0) / whole, "limit": 100 * use.limit / whole}


def headline(data: ReportData) -> Evaluation | None:
    """The evaluation that the page leads with: int8 before float, test before val before train."""
    rank = {"test": 0, "val": 1, "train": 2}
    ordered = sorted(data.evaluations, key=lambda row: (rank[row.split], row.model != "int8"))
    return ordered[0] if ordered else None


def _figures(data: ReportData) -> dict[str, str | None]:
    lead = headline(data)
    on_lead_split = [row for row in data.evaluations if lead is not None and row.split == lead.split]
    return {
        "search": figures.search(data.candidates, _ram_limit(data)),
        "layers": figures.layer_costs(data.network.layers if data.network else ()),
        "ram": figures.ram_over_time(data.network.memory if data.network else None),
        "training": figures.training(data.training),
        "intervals": figures.intervals(data.evaluations),
        "roc": figures.roc(on_lead_split),
        **(search_figures(data.search) if data.search else {}),
    }


def _ram_limit(data: ReportData) -> int | None:
    """The limit of the runtime that the candidates' RAM is counted by."""
    return next((use.limit for use in data.verdict.budgets if use.runtime == "liveness"), None)


def _context(data: ReportData) -> dict[str, Any]:
    counts: Counter[str] = Counter(row.status for row in data.candidates)
    wake_word = data.data.labels[-1] if data.data.labels else ""
    return {
        "search": search_context(data.search) if data.search else None,
        "headline": headline(data),
        "budget_bars": [budget_bar(use) for use in data.verdict.budgets],
        "status_words": {status: look.words for status, look in LOOKS.items()},
        "status_counts": [(status, counts[status]) for status in _BEST_FIRST if counts[status]],
        "candidates": sorted(data.candidates, key=_candidate_order),
        "count_labels": _labels_of_splits(data),
        "wake_word": wake_word,
        "any_trained": any(row.balanced_accuracy is not None for row in data.candidates),
        "mistakes": [
            (f"Missed: labeled {wake_word}", [row for row in data.mistakes if row.label == wake_word]),
            ("False alarms: labeled otherwise", [row for row in data.mistakes if row.label != wake_word]),
        ],
        "firmware_steps": firmware.steps(data.deployment) if data.deployment else (),
        "arena_reserved": firmware.reserved_bytes(data.deployment.arena_bytes) if data.deployment else 0,
    }


def _candidate_order(row: Candidate) -> tuple[int, float, int, str]:
    return _BEST_FIRST.index(row.status), -(row.balanced_accuracy or 0.0), row.macs, row.name


def _labels_of_splits(data: ReportData) -> tuple[str, ...]:
    """The columns of the data table: the labels in order, then whatever else a split counts."""
    counted = (label for split in data.data.splits for label in split.counts)
    return tuple(dict.fromkeys([*data.data.labels, *counted]))
