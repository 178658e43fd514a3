"""The page: alone, complete, escaped, readable in both colors, the same each time."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from tests.report import sample
from wakeling import report
from wakeling.errors import MissingDependencyError, RunError
from wakeling.report.page import format_budget

HOSTILE = (
    '"><script>alert(1)</script><img src=x onerror="x"> \'&amp; $x^2$ {{ 7*7 }} ]]> --> </style> '
    "\u202e \x07 照片"
)
SECTIONS = ("verdict", "data", "search", "network", "accuracy", "agreement", "board", "reproduce")
VOID = {"meta", "img", "br", "link", "input", "wbr"}


class Page(HTMLParser):
    """Elements with their attributes, ids, the text outside scripts, and tags left open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.errors: list[str] = []
        self.text = ""
        self.json = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.errors.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.json += data
        elif "style" not in self.open:
            self.text += data

    def named(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def ids(self):
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


@pytest.fixture(scope="module")
def design():
    return sample.design_report()


@pytest.fixture(scope="module")
def infeasible_html():
    data = sample.infeasible_report()
    return report.render(replaced(data, candidates=data.candidates[:10]))


@pytest.fixture(scope="module")
def light(design):
    """The same with less of everything, which renders faster."""
    memory = replaced(design.network.memory, steps=design.network.memory.steps[:3])
    return replaced(
        design,
        candidates=tuple(row for row in design.candidates if row.status in ("winner", "infeasible")),
        network=replaced(design.network, layers=design.network.layers[:3], memory=memory),
        mistakes=design.mistakes[:2],
    )


@pytest.fixture(scope="module")
def html(design):
    return report.render(design)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def replaced(whole, /, **changes):
    return dataclasses.replace(whole, **changes)


def svgs(html):
    return re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL)


def test_the_page_refers_to_nothing_outside_itself(html, page):
    assert "http://" not in html
    assert "https://" not in html
    assert "@import" not in html
    for name, attributes in page.elements:
        for key in ("src", "href", "xlink:href", "action", "data", "poster"):
            target = attributes.get(key)
            assert target is None or target.startswith(("#", "data:image/")), (name, key, target)
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", html))
    assert not page.named("link")
    assert not page.named("iframe")
    policy = next(meta["content"] for meta in page.named("meta") if "http-equiv" in meta)
    assert policy.startswith("default-src 'none'")


def test_links_and_clips_lead_to_ids_that_exist_once(html, page):
    ids = page.ids()
    assert len(ids) == len(set(ids))
    targets = re.findall(r"url\(#([^)]*)\)", html)
    targets += [a["href"][1:] for _, a in page.elements if (a.get("href") or "").startswith("#")]
    assert set(targets) <= set(ids)


def test_tags_are_balanced(page):
    assert page.errors == []
    assert page.open == []


def test_every_section_is_there_and_labelled_by_its_heading(page):
    sections = page.named("section")
    assert tuple(section["id"] for section in sections) == SECTIONS
    assert {section["aria-labelledby"] for section in sections} <= set(page.ids())


def test_the_page_says_what_was_found(page, design):
    lead = next(row for row in design.evaluations if (row.model, row.split) == ("int8", "test"))
    for words in (
        design.verdict.sentence,
        "it fits",
        "54.0 KiB of 256 KiB · 21 %",
        "7.49 M MACs",
        f"{100 * lead.balanced_accuracy.value:.1f} %",
        f"{lead.auc.value:.3f}",
        f"{lead.confusion.false_negative:,}",
        "All 120 candidates as a table",
        "resolver.AddDepthwiseConv2D();",
        "TensorFlow Lite Micro",
        "71,640 bytes, measured",
        design.machine,
        design.git_commit,
    ):
        assert words in page.text, words


def test_every_candidate_layer_mistake_and_file_is_listed(page, design):
    for row in design.candidates:
        assert row.name in page.text
    for layer in design.network.layers:
        assert layer.name in page.text
    for file in design.files:
        assert file.path in page.text
    shown = sorted((image["alt"], image["src"]) for image in page.named("img"))
    assert shown == sorted((row.path, row.thumbnail) for row in design.mistakes)


