"""A search on a page: alone and in the report, whatever it found, escaped and without outside parts."""

from __future__ import annotations

import dataclasses
import importlib
import json
import re

import pytest

from tests.report import sample, search_sample
from tests.report.test_report_page import HOSTILE, Page, svgs
from wakeling import report
from wakeling.report import SearchSummary, render_search
from wakeling.report.search_fronts import front
from wakeling.report.search_words import score_writer

search_front = importlib.import_module("wakeling.report.figures.search_front")  # not the function


def changed(record, **outcome):
    return dataclasses.replace(record, outcome=dataclasses.replace(record.outcome, **outcome))


@pytest.fixture(scope="module")
def records():
    return search_sample.records(60)


@pytest.fixture(scope="module")
def summary(records):
    return search_sample.summary(records=records)


@pytest.fixture(scope="module")
def html(summary):
    return render_search(summary, title="a search", created="2025-03-14")


def words(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def figure(html, name):
    (found,) = [svg for svg in svgs(html) if f'aria-labelledby="{name}-title' in svg]
    return found


def test_the_page_alone_is_sound_and_holds_its_data(html, summary):
    page = Page(html)
    assert page.errors == []
    assert page.open == []
    assert len(page.ids()) == len(set(page.ids()))
    assert "http://" not in html
    assert "https://" not in html
    assert "None" not in page.text
    assert SearchSummary.from_json(json.loads(page.json)) == summary
    assert len(svgs(html)) == 5


def test_the_page_says_what_was_found(html, summary, records):
    text = Page(html).text
    winner = summary.trial(summary.winner)
    for expected in (
        "27 free knobs",
        "RAM 64 KiB",
        "by the memory plan tflm",
        f"{100 * winner.score:.1f} %",
        winner.network,
        "2 × loss is nan in epoch 1",
        "All 60 trials as a table",
        "trained again, for 9 epochs",
        "the first of the line",
        "finished",
    ):
        assert expected in text, expected
    for record in records:
        assert record.network in text


def test_only_colors_of_the_page_are_used_in_the_figures(html):
    for svg in svgs(html):
        for tag in re.findall(r"<[a-z][^>]*>", svg):
            assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?!-)", re.sub(r'(href="|url\()#[^")]*', "", tag)), tag


def test_every_trial_that_has_a_score_can_be_pointed_at(html, summary):
    titles = re.findall(r"<title>([^<]*)</title>", figure(html, "search-front"))
    scored = [trial for trial in summary.trials if trial.score is not None]
    assert len(titles) == 3 * len(scored)  # over RAM, MACs and latency
    for trial in scored:
        assert sum(title.startswith(f"trial {trial.number}: ") for title in titles) == 3


def test_the_figure_of_the_front_describes_the_front(html, summary):
    description = re.search(r"<desc[^>]*>([^<]*)<", figure(html, "search-front")).group(1)
    write = score_writer(summary)
    for trial in front(summary.trials, "ram_bytes")[-8:]:
        assert write(trial.score) in description


def test_the_importance_names_the_knobs_that_it_was_computed_for(html, summary):
    drawn = words(figure(html, "search-importance"))
    shown = [row.name for row in summary.importance.knobs[:14]]
    assert [word for word in drawn if word in shown] == shown
    assert "the marks can be trusted" in Page(html).text or "the marks are too low" in Page(html).text


def test_the_report_shows_the_search_and_its_candidates(records):
    data = dataclasses.replace(
        sample.minimal_report(),
        search=search_sample.summary(records=records[:3]),
        candidates=sample.candidates()[:3],
    )
    page = Page(report.render(data))
    assert page.errors == []
    assert len(page.ids()) == len(set(page.ids()))
    assert "No search was made" not in page.text
    assert "All 3 trials as a table" in page.text
    assert "All 3 candidates as a table" in page.text


