from __future__ import annotations

import math
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from tests.search.execution import climbing
from wakeling.errors import RunError
from wakeling.search.study import open_study, read_records
from wakeling.search.study_trials import facts_of, record_of
from wakeling.search.trial import Outcome, Rung, Trial, TrialRecord

TASK = climbing.task()


def _record(number: int, **outcome: object) -> TrialRecord:
    trial = Trial(
        number=number, point=climbing.POINTS[7 * number + 5], rung=1, parents=(0, 1)[:number], how="mutation"
    )
    facts = facts_of(TASK, trial, {"commit": "abc", "machine": "a, b"})
    made = Outcome(**{"score": 0.1 + 0.2, "measures": {"auc": 1 / 3, "loss": 2e-300}, **outcome})  # type: ignore[arg-type]
    return record_of(trial, facts, made, seconds=0.1 * 3, worker="host:12")


def test_records_come_back_exactly(tmp_path: Path) -> None:
    given = [
        _record(0),
        _record(1, score=0.0, measures={}, error="not a number"),
        _record(2, measures={"loss": math.inf, "other": -math.inf}),
    ]
    with climbing.open_climb(tmp_path / "study.db") as study:
        for record in given:
            study.start(record.trial, facts_of(TASK, record.trial, record.provenance))
        for record in reversed(given):
            assert study.finish(record)
        assert list(study.records()) == given
    assert list(read_records(tmp_path / "study.db")) == given
    with climbing.open_climb(tmp_path / "study.db") as study:
        assert list(study.records()) == given
        assert study.running() == ()
        assert study.next_number == 3


def test_a_measure_that_is_no_number_comes_back(tmp_path: Path) -> None:
    with climbing.open_climb(tmp_path / "study.db") as study:
        record = _record(0, measures={"loss": math.nan})
        study.start(record.trial, facts_of(TASK, record.trial, {}))
        study.finish(record)
        assert math.isnan(study.records()[0].outcome.measures["loss"])


def test_optuna_reads_names_values_and_objectives(tmp_path: Path) -> None:
    """As `optuna-dashboard` does: through Optuna alone."""
    task = replace(TASK, objectives=("score", "ram_bytes"))
    record = _record(0)
    with open_study(tmp_path / "study.db", task=task, strategy="climbing") as study:
        study.start(record.trial, facts_of(task, record.trial, record.provenance))
        study.report(0, 1, 0.25)
        study.finish(record)
    loaded = optuna.load_study(study_name="wakeling", storage=f"sqlite:///{tmp_path}/study.db")
    assert [direction.name for direction in loaded.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert loaded.metric_names == ["score", "ram_bytes"]
    (trial,) = loaded.trials
    assert trial.state.name == "COMPLETE"
    assert trial.values == [record.outcome.score, record.costs["ram_bytes"]]
    assert trial.params == {
        "resolution": 32,
        "width": 0.5,
        "stage1.block": "depthwise_separable",
        "stage1.filters": 24,
    }
    assert trial.intermediate_values == {1: 0.25}
    assert trial.user_attrs["network"] == climbing.SPACE.network(record.trial.point).name
    assert trial.user_attrs["cost.ram_bytes"] == record.costs["ram_bytes"]
    assert trial.user_attrs["epochs"] == 4
    loaded._storage.remove_session()
    loaded._storage._backend.engine.dispose()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"seed": 4}, "seed was 3 and is now 4"),
        ({"objectives": ("score", "macs")}, 'objectives was ["score"] and is now ["score", "macs"]'),
        ({"rungs": (Rung(epochs=3),)}, "rungs was [[2, 1.0], [4, 1.0]] and is now [[3, 1.0]]"),
    ],
)
def test_another_search_is_refused_with_what_differs(
    tmp_path: Path, changes: dict[str, object], named: str
) -> None:
    climbing.open_climb(tmp_path / "study.db").close()
    with pytest.raises(RunError) as raised:
        open_study(tmp_path / "study.db", task=climbing.task(**changes), strategy="climbing")  # type: ignore[arg-type]
    assert f"holds another search: {named};" in str(raised.value)


def test_another_strategy_space_or_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    open_study(path, task=TASK, strategy="climbing", also={"ram_kib": 64}).close()
    with pytest.raises(
        RunError, match="strategy was climbing and is now random; ram_kib was 64 and is now 32"
    ):
        open_study(path, task=TASK, strategy="random", also={"ram_kib": 32})
    with pytest.raises(RunError, match="ram_kib was 64 and is now nothing"):
        open_study(path, task=TASK, strategy="climbing")
    other = replace(climbing.SPACE, resolutions=(32, 40))
    listed = climbing.ListedDomain(other, {tuple(0 for _ in other.parameters): {"macs": 1}})
    with pytest.raises(RunError, match=r"parameter resolution was .32, 40, 48, 56, 64. and is now .32, 40."):
        open_study(path, task=replace(TASK, domain=listed), strategy="climbing", also={"ram_kib": 64})


def test_a_longer_search_is_the_same_search(tmp_path: Path) -> None:
    with climbing.open_climb(tmp_path / "study.db", 2) as study:
        first = climbing.climb(study, 2)
    with climbing.open_climb(tmp_path / "study.db", 4) as study:
        longer = climbing.climb(study, 4)
    with climbing.open_climb(tmp_path / "whole.db", 4) as study:
        assert climbing.timeless(longer) == climbing.timeless(climbing.climb(study, 4))
    assert longer[:2] == first


def test_a_file_in_use_is_refused_at_once(tmp_path: Path) -> None:
    with (
        climbing.open_climb(tmp_path / "study.db"),
        pytest.raises(RunError, match=r"study.db is in use by another wakeling process.*postgresql://"),
    ):
        climbing.open_climb(tmp_path / "study.db")
    climbing.open_climb(tmp_path / "study.db").close()


def test_a_foreign_study_is_refused(tmp_path: Path) -> None:
    storage = optuna.storages.RDBStorage(f"sqlite:///{tmp_path}/study.db")
    study = optuna.create_study(storage=storage, study_name="wakeling")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    storage.remove_session()
    storage.engine.dispose()
    with pytest.raises(RunError, match="wakeling did not make the study named 'wakeling'"):
        climbing.open_climb(tmp_path / "study.db")
    with climbing.open_climb(tmp_path / "study.db", name="mine") as mine:
        assert mine.next_number == 0
    with pytest.raises(RunError, match="holds no search named 'wakeling'"):
        read_records(tmp_path / "study.db")


def test_a_trial_that_another_program_added_is_named(tmp_path: Path) -> None:
    with climbing.open_climb(tmp_path / "study.db") as study:
        loaded = optuna.load_study(study_name="wakeling", storage=study._database)
        loaded.ask()
        with pytest.raises(
            RunError, match="trial 0 of the study lacks 'resolution': another program added it"
        ):
            study.running()


def test_a_locked_database_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wakeling.search.study_storage.BUSY_SECONDS", 0.05)
    climbing.open_climb(tmp_path / "study.db").close()
    other = sqlite3.connect(tmp_path / "study.db", isolation_level=None)
    other.execute("begin exclusive")
    with pytest.raises(RunError, match=r"study.db: another program keeps the file locked") as raised:
        climbing.open_climb(tmp_path / "study.db")
    assert "\n" not in str(raised.value)
    other.execute("rollback")
    other.close()
    climbing.open_climb(tmp_path / "study.db").close()


def test_a_damaged_database_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(RunError, match=r"study.db: the file is no SQLite database, or damaged") as raised:
        climbing.open_climb(path)
    assert "\n" not in str(raised.value)
    path.unlink()
    climbing.open_climb(path).close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"study.db: the (database|file) is") as raised:
        climbing.open_climb(path)
    assert "\n" not in str(raised.value)


def test_a_path_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "study.db", tmp_path / "nowhere" / "study.db"):
        with pytest.raises(RunError, match="its folder cannot be written"):
            climbing.open_climb(path)
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(RunError, match="cannot be opened or made"):
        climbing.open_climb(tmp_path / "folder.db")


def test_read_records_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"none.db does not exist"):
        read_records(tmp_path / "none.db")
    assert list(tmp_path.iterdir()) == []


_WRITE_AS_NOBODY = """
import os, sys
from pathlib import Path
from tests.search.execution import climbing
from wakeling.errors import RunError
climbing.climb(climbing.open_climb(Path(sys.argv[2])))  # imports all, while that may be read
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
with climbing.open_climb(Path(sys.argv[1])) as study:
    try:
        climbing.climb(study)
    except RunError as error:
        print(error)
"""


def test_a_read_only_database_is_one_line(tmp_path: Path) -> None:
    """In a process without root's rights, which no permission stops."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.db"
        climbing.open_climb(path).close()
        Path(folder).chmod(0o755)
        path.chmod(0o444)
        (Path(folder) / ".study.db.lock").chmod(0o666)
        done = subprocess.run(
            [sys.executable, "-c", _WRITE_AS_NOBODY, str(path), str(tmp_path / "other.db")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        assert done.stdout == (
            f"study {path}: the file or its folder may not be written; change the permissions\n"
        )