def test_the_json_in_the_page_is_the_data(page, design):
    assert page.named("script") == [{"type": "application/json", "id": "report-data"}]
    assert report.ReportData.from_json(json.loads(page.json)) == design


def test_the_same_data_gives_the_same_bytes(light):
    assert report.render(light) == report.render(light)


def test_the_page_stays_small(html):
    assert len(html.encode()) < 1_500_000


def test_each_figure_has_a_title_a_description_and_only_the_pages_colors(html):
    found = svgs(html)
    assert len(found) == 6
    for svg in found:
        parsed = Page(svg)
        assert parsed.elements[0][1]["role"] == "img"
        title, description = parsed.elements[0][1]["aria-labelledby"].split()
        assert {title, description} <= set(parsed.ids())
        assert parsed.errors == []
        for tag in re.findall(r"<[a-z][^>]*>", svg):
            assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?!-)", re.sub(r'(href="|url\()#[^")]*', "", tag)), tag
            assert not re.search(r"(fill|stroke): (?!none|var\()", tag), tag
        for text in re.findall(r"<text[^>]*>", svg):
            assert "fill: var(--" in text, text


def test_colors_of_the_figures_exist_in_both_schemes(html):
    light, dark = re.findall(r":root \{(.*?)\}", html, flags=re.DOTALL)[:2]
    used = set(re.findall(r"var\((--[a-z-]+)\)", "".join(svgs(html))))
    for scheme in (light, dark):
        assert used <= set(re.findall(r"(--[a-z-]+):", scheme))


def test_pointing_at_a_mark_names_the_candidate(html, design):
    titles = re.findall(r"<title>([^<]*)</title>", svgs(html)[0])
    for row in design.candidates:
        assert sum(title.startswith(f"{row.name}, ") for title in titles) == 1 + (row.epochs > 0)


def hostile_report(data):
    other = data.data.labels[0]
    return replaced(
        data,
        title=HOSTILE,
        command=HOSTILE,
        machine=HOSTILE,
        git_commit=HOSTILE,
        verdict=replaced(
            data.verdict,
            sentence=HOSTILE,
            board_title=HOSTILE,
            budgets=tuple(replaced(use, name=HOSTILE, note=HOSTILE) for use in data.verdict.budgets),
        ),
        data=replaced(
            data.data,
            name=HOSTILE,
            labels=(other, HOSTILE),
            splits=(report.SplitCount(split=HOSTILE, counts={HOSTILE: 3}),),
            refused=(report.RefusedImages(reason=HOSTILE, count=2, examples=(HOSTILE,)),),
            notes=(HOSTILE,),
        ),
        candidates=tuple(
            replaced(row, name=f"{row.name}{HOSTILE}", reason=HOSTILE) for row in data.candidates
        ),
        network=replaced(
            data.network,
            name=HOSTILE,
            knobs={HOSTILE: HOSTILE},
            layers=tuple(replaced(layer, name=f"{layer.name}{HOSTILE}") for layer in data.network.layers),
            memory=replaced(
                data.network.memory,
                steps=tuple(replaced(step, layer=HOSTILE) for step in data.network.memory.steps),
            ),
        ),
        mistakes=tuple(replaced(row, path=HOSTILE, label=HOSTILE) for row in data.mistakes[:2]),
        files=(report.WrittenFile(path=HOSTILE, size_bytes=1, what=HOSTILE),),
        deployment=replaced(data.deployment, labels=(other, HOSTILE)),
        verification=replaced(data.verification, differences=(HOSTILE,)),
        reproduction=(HOSTILE,),
        provenance=(HOSTILE,),
    )


def test_hostile_strings_stay_text(page, light):
    data = hostile_report(light)
    hostile = Page(report.render(data))
    assert hostile.errors == []
    assert len(hostile.named("script")) == 1
    assert len(hostile.named("img")) == 2
    assert all(image["src"].startswith("data:image/") for image in hostile.named("img"))
    assert not any(key.startswith("on") for _, attributes in hostile.elements for key in attributes)
    assert {tag for tag, _ in hostile.elements} == {tag for tag, _ in page.elements}
    assert "<script>alert(1)</script>" in hostile.text
    assert "{{ 7*7 }}" in hostile.text
    assert report.ReportData.from_json(json.loads(hostile.json)) == data


