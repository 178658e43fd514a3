"""A search as a part of the report's page, and as a page of its own while it is still at work.

The words and the order are in `templates/search_part.html.j2`; both pages show the same part.
"""

from __future__ import annotations

from collections import Counter
from typing import Any  # the template's context is of mixed kinds

from wakeling._version import __version__
from wakeling.report import figures
from wakeling.report.environment import embedded_json, environment
from wakeling.report.figures.search_front import MOST_NAMED
from wakeling.report.search_data import SearchSummary, SearchTrial
from wakeling.report.search_fronts import best_trial, front, so_far
from wakeling.report.search_words import (
    choice,
    cost_names,
    cost_words,
    epochs_words,
    limit_words,
    score_writer,
    step_words,
)
from wakeling.units import format_duration

MOST_REASONS = 8
"""Different reasons of failed trainings that are listed, the commonest first."""


def render_search(summary: SearchSummary, *, title: str = "", created: str = "") -> str:
    """The HTML page of a search alone, finished or not; the same summary gives the same bytes.

    Raises MissingDependencyError without Jinja2 or matplotlib, RunError for a number that is not
    finite.
    """
    made = environment()
    from markupsafe import Markup

    page = made.get_template("search.html.j2").render(
        title=title or summary.space.title or summary.space.name,
        created=created,
        version=__version__,
        search=search_context(summary),
        figures={name: Markup(svg) for name, svg in search_figures(summary).items() if svg is not None},
        json=Markup(embedded_json(summary.to_json())),
    )
    return page.encode("utf-8", "replace").decode("utf-8")


def search_figures(summary: SearchSummary) -> dict[str, str | None]:
    """The figures of a search by the names that the template calls them."""
    return {
        "search-front": figures.search_front(summary),
        "search-so-far": figures.search_so_far(summary),
        "search-growth": figures.search_growth(summary),
        "search-importance": figures.search_importance(summary),
        "search-knobs": figures.search_knobs(summary),
    }


def search_context(summary: SearchSummary) -> dict[str, Any]:
    """What the template reads, in words."""
    reasons = Counter(trial.error or "no reason given" for trial in summary.failed)
    return {
        "summary": summary,
        "sentence": _sentence(summary),
        "winner_words": _winner_words(summary),
        "tiles": _tiles(summary),
        "marks_words": _marks_words(summary),
        "pointing_words": _pointing_words(summary),
        "has_scores": any(trial.score is not None for trial in summary.trials),
        "failures": reasons.most_common(MOST_REASONS),
        "importance_words": _importance_words(summary),
        "line": _line(summary),
        "line_words": _line_words(summary),
        "choices": _choices(summary),
        "costs": [cost_words(name).name for name in cost_names(summary)],
        "rows": _rows(summary),
    }


def _sentence(summary: SearchSummary) -> str:
    space = summary.space
    free = sum(len(knob.choices) > 1 for knob in space.knobs)
    limits = ", ".join(
        f"{cost_words(name).name} {limit_words(name, limit)}" for name, limit in summary.limits.items()
    )
    rungs = ", ".join(map(epochs_words, summary.rungs))
    return (
        f"The space {space.name} has {free} free knobs and {_large(space.size)} combinations of their "
        f"choices. What to try was chosen by {summary.strategy}, seed {summary.seed}. A trial's score is "
        f"{summary.score_name}, by {summary.evaluator}: {rungs}. "
        + (f"Hard limits: {limits}." if limits else "There were no limits.")
    )


def _winner_words(summary: SearchSummary) -> str:
    return "chosen network" if summary.is_over else "best network so far"


def _large(count: int) -> str:
    """A count that may be astronomic: `2,304`, `about 4 × 10¹²`."""
    if count < 1_000_000:
        return f"{count:,}"
    digits = len(str(count)) - 1
    first = round(count / 10**digits)
    power = "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(digits))
    return f"about {first} × 10{power}"


