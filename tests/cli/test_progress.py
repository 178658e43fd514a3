"""What a run tells is printed as it is, whatever the user's names look like."""

from __future__ import annotations

import pytest

from wakeling.cli.progress import DesignProgress


def test_names_with_brackets_are_text_and_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    with DesignProgress() as progress:
        progress.stage("Photos: photos[/bold]/[red]")
        progress.note("1 of [2]")
    assert capsys.readouterr().err.splitlines() == ["Photos: photos[/bold]/[red]", "  1 of [2]"]
