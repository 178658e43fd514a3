"""The verdict: one sentence, and how much of each budget the finished model uses."""

from __future__ import annotations

from wakeling.cost.latency import ENGINES, engines_for, latency
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
    memory = verification.arena_bytes or chosen.ram_bytes
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
    kept = f"{format_bytes(request.reserve_ram_bytes)} of {format_bytes(board.ram_bytes)} kept free"
    kept_flash = f"{format_bytes(request.reserve_flash_bytes)} of {format_bytes(board.flash_bytes)} kept free"
    uses = [
        BudgetUse(
            name="RAM, tensor arena",
            used=verification.arena_bytes,
            limit=budget.ram_bytes,
            provenance="measured" if verification.arena_bytes else "not measured",
            runtime="tflm",
            note=kept,
        ),
        BudgetUse(
            name="RAM, live tensors",
            used=chosen.ram_bytes,
            limit=budget.ram_bytes,
            provenance="computed",
            runtime="liveness",
            note=kept,
        ),
        BudgetUse(
            name="Flash, model file and runtime",
            used=file_bytes + chosen.report.flash.runtime_bytes,
            limit=budget.flash_bytes,
            provenance="modelled",
            runtime="tflm",
            note=f"file measured: {format_bytes(file_bytes)}; {kept_flash}",
        ),
    ]
    if engines_for(board):
        time = latency(chosen.report, board)
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