def test_a_search_that_is_not_finished_says_so(records):
    text = Page(render_search(search_sample.summary(records=records[:1], is_over=False))).text
    assert "not finished" in text
    assert "Best so far" in text
    assert "Chosen" not in text


EDGES = {
    "none": lambda rows: ((), {}),
    "one": lambda rows: (rows[:1], {}),
    "two": lambda rows: (rows[:2], {}),
    "all-failed": lambda rows: ([changed(row, error="out of memory") for row in rows[:5]], {}),
    "bare": lambda rows: (
        [dataclasses.replace(changed(row, score=0.5), costs={}, seconds=0.0) for row in rows[:9]],
        {"limits": {}},
    ),
    "one-rung-of-other-scores": lambda rows: (
        [changed(row, score=-40.0 + row.trial.number) for row in rows[:9] if row.trial.rung == 0],
        {"rungs": search_sample.RUNGS[:1], "score_name": "expressivity"},
    ),
    "several-objectives": lambda rows: (
        [
            dataclasses.replace(row, costs={**row.costs, "energy_mj": 0.1 + row.trial.number})
            for row in rows[:9]
        ],
        {"objectives": ("score", "ram_bytes", "energy_mj")},
    ),
    "zero-cost": lambda rows: ([dataclasses.replace(row, costs={"macs": 0}) for row in rows[:4]], {}),
    "no-parents": lambda rows: (rows[40:55], {}),
}


@pytest.mark.parametrize("name", EDGES)
def test_whatever_a_search_has_makes_a_sound_page(records, name):
    rows, changes = EDGES[name](list(records))
    html = render_search(search_sample.summary(records=rows, **changes))
    page = Page(html)
    assert page.errors == []
    assert page.open == []
    assert len(page.ids()) == len(set(page.ids()))
    assert "None" not in page.text
    scored = [row for row in rows if not row.outcome.error]
    assert bool(svgs(html)) == bool(scored)


def test_failures_without_a_score_are_told_from_no_trials(records):
    failed = [changed(row, error="out of memory") for row in records[:5]]
    assert "all of them failed" in Page(render_search(search_sample.summary(records=failed))).text
    assert "No trial has finished yet" in Page(render_search(search_sample.summary(records=()))).text


def test_hostile_names_stay_text(records):
    rows = [
        dataclasses.replace(
            row,
            network=HOSTILE,
            outcome=dataclasses.replace(row.outcome, error=HOSTILE if number == 3 else ""),
            trial=dataclasses.replace(row.trial, how=HOSTILE),
            costs={**row.costs, HOSTILE: 1.5},
        )
        for number, row in enumerate(records[:8])
    ]
    summary = search_sample.summary(
        records=rows, strategy=HOSTILE, evaluator=HOSTILE, notes=(HOSTILE,), title=HOSTILE, score_name=HOSTILE
    )
    page = Page(render_search(summary))
    assert page.errors == []
    assert len(page.named("script")) == 1
    assert page.named("img") == []
    assert not any(key.startswith("on") for _, attributes in page.elements for key in attributes)
    assert "<script>alert(1)</script>" in page.text


def test_of_many_trials_only_those_on_the_front_have_a_text(records, monkeypatch):
    monkeypatch.setattr(search_front, "MOST_NAMED", 5)
    summary = search_sample.summary(records=records[:19])
    svg = search_front.search_front(summary)
    titles = re.findall(r"<title>trial (\d+)", svg)
    expected = {
        one.number for name in search_front.drawn_costs(summary) for one in front(summary.trials, name)
    }
    assert set(map(int, titles)) == expected | {summary.winner}
    assert len(expected) < len(summary.trials) - len(summary.failed)


@pytest.mark.slow
def test_five_hundred_trials_stay_a_small_page():
    html = render_search(search_sample.summary(500))
    assert len(html.encode()) < 1_500_000
    assert "All 500 trials as a table" in html


def test_the_same_summary_gives_the_same_bytes(records):
    summary = search_sample.summary(records=records[:1])
    assert render_search(summary) == render_search(summary)
