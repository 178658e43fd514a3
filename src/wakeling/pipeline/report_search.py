"""The search and the chosen network as the report shows them."""

from __future__ import annotations

from wakeling import report
from wakeling.cost import describe, live_at
from wakeling.errors import RunError
from wakeling.files import read_json
from wakeling.pipeline.folder import RunFolder
from wakeling.pipeline.plan import Plan
from wakeling.pipeline.setting import Setting
from wakeling.report.networks import CandidateStatus
from wakeling.search import Candidate, CostedCandidate


def searched(folder: RunFolder) -> report.SearchSummary | None:
    """The search of a run as the report shows it; None where a single finalist needed none."""
    if not folder.search.exists():
        return None
    return report.SearchSummary.from_json(read_json(folder.search, RunError))


def candidates_of(
    setting: Setting, plan: Plan, search: report.SearchSummary | None, winner: Candidate
) -> tuple[report.Candidate, ...]:
    """Every candidate of a grid, or those of a space that trained, with how far it came and why."""
    trials: dict[str, list[report.SearchTrial]] = {}
    for trial in search.trials if search else ():
        trials.setdefault(trial.network, []).append(trial)
    front = {item.candidate.name for item in setting.front}
    tried = {trial[0].network: trial[0].point for trial in trials.values()}
    costed = setting.costed or tuple(setting.at(point) for point in tried.values())
    return tuple(
        _candidate(item, front, plan, trials.get(item.candidate.name, []), winner) for item in costed
    )


def _candidate(
    item: CostedCandidate,
    front: set[str],
    plan: Plan,
    trials: list[report.SearchTrial],
    winner: Candidate,
) -> report.Candidate:
    name = item.candidate.name
    longest = max(trials, key=lambda trial: trial.epochs, default=None)
    status, reason = _status(item, front, len(trials), plan, name == winner.name)
    return report.Candidate(
        name=name,
        family=item.candidate.family,
        knobs=item.candidate.knobs,
        macs=item.report.macs,
        parameters=item.report.deployed_parameters,
        ram_bytes=item.ram_bytes,
        flash_bytes=item.report.flash_bytes,
        status=status,
        balanced_accuracy=longest.score if longest else None,
        epochs=longest.epochs if longest else 0,
        reason=reason,
    )


def _status(
    item: CostedCandidate, front: set[str], trials: int, plan: Plan, is_winner: bool
) -> tuple[CandidateStatus, str]:
    if is_winner and trials:
        return "winner", "best balanced accuracy on val among those that trained longest"
    if is_winner:
        return "winner", "the most promising by cost; the time allowed no search"
    if not item.fits:
        return "infeasible", "; ".join(describe(violation) for violation in item.violations)
    if trials > 1:
        return "promoted", f"trained {trials} times, longer each time, and beaten in the last"
    if trials == 1:
        return "tried", "beaten after its first training"
    if item.candidate.name in front:
        return "pareto", f"fits, but {len(plan.finalists)} more promising ones were trained"
    return "dominated", "another of its family offers as many MACs for no more RAM and flash"


def network_of(setting: Setting, chosen: CostedCandidate) -> report.ChosenNetwork:
    """The chosen network layer by layer, with its memory over time."""
    cost = chosen.report
    plan = cost.memory["liveness"]
    return report.ChosenNetwork(
        name=chosen.candidate.name,
        family=chosen.candidate.family,
        knobs=chosen.candidate.knobs,
        input_shape=cost.input_shape,
        macs=cost.macs,
        training_parameters=cost.training_parameters,
        deployed_parameters=cost.deployed_parameters,
        layers=tuple(
            report.Layer(
                name=layer.name,
                operator=layer.operator,
                output_shape=layer.output_shape,
                macs=layer.macs,
                parameters=layer.deployed_parameters,
                ram_bytes=layer.ram_bytes,
            )
            for layer in cost.layers
        ),
        memory=report.Memory(
            runtime="liveness",
            limit_bytes=setting.budget.ram_bytes,
            steps=tuple(
                report.MemoryStep(
                    layer=layer.name,
                    tensors=tuple(
                        report.LiveTensor(name=buffer.name, size_bytes=buffer.size_bytes)
                        for buffer in live_at(plan, step)
                    ),
                )
                for step, layer in enumerate(cost.layers)
            ),
        ),
    )
