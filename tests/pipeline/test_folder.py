"""A run folder belongs to one request and one process, and is never taken from the user."""

from __future__ import annotations

from pathlib import Path

import pytest

from wakeling.errors import RunError, WakelingError
from wakeling.pipeline.folder import open_run
from wakeling.pipeline.request import DesignRequest, from_json

REQUEST = DesignRequest(data="scenes", board="arduino-nano-33-ble-sense")


def test_a_request_survives_json() -> None:
    request = DesignRequest(data="x", board="y", rung_epochs=(1, 3), threads=2)
    assert from_json(request.to_json()) == request


def test_a_second_run_needs_resume(tmp_path: Path) -> None:
    with open_run(tmp_path / "out", REQUEST, resume=False):
        pass
    with pytest.raises(RunError, match="--resume"), open_run(tmp_path / "out", REQUEST, resume=False):
        pass
    with open_run(tmp_path / "out", REQUEST, resume=True) as folder:
        assert folder.request.exists()


def test_another_request_is_refused_by_name(tmp_path: Path) -> None:
    with open_run(tmp_path / "out", REQUEST, resume=False):
        pass
    other = DesignRequest(data="scenes", board="arduino-nano-33-ble-sense", seed=2)
    with pytest.raises(RunError, match=r"seed = 1.*2"), open_run(tmp_path / "out", other, resume=True):
        pass


def test_what_a_killed_process_was_writing_is_swept_up(tmp_path: Path) -> None:
    with open_run(tmp_path / "out", REQUEST, resume=True):
        (tmp_path / "out" / ".plan.json.x1.part").write_text("{")
    with open_run(tmp_path / "out", REQUEST, resume=True):
        assert not list((tmp_path / "out").glob("*.part"))


def test_two_processes_do_not_share_a_folder(tmp_path: Path) -> None:
    with (
        open_run(tmp_path / "out", REQUEST, resume=True),
        pytest.raises(RunError, match="in use"),
        open_run(tmp_path / "out", REQUEST, resume=True),
    ):
        pass


def test_foreign_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear reader")
    with pytest.raises(RunError, match="no wakeling run"), open_run(tmp_path, REQUEST, resume=True):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["letter.txt"]


@pytest.mark.parametrize(
    "senseless",
    [
        {"minutes": 0.0},
        {"frame_ms": float("inf")},
        {"seed": -1},
        {"finalists": 0},
        {"quantization_epochs": -1},
        {"rung_epochs": ()},
        {"strategy": "guess"},
    ],
)
def test_senseless_requests_are_refused(senseless: dict[str, object]) -> None:
    with pytest.raises(WakelingError):
        DesignRequest(data="scenes", board="b", **senseless)  # type: ignore[arg-type]