def test_a_file_name_that_is_no_unicode_is_shown_with_a_mark():
    data = sample.minimal_report()
    data = replaced(data, files=(report.WrittenFile(path="caf\udce9.jpg", size_bytes=1, what="x"),))
    html = report.render(data)
    assert "caf?.jpg" in html.encode("utf-8").decode()
    assert report.ReportData.from_json(json.loads(Page(html).json)) == data


def test_a_broken_budget_is_marked_and_says_by_how_much(infeasible_html):
    html = infeasible_html
    assert html.count('<li class="broken">') == 1
    assert "315.0 KiB, over 256 KiB by 59.0 KiB" in Page(html).text
    bar = re.search(
        r'class="used" style="width:100.00%"></span><span class="limit" style="left:([\d.]+)%"', html
    )
    assert float(bar.group(1)) == pytest.approx(100 * 256 / 315, abs=0.01)


def test_what_was_not_measured_is_called_so(infeasible_html):
    page = Page(infeasible_html)
    assert "it does not fit" in page.text
    assert "not measured; limit 256 KiB" in page.text
    assert "Not measured: no model was trained." in page.text
    assert "Not measured: no runtime was compared" in page.text
    assert "There is no model to run." in page.text


def test_scenes_are_called_drawn_and_photos_are_not(page, infeasible_html):
    words = "These are drawn scenes, not photos."
    assert words in Page(infeasible_html).text
    assert words not in page.text


@pytest.mark.parametrize(
    "changes",
    [
        {"verification": None},
        {"threshold": None, "mistakes": ()},
        {"deployment": None},
        {"network": None, "training": ()},
        {"candidates": (), "files": (), "reproduction": (), "provenance": ()},
        {"evaluations": ()},
        {"git_commit": None, "seed": 0},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_a_missing_part_leaves_a_sound_page(light, changes):
    page = Page(report.render(replaced(light, **changes)))
    assert page.errors == []
    assert tuple(section["id"] for section in page.named("section")) == SECTIONS
    assert "None" not in page.text


def test_the_barest_report_renders_without_a_figure():
    html = report.render(sample.minimal_report())
    assert Page(html).errors == []
    assert svgs(html) == []


def test_a_witness_that_was_not_measured_leaves_the_arena_open(light):
    silent = report.Verification(
        images=0, witnesses=(report.Witness(name="TensorFlow Lite Micro", status="not measured"),)
    )
    text = Page(report.render(replaced(light, verification=silent))).text
    assert "reports: not measured." in text


def test_the_page_leads_with_int8_on_test_then_what_comes_closest(design):
    from wakeling.report.page import headline

    float_val, int8_val, float_test, int8_test = design.evaluations
    assert headline(design) == int8_test
    assert headline(replaced(design, evaluations=(float_val, int8_val, float_test))) == float_test
    assert headline(replaced(design, evaluations=(float_val, int8_val))) == int8_val
    assert headline(replaced(design, evaluations=())) is None


def test_a_report_that_json_cannot_hold_is_refused(design):
    broken = replaced(design, training=(replaced(design.training[0], loss=float("inf")),))
    with pytest.raises(RunError, match="finite"):
        report.render(broken)


@pytest.mark.parametrize(("module", "library"), [("jinja2", "Jinja2"), ("matplotlib", "matplotlib")])
def test_a_missing_library_is_named_with_the_extra_that_brings_it(monkeypatch, design, module, library):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=rf"{library}.*wakeling\[report\]"):
        report.render(design)


def test_importing_the_report_imports_no_heavy_library():
    heavy = ("matplotlib", "jinja2", "PIL", "torch", "numpy")
    code = f"import sys, wakeling.report; print([name for name in {heavy!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_a_search_without_training_is_not_described_as_trained(page, infeasible_html):
    assert "None was trained." in Page(infeasible_html).text
    assert "None was trained." not in page.text


def test_milliseconds_are_written_out() -> None:
    assert format_budget(1000, "ms") == "1,000 ms"
    assert format_budget(65536, "bytes") == "64.0 KiB"
