"""The stage that searches: from a plan to the network that trains fully.

Every trial is in a study, so a search that was interrupted goes on where it was. What judges a
trial is in `judges`; how long the winner trains is written down once it is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wakeling.errors import DoesNotFitError
from wakeling.files import write_json
from wakeling.pipeline.arena import arena_before_training
from wakeling.pipeline.execution import Execution
from wakeling.pipeline.finalists import speed_of, winner_epochs
from wakeling.pipeline.folder import RunFolder
from wakeling.pipeline.judges import FINAL, Judging, finals, judging_of
from wakeling.pipeline.listener import Listener, Silent
from wakeling.pipeline.plan import Plan, Winning, load_winning, save_winning
from wakeling.pipeline.setting import Setting
from wakeling.pipeline.space_plan import SUPERNET_SLOWDOWN
from wakeling.pipeline.supernet_judge import SUPERNET, Workplace
from wakeling.report import SearchSummary
from wakeling.report.search_summary import summarize_search
from wakeling.search import CostedCandidate
from wakeling.search.search_loop import run_search
from wakeling.search.study import open_study
from wakeling.search.trial import TrialRecord
from wakeling.spec import lower
from wakeling.units import format_bytes


def search(
    setting: Setting,
    plan: Plan,
    folder: RunFolder,
    cache: Path,
    execution: Execution,
    provenance: Mapping[str, str],
    listener: Listener,
) -> Winning:
    """Search as the plan says and return the winner; a search that is over is only read.

    A single finalist wins without training. Raises DoesNotFitError where TFLM's arena is too large
    for every network that was fully judged.
    """
    if folder.winner.exists():
        return load_winning(folder.winner)
    if len(plan.finalists) == 1:
        finalist = plan.finalists[0]
        point = setting.candidate(finalist.candidate).candidate.point
        winning = Winning(
            point=point,
            network=finalist.candidate,
            trial=None,
            score=None,
            epochs=finalist.epochs,
            quantization_epochs=finalist.quantization_epochs,
        )
    else:
        records = _all_rounds(setting, plan, folder, cache, execution, provenance, listener)
        winning = _winning(setting, plan, records, listener)
    save_winning(winning, folder.winner)
    return winning


def _all_rounds(
    setting: Setting,
    plan: Plan,
    folder: RunFolder,
    cache: Path,
    execution: Execution,
    provenance: Mapping[str, str],
    listener: Listener,
) -> tuple[TrialRecord, ...]:
    """The records of the last round; a cheap judge's round chooses who trains in it."""
    place = Workplace(folder=folder, cache=cache, listener=Silent() if execution.is_elsewhere else listener)
    judging = judging_of(setting, plan, place)
    records = run_round(setting, judging, folder, execution, provenance, listener)
    notes: tuple[str, ...] = ()
    if judging.name != FINAL:
        notes = (f"{len(records)} networks were judged by {judging.judge}; the best of them trained.",)
        judging = finals(setting, plan, records, place)
        records = run_round(setting, judging, folder, execution, provenance, listener)
    write_json(folder.search, _summary(setting, judging, records, notes).to_json())
    return records


def _summary(
    setting: Setting, judging: Judging, records: tuple[TrialRecord, ...], notes: tuple[str, ...]
) -> SearchSummary:
    """The search as the report shows it, in the order in which trials finished."""
    budget, task = setting.budget, judging.task
    is_shared = setting.request.evaluator == SUPERNET
    limits = {
        "ram_bytes": budget.ram_bytes,
        "flash_bytes": budget.flash_bytes,
        "macs": budget.macs,
        "latency_ms": None if budget.frame_us is None else budget.frame_us / 1000,
        "energy_mj": None if budget.energy_uj is None else budget.energy_uj / 1000,
    }
    return summarize_search(
        records,
        space=task.domain.space,
        rungs=task.rungs,
        strategy=judging.strategy,
        evaluator="training on from the supernet" if is_shared else "training from scratch",
        seed=task.seed,
        limits={name: limit for name, limit in limits.items() if limit is not None},
        objectives=task.objectives,
        trainings=task.trainings,
        seconds=sum(record.seconds for record in records),
        ram_runtime=budget.runtime,
        notes=notes,
    )


