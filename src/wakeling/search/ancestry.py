"""Where a network of a search came from: its parents up to the sampled one, and what changed each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wakeling.errors import RunError
from wakeling.search.domain import distance
from wakeling.search.space import Space, Value
from wakeling.search.trial import TrialRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A knob that a child has otherwise than its parent."""

    knob: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Ancestor:
    """One trial of the line; `changes` are from the line's previous trial, `others` the other parents.

    `is_longer` says that nothing but the amount of training grew.
    """

    record: TrialRecord
    changes: tuple[Change, ...] = ()
    others: tuple[int, ...] = ()
    is_longer: bool = False


def ancestry(records: Sequence[TrialRecord], number: int, space: Space) -> tuple[Ancestor, ...]:
    """The line that leads to trial `number`, the sampled root first and the trial itself last.

    A trial of several parents is followed to the one that it is most like (`domain.distance`). The
    line starts where a trial has no parent, or none that the records hold. Raises RunError for a
    number that the records do not hold.
    """
    by_number = {record.trial.number: record for record in records}
    if number not in by_number:
        raise RunError(f"the search has no trial {number}; it holds {len(by_number)} trials")
    line: list[Ancestor] = []
    record, seen = by_number[number], {number}
    while True:
        parents = [by_number[one] for one in record.trial.parents if one in by_number and one not in seen]
        if not parents:
            line.append(Ancestor(record=record, others=record.trial.parents))
            return tuple(reversed(line))
        parent = min(parents, key=lambda one: (_apart(space, record, one), one.trial.number))
        changes = _changes(space, parent, record)
        line.append(
            Ancestor(
                record=record,
                changes=changes,
                others=tuple(one for one in record.trial.parents if one != parent.trial.number),
                is_longer=not changes and record.trial.rung > parent.trial.rung,
            )
        )
        seen.add(parent.trial.number)
        record = parent


def _apart(space: Space, one: TrialRecord, other: TrialRecord) -> float:
    return distance(space.parameters, space.canonical(one.trial.point), space.canonical(other.trial.point))


def _changes(space: Space, parent: TrialRecord, child: TrialRecord) -> tuple[Change, ...]:
    """Every knob whose choice differs, in the space's order."""
    before, after = space.canonical(parent.trial.point), space.canonical(child.trial.point)
    return tuple(
        Change(knob=parameter.name, before=parameter.choices[old], after=parameter.choices[new])
        for parameter, old, new in zip(space.parameters, before, after, strict=True)
        if old != new
    )
