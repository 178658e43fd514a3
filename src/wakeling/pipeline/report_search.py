"""The search and the chosen network as the report shows them."""

from __future__ import annotations

from wakeling import report
from wakeling.cost import describe, live_at
from wakeling.pipeline.folder import RunFolder
from wakeling.pipeline.plan import Plan
from wakeling.pipeline.setting import Setting
from wakeling.report.networks import CandidateStatus
from wakeling.search import Candidate, CostedCandidate, SearchHistory
from wakeling.search import history as histories


def candidates_of(
    setting: Setting, plan: Plan, folder: RunFolder, winner: Candidate
) -> tuple[report.Candidate, ...]:
    """Every candidate with how far it came and why."""
    history = histories.load(folder.history) if folder.history.exists() else None
    front = {item.candidate.name for item in setting.front}
    return tuple(_candidate(item, front, plan, history, winner) for item in setting.costed)


def _candidate(
    item: CostedCandidate, front: set[str], plan: Plan, history: SearchHistory | None, winner: Candidate
) -> report.Candidate:
    name = item.candidate.name
    trials = [trial for trial in history.trials if trial.candidate == name] if history else []
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
        return "winner", "best balanced accuracy on val in the last round"
    if is_winner:
        return "winner", "the most promising by cost; the time allowed no search"
    if not item.fits:
        return "infeasible", "; ".join(describe(violation) for violation in item.violations)
    if trials > 1:
        return "promoted", f"trained in {trials} rounds, beaten in the last"
    if trials == 1:
        return "tried", "beaten in the first round"
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