def _tiles(summary: SearchSummary) -> list[dict[str, str]]:
    winner = None if summary.winner is None else summary.trial(summary.winner)
    winner = winner or best_trial(summary.trials)
    steps = so_far(summary)
    planned = f" of {summary.trainings} planned" if summary.trainings else ""
    tiles = []
    if winner is not None and winner.score is not None:
        tiles.append(
            {
                "title": "Chosen" if summary.is_over else "Best so far",
                "value": score_writer(summary)(winner.score),
                "note": winner.network,
            }
        )
    tiles.append(
        {
            "title": "Trials",
            "value": f"{len(summary.trials):,}",
            "note": f"{len(summary.failed)} failed" if summary.failed else "none failed",
        }
    )
    if steps:
        tiles.append(
            {
                "title": "Work, in full trainings",
                "value": f"{steps[-1].work:.1f}",
                "note": f"{planned.strip() or 'of no plan'}"
                + ("" if summary.is_over else "; the search is not finished"),
            }
        )
        clock = summary.seconds if summary.seconds is not None else steps[-1].seconds
        together = f"{format_duration(steps[-1].seconds)} of training in all trials"
        tiles.append({"title": "Time", "value": format_duration(clock), "note": together})
    costs = [name for name in ("ram_bytes", "macs") if front(summary.trials, name)]
    if costs:
        sizes = ", ".join(
            f"{len(front(summary.trials, name))} over {cost_words(name).name}" for name in costs
        )
        tiles.append({"title": "Networks on the front", "value": _first_number(sizes), "note": sizes})
    return tiles


def _first_number(text: str) -> str:
    return text.split(" ", 1)[0]


def _marks_words(summary: SearchSummary) -> str:
    if len(summary.rungs) == 1:
        return f"Every network trained for {epochs_words(summary.rungs[0])}."
    return (
        "The larger and darker a mark, the longer its network trained; a network that trained only "
        "briefly shows less than it could reach."
    )


def _pointing_words(summary: SearchSummary) -> str:
    of_front = " of the front" if len(summary.trials) > MOST_NAMED else ""
    return f"Point at a mark{of_front} to see its network."


def _importance_words(summary: SearchSummary) -> str:
    found = summary.importance
    if found is None or not found.knobs:
        return ""
    trust = (
        "These were drawn at random, so the marks can be trusted."
        if found.drawn_apart
        else "Many of them were chosen because of the scores before them, and whatever a good network "
        "has is then repeated: the marks are too low, and only bars far beyond them mean something."
    )
    return (
        "How unlike the choices of the best quarter are to the choices of all, knob by knob (PED-ANOVA); "
        "the parts of all knobs make 100 %. Luck alone gives every knob some part: what stays left of its "
        "mark (pale) is no finding, and of twenty knobs without influence one crosses it by chance. "
        f"{len(found.trials)} networks were compared, all after {epochs_words(summary.rungs[found.rung])}. "
        f"{trust}"
    )


def _line(summary: SearchSummary) -> list[dict[str, Any]]:
    line = []
    for step in summary.ancestry:
        trial = summary.trial(step.trial)
        if trial is not None:
            line.append(
                {
                    "trial": trial,
                    "score": _score(summary, trial) or "failed",
                    "training": epochs_words(summary.rungs[trial.rung]),
                    "words": step_words(step, trial, summary),
                }
            )
    return line


def _line_words(summary: SearchSummary) -> str:
    if len(summary.ancestry) == 1:
        return f"The {_winner_words(summary)} was sampled; no other trial led to it."
    return (
        f"From the first network of the line to the {_winner_words(summary)}; below each, what it "
        "changed. Scores of unequal training cannot be compared, and a step down may have been luck."
    )


def _choices(summary: SearchSummary) -> list[dict[str, Any]]:
    winner = None if summary.winner is None else summary.trial(summary.winner)
    if winner is None:
        return []
    return [
        {
            "name": knob.name,
            "choices": [
                {"words": choice(value), "is_chosen": index == place}
                for index, value in enumerate(knob.choices)
            ],
        }
        for knob, place in zip(summary.space.knobs, winner.point, strict=True)
        if len(knob.choices) > 1
    ]


def _rows(summary: SearchSummary) -> list[dict[str, Any]]:
    """The table's lines: the longest trained and best first, failures last."""
    names = cost_names(summary)

    def order(trial: SearchTrial) -> tuple[bool, int, float, int]:
        return trial.score is None, -trial.rung, -(trial.score or 0.0), trial.number

    return [
        {
            "trial": trial,
            "score": _score(summary, trial),
            "costs": [
                cost_words(name).write(trial.costs[name]) if name in trial.costs else "–" for name in names
            ],
            "time": format_duration(trial.seconds) if trial.seconds else "–",
        }
        for trial in sorted(summary.trials, key=order)
    ]


def _score(summary: SearchSummary, trial: SearchTrial) -> str:
    return "" if trial.score is None else score_writer(summary)(trial.score)
