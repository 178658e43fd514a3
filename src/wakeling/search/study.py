"""The study: every trial of a search in a database that survives the process, and that Optuna's tools read.

A trial is in it from before it starts until after it ends; what a killed process was at is taken
over with the same number and the same point. Which trials to make is the strategy's business.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from wakeling.errors import RunError
from wakeling.search import study_trials
from wakeling.search.strategies.strategy import SCORE, Task
from wakeling.search.study_identity import Identity, difference, identity_of, parameters_in
from wakeling.search.study_owners import PATIENCE_SECONDS, ManyOwners, OneOwner, Owners
from wakeling.search.study_storage import Storage, parse_storage, reporting
from wakeling.search.study_trials import OWNER, TrialFacts
from wakeling.search.trial import Trial, TrialRecord

if TYPE_CHECKING:
    from optuna.storages import BaseStorage, RDBStorage
    from optuna.trial import FrozenTrial

DEFAULT_NAME = "wakeling"
_IDENTITY = "search"
_NOT_YET = {"error": ""}
"""What a trial without the attribute counts as having: most have no error, and none is written."""


class Study:
    """The trials of one search in a database; made by `open_study`, closed by its `with` block.

    Numbers are Optuna's: 0, 1, 2, … in the order of starting. `start` and `adopt` belong inside
    `turn`, so that processes that share the study never take the same number or the same trial.
    """

    def __init__(
        self, storage: Storage, owners: Owners, database: RDBStorage, study_id: int, identity: Identity
    ) -> None:
        from optuna.storages import get_storage

        self.identity = identity
        self._storage = storage
        self._owners = owners
        self._database = database
        self._trials: BaseStorage = get_storage(database)  # remembers what is finished
        self._study_id = study_id
        self._parameters = parameters_in(identity)
        self._ids: dict[int, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the study; trials of this process that are still running may be taken over."""
        _dispose(self._database)
        self._owners.close()

    @property
    def is_alone(self) -> bool:
        """Whether no other process can change the study meanwhile."""
        return self._owners.is_alone

    def turn(self) -> contextlib.AbstractContextManager[None]:
        """While the block runs, no other process starts, adopts or finishes a trial of this study."""
        return self._owners.turn()

    def records(self, *, without: Container[int] = ()) -> tuple[TrialRecord, ...]:
        """Every finished trial, by number; those whose numbers are in `without` are left out."""
        return tuple(
            study_trials.record_in(self._parameters, frozen)
            for frozen in self._all()
            if frozen.state.is_finished() and frozen.number not in without
        )

    def running(self) -> tuple[Trial, ...]:
        """The trials that are started and not finished, by number, whoever is at them."""
        return tuple(study_trials.trial_of(self._parameters, frozen) for frozen in self._running())

    def abandoned(self, in_flight: Container[int] = ()) -> tuple[Trial, ...]:
        """The running trials that nobody is at: their process is dead, or is this one after Ctrl-C.

        `in_flight` are the numbers of those that this process is at.
        """
        running = self._running()
        others = set(self._owners.alive()) - {self._owners.me} if running else set()
        return tuple(
            study_trials.trial_of(self._parameters, frozen)
            for frozen in running
            if frozen.number not in in_flight and frozen.user_attrs.get(OWNER) not in others
        )

    @property
    def next_number(self) -> int:
        """The number of the trial that is started next."""
        return len(self._all())

    def start(self, trial: Trial, facts: TrialFacts) -> None:
        """Enter a trial before it runs, in one transaction; raises RunError where its number is taken."""
        frozen = study_trials.started(self._parameters, trial, facts, self._owners.me)
        with reporting(self._storage):
            trial_id = self._trials.create_new_trial(self._study_id, frozen)
            number = self._trials.get_trial(trial_id).number
        if number != trial.number:
            raise RunError(
                f"trial {trial.number} became number {number} in the study {self._storage.shown}: "
                f"another program adds trials to it; stop that"
            )
        self._ids[number] = trial_id

    def adopt(self, trial: Trial) -> None:
        """Make an abandoned trial one of this process."""
        with reporting(self._storage):
            self._trials.set_trial_user_attr(self._id(trial.number), OWNER, self._owners.me)

    def report(self, number: int, step: int, value: float) -> None:
        """An intermediate value of a running trial (a score after an epoch), for Optuna's tools only."""
        from optuna.exceptions import UpdateFinishedTrialError

        # of a trial that another process took over and finished, nobody wants to hear
        with reporting(self._storage), contextlib.suppress(UpdateFinishedTrialError):
            self._trials.set_trial_intermediate_value(self._id(number), step, value)

    def finish(self, record: TrialRecord) -> bool:
        """Enter what came of a trial; False where another process took the trial over meanwhile.

        The last of its writes makes it a finished one. Raises RunError where the record lacks an
        objective.
        """
        number = record.trial.number
        values = study_trials.values(record, self.identity["objectives"])
        from optuna.trial import TrialState

        with self.turn(), reporting(self._storage):
            trial_id = self._id(number)
            frozen = self._trials.get_trial(trial_id)
            if frozen.state.is_finished() or frozen.user_attrs.get(OWNER) != self._owners.me:
                return False
            for name, value in study_trials.ending(record).items():
                if frozen.user_attrs.get(name, _NOT_YET.get(name)) != value:
                    self._trials.set_trial_user_attr(trial_id, name, value)
            self._trials.set_trial_state_values(trial_id, TrialState.COMPLETE, values)
        return True

    def _id(self, number: int) -> int:
        if number not in self._ids:
            self._ids[number] = self._trials.get_trial_id_from_study_id_trial_number(self._study_id, number)
        return self._ids[number]

    def _all(self) -> list[FrozenTrial]:
        with reporting(self._storage):
            return self._trials.get_all_trials(self._study_id, deepcopy=False)

    def _running(self) -> list[FrozenTrial]:
        return [frozen for frozen in self._all() if not frozen.state.is_finished()]


