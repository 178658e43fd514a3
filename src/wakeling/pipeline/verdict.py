"""The verdict: one sentence, and how much of each budget the finished model uses."""

from __future__ import annotations

from wakeling.cost.latency import ENGINES, engines_for, latency
from wakeling.cost.latency.engines import engine_of
from wakeling.pipeline.delivery import Accuracy
from wakeling.pipeline.setting import Setting
from wakeling.report import BudgetUse, Verdict
from wakeling.search import CostedCandidate
from wakeling.units import format_bytes
from wakeling.verify import VerificationReport


def verdict_of(
    setting: Setting,
    chosen: CostedCandidate,
    file_bytes: int,
    verification: VerificationReport,
    accuracy: Accuracy,
) -> Verdict:
    """Whether the finished model fits, by the measured arena and file where there are any."""
    budgets = _budgets(setting, chosen, file_bytes, verification)
    fits = not any(budget.is_broken for budget in budgets)
    figures = (accuracy.test or accuracy.val)["int8"]
    split = "test" if accuracy.test else "val"
    score = figures.balanced_accuracy
    memory = _ram(setting, chosen, verification).used or chosen.ram_bytes
    sentence = (
        f"{chosen.candidate.name} takes {format_bytes(memory)} of RAM and a model file of "
        f"{format_bytes(file_bytes)} on {setting.board.title}"
        + (f"; balanced accuracy {score:.1%} on {split}, int8" if score is not None else "")
        + f"; {_agreement(verification)}."
    )
    return Verdict(
        fits=fits,
        sentence=sentence,
        board=setting.board.name,
        board_title=setting.board.title,
        budgets=budgets,
    )


def _agreement(report: VerificationReport) -> str:
    """What the runtimes said, in a few words."""
    titles = {"tflm": "TensorFlow Lite Micro", "litert": "LiteRT"}

    def named(status: str) -> str:
        names = [titles.get(item.name, item.name) for item in report.witnesses if item.status == status]
        return " and ".join(names)

    if named("differ"):
        return f"{named('differ')} computes other numbers than the integer reference"
    if not named("agree"):
        return "no other runtime was there to confirm the numbers"
    return f"{named('agree')} agreed with the integer reference on {report.images} images"


def _budgets(
    setting: Setting, chosen: CostedCandidate, file_bytes: int, verification: VerificationReport
) -> tuple[BudgetUse, ...]:
    budget, board, request = setting.budget, setting.board, setting.request
    is_tflm = budget.runtime == "tflm"
    kept_flash = f"{format_bytes(request.reserve_flash_bytes)} of {format_bytes(board.flash_bytes)} kept free"
    uses = [
        _ram(setting, chosen, verification),
        BudgetUse(
            name="RAM, live tensors",
            used=chosen.ram_bytes,
            limit=budget.ram_bytes,
            provenance="computed",
            runtime="liveness",
            note="the least that any runtime needs in this order",
        ),
        BudgetUse(
            name="Flash, model file and runtime" if is_tflm else "Flash, weights, tables and code",
            used=(
                file_bytes + chosen.report.flash.runtime_bytes
                if is_tflm
                else chosen.report.flash_of(budget.runtime).total_bytes
            ),
            limit=budget.flash_bytes,
            provenance="modelled",
            runtime=budget.runtime,
            note=f"file measured: {format_bytes(file_bytes)}; {kept_flash}" if is_tflm else kept_flash,
        ),
    ]
    if engines_for(board):
        time = latency(chosen.report, board, engine_of(board, budget.runtime))
        uses.append(
            BudgetUse(
                name="Time per frame",
                used=round(time.ms),
                limit=round(request.frame_ms),
                unit="ms",
                provenance="modelled",
                note=f"{time.low_ms:.0f} to {time.high_ms:.0f} ms with {ENGINES[time.engine].title}: "
                f"{time.provenance.error}",
            )
        )
    return tuple(uses)


def _ram(setting: Setting, chosen: CostedCandidate, verification: VerificationReport) -> BudgetUse:
    """RAM under the runtime that the run was asked for: TFLM's arena is measured, other plans computed."""
    board, budget = setting.board, setting.budget
    reserve = setting.request.reserve_ram_bytes
    is_tflm = budget.runtime == "tflm"
    measured = verification.arena_bytes
    return BudgetUse(
        name="RAM, tensor arena",
        used=measured if is_tflm else chosen.report.memory[budget.runtime].peak_bytes,
        limit=budget.ram_bytes,
        provenance=("measured" if measured else "not measured") if is_tflm else "computed",
        runtime=budget.runtime,
        note=f"{format_bytes(reserve)} of {format_bytes(board.ram_bytes)} kept free",
    )