def run_round(
    setting: Setting,
    judging: Judging,
    folder: RunFolder,
    execution: Execution,
    provenance: Mapping[str, str],
    listener: Listener,
) -> tuple[TrialRecord, ...]:
    """Run one strategy over one domain with one judge, to its end; the records by number."""
    task, strategy = judging.task, judging.make(judging.task)
    listener.stage(judging.title.format(trials=strategy.total))
    with (
        open_study(
            execution.storage or folder.study,
            task=task,
            strategy=judging.strategy,
            name=judging.name,
            also=also_fixed(setting, judging),
        ) as study,
        execution.executor(judging.evaluate) as executor,
        listener.search(task, trials=strategy.total, records=study.records()) as heard,
    ):
        return run_search(strategy, executor, study, task, provenance=provenance, on_record=heard.finished)


def also_fixed(setting: Setting, judging: Judging) -> dict[str, object]:
    """What else a study is of: nobody may go on with it under other limits, photos or judges."""
    budget, request = setting.budget, setting.request
    return {
        "data": request.data,
        "wake_word": request.wake_word,
        "board": setting.board.name,
        "ram_bytes": budget.ram_bytes,
        "flash_bytes": budget.flash_bytes,
        "macs": budget.macs,
        "frame_us": budget.frame_us,
        "energy_uj": budget.energy_uj,
        "runtime": budget.runtime,
        "judge": judging.judge,
    }


def _winning(setting: Setting, plan: Plan, records: tuple[TrialRecord, ...], listener: Listener) -> Winning:
    """The best network of the longest rung whose measured arena fits, and how long it trains."""
    longest = max(record.trial.rung for record in records)
    ranked = sorted(
        (record for record in records if record.trial.rung == longest and not record.outcome.error),
        key=lambda record: (-record.outcome.score, record.trial.number),
    )
    for record in ranked:
        chosen = setting.at(record.trial.point)
        if _arena_fits(setting, chosen, listener):
            break
    else:
        raise DoesNotFitError(
            f"none of the {len(ranked)} networks that the search trained longest can be delivered: "
            f"training failed, or TFLM's arena is too large for {setting.board.name}; "
            "search longer (--minutes), or reserve more RAM (--reserve-ram)"
        )
    listener.note(f"the search chose {record.network}")
    epochs, quantized = _winner_epochs(setting, plan, chosen, records)
    return Winning(
        point=record.trial.point,
        network=record.network,
        trial=record.trial.number,
        score=record.outcome.score,
        epochs=epochs,
        quantization_epochs=quantized,
    )


def _arena_fits(setting: Setting, chosen: CostedCandidate, listener: Listener) -> bool:
    if setting.budget.runtime != "tflm":
        return True
    arena = arena_before_training(lower(chosen.candidate.network()), setting.photos.labels)
    if arena is None or arena <= setting.budget.ram_bytes:
        return True
    listener.note(
        f"{chosen.candidate.name} is passed over: TFLM's measured arena takes {format_bytes(arena)} "
        f"of {format_bytes(setting.budget.ram_bytes)}"
    )
    return False


def _winner_epochs(
    setting: Setting, plan: Plan, chosen: CostedCandidate, records: tuple[TrialRecord, ...]
) -> tuple[int, int]:
    """Epochs of the winner: a finalist's are planned; another's fill what the search leaves of the time."""
    request = setting.request
    for finalist in plan.finalists:
        if finalist.candidate == chosen.candidate.name:
            return finalist.epochs, finalist.quantization_epochs
    speed = speed_of(chosen.candidate.network(), plan.threads)
    seconds = max(60 * request.minutes - _seconds_spent(plan, records), 0.0)
    return winner_epochs(request, speed, seconds, plan.train_images)


def _seconds_spent(plan: Plan, records: tuple[TrialRecord, ...]) -> float:
    """What the search took by the plan's pace: the same on every run, unlike the clock's time."""
    pace = plan.pace
    if pace is None:
        return 60 * plan.search_minutes
    trained = sum(
        plan.rungs[record.trial.rung].work * pace.seconds(record.costs["macs"]) for record in records
    )
    shared = plan.supernet_epochs * SUPERNET_SLOWDOWN * pace.seconds(pace.typical_macs)
    return plan.train_images * (trained + shared)