def open_study(
    storage: str | Path,
    *,
    task: Task,
    strategy: str,
    also: Mapping[str, Any] | None = None,
    name: str = DEFAULT_NAME,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Study:
    """The study of a search, new or as an earlier process left it.

    `storage` is an SQLite file's path or a URL (`parse_storage`), `strategy` the strategy's name,
    `also` what else must not change while the search goes on, as plain JSON values. Several studies
    in a database differ by `name`. On a server, a process that was not heard of for
    `patience_seconds` counts as dead.

    Raises RunError where the study holds another search (naming what differs), is in use, or
    cannot be read or written; MissingDependencyError without Optuna.
    """
    place = parse_storage(storage)
    identity = identity_of(task, strategy, also or {})
    owners: Owners = (
        OneOwner(place.path) if place.path else ManyOwners(place, patience_seconds=patience_seconds)
    )
    with contextlib.ExitStack() as undo:
        undo.callback(owners.close)
        with owners.turn():
            database = _open_database(place)
            undo.callback(_dispose, database)
            with reporting(place):
                study_id = _same_study(database, place, name, identity)
        undo.pop_all()
    return Study(place, owners, database, study_id, identity)


def read_records(storage: str | Path, *, name: str = DEFAULT_NAME) -> tuple[TrialRecord, ...]:
    """The finished trials of a study that another process may be working on; nothing is changed.

    Raises RunError where there is no such study.
    """
    place = parse_storage(storage)
    if place.path and not place.path.is_file():
        raise RunError(f"study {place.shown} does not exist")
    database = _open_database(place)
    try:
        with reporting(place):
            study_id = _find(database, name)
            kept = None if study_id is None else database.get_study_user_attrs(study_id).get(_IDENTITY)
            if study_id is None or kept is None:
                raise RunError(f"study {place.shown} holds no search named {name!r}")
            frozen = database.get_all_trials(study_id, deepcopy=False)
    finally:
        _dispose(database)
    parameters = parameters_in(kept)
    return tuple(
        study_trials.record_in(parameters, trial)
        for trial in sorted(frozen, key=lambda trial: trial.number)
        if trial.state.is_finished()
    )


def _open_database(place: Storage) -> RDBStorage:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)  # it greets every new study otherwise
    with reporting(place):
        try:
            return optuna.storages.RDBStorage(
                place.text.replace("{", "{{").replace("}", "}}"),  # it fills in templates
                engine_kwargs=place.engine_arguments,
            )
        except RuntimeError as problem:  # tables of another version of Optuna
            if isinstance(problem, optuna.exceptions.StorageInternalError):
                raise
            told = " ".join(str(problem).split())
            raise RunError(f"study {place.shown}: {told}") from None


def _dispose(database: RDBStorage) -> None:
    database.remove_session()
    database.engine.dispose()


def _find(database: RDBStorage, name: str) -> int | None:
    try:
        return database.get_study_id_from_name(name)
    except KeyError:
        return None


def _same_study(database: RDBStorage, place: Storage, name: str, identity: Identity) -> int:
    """The study of this name, made where there is none; raises RunError where it is of another search."""
    from optuna.study import StudyDirection

    study_id = _find(database, name)
    if study_id is None:
        directions = [
            StudyDirection.MAXIMIZE if objective == SCORE else StudyDirection.MINIMIZE
            for objective in identity["objectives"]
        ]
        study_id = database.create_new_study(directions, name)
    kept = database.get_study_user_attrs(study_id)
    if _IDENTITY in kept:
        if differs := difference(kept[_IDENTITY], identity):
            raise RunError(
                f"study {place.shown} holds another search: {differs}; "
                f"go on with the old settings, or name another storage"
            )
    elif database.get_all_trials(study_id, deepcopy=False):
        raise RunError(f"study {place.shown}: wakeling did not make the study named {name!r} in it")
    else:  # new, or its maker was killed before it came to this
        _name_objectives(database, name, identity["objectives"])
        database.set_study_user_attr(study_id, _IDENTITY, dict(identity))
    return study_id


def _name_objectives(database: RDBStorage, name: str, objectives: Sequence[str]) -> None:
    import optuna

    with _quiet():
        optuna.load_study(study_name=name, storage=database).set_metric_names(list(objectives))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without Optuna's warning that naming objectives is experimental: only its dashboard reads the names."""
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield
