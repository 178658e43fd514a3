"""The tutorial's numbers are what the commands say now, and none stands there unmarked."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from wakeling.cli import tutorial
from wakeling.cli.main import COMMANDS
from wakeling.errors import WakelingError

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial"
PAGES = sorted(
    page for page in TUTORIAL.rglob("*.md") if "<!-- sources\n" in page.read_text(encoding="utf-8")
)
SVG = "{http://www.w3.org/2000/svg}"
ANEW = "run: python -m wakeling.cli.tutorial docs/tutorial/cost-of-a-network/*.md"


def test_the_series_has_its_pages():
    assert [page.name for page in PAGES] == [
        "1-one-convolution.md",
        "2-two-halves.md",
        "3-width-and-resolution.md",
        "4-the-gap.md",
        "5-a-picture-on-a-board.md",
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_number_is_stale(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == tutorial.refresh(text), ANEW


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_number_stands_there_unmarked(page: Path) -> None:
    missing, unused = tutorial.unmarked(page.read_text(encoding="utf-8"))
    assert not missing, "neither computed nor declared as given"
    assert not unused, "declared as given, but not there"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_output_is_never_typed_by_hand(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    fences = text.count("\n```\n")
    assert fences == 2 * len(re.findall(r"^<!-- \$ .+ -->$", text, re.MULTILINE))
    assert fences == 2 * text.count("<!-- end -->")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_figures_and_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    drawn = tutorial.figures(text)
    assert set(drawn) == set(re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text))
    for path in drawn:
        assert ElementTree.parse(page.parent / path).getroot().tag.endswith("svg"), ANEW
    for link in re.findall(r"(?<!!)\[[^\]]*\]\(([^)#]+)\)", text):
        assert (page.parent / link).exists(), link


def words(path: Path) -> list[str]:
    return sorted("".join(text.itertext()) for text in ElementTree.parse(path).iter(f"{SVG}text"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_number_in_a_figure_is_stale(page: Path, tmp_path: Path) -> None:
    """The words that are drawn, not the bytes: fonts differ from machine to machine."""
    for number, (path, command) in enumerate(tutorial.figures(page.read_text(encoding="utf-8")).items()):
        fresh = tmp_path / f"{number}.svg"
        tutorial.run_command(command.replace(path, str(fresh)))
        assert words(page.parent / path) == words(fresh), ANEW
        assert any(character.isdigit() for word in words(fresh) for character in word)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_exist(page: Path) -> None:
    for name in re.findall(r"wakeling ([a-z]+)", page.read_text(encoding="utf-8")):
        assert name in COMMANDS or name in ("counts", "adds")  # wakeling as the subject of a sentence


VALUES = {"a": 1234567, "rows": [{"alpha": 0.25, "macs": 41}, {"alpha": 1.0, "macs": 569}], "b": "text"}


def runner(command: str) -> str:
    """A command line of our own: JSON, or three parts of output."""
    return json.dumps(VALUES) if command.endswith("--json") else "one  \n\ntwo\ntwo\n\n\nthree\n   \n"


PAGE = """<!-- sources
x = wakeling thing --knob 1
-->
MACs: <!--=x.a-->0<!--/-->, <!--=x.rows[alpha=0.25].macs-->0<!--/--> and <!--=x.a|count-->0<!--/-->.

<!-- $ wakeling thing  # parts 2-2 -->
<!-- end -->
"""


def test_values_and_output_are_written_in_and_stay_when_written_again():
    fresh = tutorial.refresh(PAGE, runner)
    assert "<!--=x.a-->1,234,567<!--/-->, <!--=x.rows[alpha=0.25].macs-->41<!--/-->" in fresh
    assert "<!--=x.a|count-->1.23 M<!--/-->" in fresh
    assert "```\n$ wakeling thing\n...\n\ntwo\ntwo\n\n...\n```\n<!-- end -->" in fresh
    assert tutorial.refresh(fresh, runner) == fresh


@pytest.mark.parametrize("number", ["1,234,567", "41", "1.23 M", "two\ntwo"])
def test_a_stale_number_is_noticed(number: str) -> None:
    fresh = tutorial.refresh(PAGE, runner)
    stale = fresh.replace(number, "7")
    assert stale != fresh
    assert tutorial.refresh(stale, runner) == fresh


def test_a_command_runs_once_a_page():
    ran = []

    def counting(command: str) -> str:
        ran.append(command)
        return runner(command)

    tutorial.refresh(PAGE, counting)
    assert sorted(ran) == ["wakeling thing", "wakeling thing --knob 1 --json"]


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("see <!--=y.a-->0<!--/-->", "no source 'y'; known: x"),
        ("see <!--=x.c-->0<!--/-->", "x.c: nothing, or more than one thing, at 'c'"),
        ("see <!--=x.rows.5-->0<!--/-->", "x.rows.5: nothing"),
        ("see <!--=x.rows[alpha=9].macs-->0<!--/-->", "nothing, or more than one thing, at 'rows"),
        ("see <!--=x.rows.0.alpha-->0<!--/-->", "say how to write it"),
        ("see <!--=x.b|.1f-->0<!--/-->", "'text' cannot be written as '.1f'"),
        ("<!--=x.a-->0<!--/--> begins the line", "a line must not begin with a value"),
        ("* <!--=x.a-->0<!--/--> begins the item", "a line must not begin with a value"),
        ("<!-- $ wakeling thing  # parts 2-9 -->\n<!-- end -->", "prints 3 parts"),
    ],
)
def test_a_mark_that_means_nothing_is_refused(mark: str, message: str) -> None:
    with pytest.raises(WakelingError) as caught:
        tutorial.refresh(f"{PAGE}\n{mark}\n", runner)
    assert message in str(caught.value)


def test_numbers_in_the_prose_are_found():
    page = f"""{PAGE}
<!-- given 3×3 96 -->
int8 and MobileNetV1's `wakeling cost --alpha 0.5` are names; 3×3 is given, but **64** and "0.25" are not,
nor are 10 % or a [link of 5](to-page-9.md).
"""
    assert tutorial.unmarked(page) == ({"64", "0.25", "10", "5"}, {"96"})


def test_only_our_own_commands_run_and_failures_are_told():
    with pytest.raises(WakelingError, match="wakeling's commands only"):
        tutorial.run_command("rm -rf nothing")
    with pytest.raises(WakelingError, match="exits with 2: wakeling: the kernel is 9×9"):
        tutorial.run_command("wakeling explain conv --kernel 9")


def test_a_page_is_refreshed_in_place_with_its_figures(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- sources\nc = wakeling explain conv\n-->\nIt does <!--=c.macs-->1<!--/--> MACs.\n\n"
        "<!-- figure wakeling explain conv --plot pictures/conv.svg -->\n![c](pictures/conv.svg)\n",
        encoding="utf-8",
    )
    with pytest.raises(SystemExit, match="1"):
        tutorial.command.main([str(page), "--check"], standalone_mode=False)
    assert "-->1<!--/-->" in page.read_text(encoding="utf-8")
    assert not (tmp_path / "pictures").exists()
    tutorial.command.main([str(page)], standalone_mode=False)
    assert "-->6,912<!--/-->" in page.read_text(encoding="utf-8")
    assert (tmp_path / "pictures/conv.svg").is_file()
    tutorial.command.main([str(page), "--check"], standalone_mode=False)
