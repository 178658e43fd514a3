"""`design`: every stage in order."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wakeling import files
from wakeling._version import __version__
from wakeling.data import PackedSet
from wakeling.data.photos import TRAIN, UNLABELED
from wakeling.data.summary import require_trainable
from wakeling.errors import DisagreementError, DoesNotFitError, RunError
from wakeling.pipeline import plan as plans
from wakeling.pipeline.delivery import (
    export_winner,
    measure,
    predict_winner,
    verify_winner,
)
from wakeling.pipeline.execution import Execution
from wakeling.pipeline.finalists import make_plan
from wakeling.pipeline.folder import RunFolder, check_free, open_run
from wakeling.pipeline.listener import Listener, Silent
from wakeling.pipeline.plan import Plan
from wakeling.pipeline.report_data import Circumstances, report_data
from wakeling.pipeline.request import DesignRequest
from wakeling.pipeline.searching import search
from wakeling.pipeline.setting import Setting, prepare
from wakeling.pipeline.space_plan import make_space_plan
from wakeling.pipeline.supernet_judge import Workplace, shared_weights
from wakeling.pipeline.training import quantize_winner, splits_for, train_winner
from wakeling.report import ReportData, render
from wakeling.search import Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignOutcome:
    """A finished run: where its files lie and all that its report says."""

    folder: RunFolder
    report: ReportData


def design(
    request: DesignRequest,
    root: Path,
    *,
    cache: Path,
    circumstances: Circumstances,
    execution: Execution | None = None,
    resume: bool = False,
    listener: Listener | None = None,
) -> DesignOutcome:
    """From photos and a board to a proven int8 model and its report, in the folder `root`.

    `cache` keeps decoded photos between runs; `execution` says where the search runs. With
    `resume`, a run that was interrupted goes on and ends with the same model; a finished one is
    only read. Raises DoesNotFitError where no network fits (before anything is written),
    DisagreementError where a runtime computes other numbers than the reference (the report is
    written all the same), and the errors of data, boards and folders.
    """
    ear = listener or Silent()
    check_free(root, request, resume=resume)
    if RunFolder(root).report_json.exists():
        with open_run(root, request, resume=resume) as folder:
            ear.stage(f"{root} holds the finished run")
            report = ReportData.from_json(files.read_json(folder.report_json, RunError))
            files.write_text(folder.report, render(report))
    else:
        setting = prepare(request, ear)
        photos = _some_packing(setting, cache, ear)
        require_trainable(photos)
        plan = _plan(setting, photos, RunFolder(root), ear)
        with open_run(root, request, resume=resume) as folder:
            if not folder.plan.exists():
                plans.save(plan, folder.plan)
            report = _run_stages(setting, plan, folder, cache, execution or Execution(), circumstances, ear)
    _refuse_failures(report, folder)
    return DesignOutcome(folder=folder, report=report)


def _run_stages(
    setting: Setting,
    plan: Plan,
    folder: RunFolder,
    cache: Path,
    execution: Execution,
    circumstances: Circumstances,
    ear: Listener,
) -> ReportData:
    """Every stage that needs the photos; those whose result is in the folder are passed over."""
    setting = dataclasses.replace(setting, space=plan.staged or setting.space)
    winning = search(setting, plan, folder, cache, execution, _provenance(circumstances), ear)
    chosen = setting.at(winning.point)
    winner = chosen.candidate
    splits = splits_for(setting, winner, cache, ear)
    shared = shared_weights(setting, Workplace(folder=folder, cache=cache, listener=ear))
    trained = train_winner(
        setting, plan, winning, folder, splits, ear, shared(winning.point) if shared else None
    )
    model, quantized_epochs = quantize_winner(trained, folder, splits, ear)
    content = export_winner(setting, chosen, model, folder, ear)
    verification = verify_winner(model, content, splits, setting.request.verify_images, folder, ear)
    ear.stage("Accuracy")
    predictions = {
        name: predict_winner(trained, model, photos, name, ear)
        for name, photos in (("val", splits.val), ("test", splits.test))
        if len(photos)
    }
    accuracy = measure(predictions, folder)
    ear.stage("Report")
    report = report_data(
        setting=setting,
        plan=plan,
        chosen=chosen,
        trained=trained,
        quantized_epochs=quantized_epochs,
        model=model,
        verification=verification,
        accuracy=accuracy,
        predictions=predictions,
        splits=splits,
        folder=folder,
        circumstances=circumstances,
    )
    files.write_text(folder.report, render(report))
    files.write_json(folder.report_json, report.to_json())
    return report


def _plan(setting: Setting, photos: PackedSet, folder: RunFolder, listener: Listener) -> Plan:
    """The folder's plan, or a new one; writes nothing."""
    if folder.plan.exists():
        return plans.load(folder.plan)
    taught = np.isin(photos.split, (TRAIN, UNLABELED)) & (
        (photos.label >= 0) | np.isfinite(photos.probability)
    )
    make = make_plan if setting.request.staged is None else make_space_plan
    plan = make(setting, int(taught.sum()), listener)
    listener.note(f"the plan: about {plan.estimated_minutes} minutes of training")
    return plan


def _some_packing(setting: Setting, cache: Path, listener: Listener) -> PackedSet:
    """The photos at one of the sizes that will be needed, to see whether they can teach at all."""
    if setting.ranked:
        candidate = setting.ranked[0].candidate
    else:
        point = tuple(len(parameter.choices) // 2 for parameter in setting.space.parameters)
        candidate = Candidate(space=setting.space, point=point)
    return splits_for(setting, candidate, cache, listener).whole


def _provenance(circumstances: Circumstances) -> dict[str, str]:
    """What every trial says of where it was trained."""
    return {
        "machine": circumstances.machine,
        "commit": circumstances.git_commit or "unknown",
        "wakeling": __version__,
    }


def _refuse_failures(report: ReportData, folder: RunFolder) -> None:
    """Raise the negative answer that a finished report gives, if it gives one."""
    witnesses = report.verification.witnesses if report.verification else ()
    differing = [witness for witness in witnesses if witness.status == "differ"]
    if differing:
        raise DisagreementError(f"{differing[0].name} differs: {differing[0].detail}; see {folder.report}")
    if not report.verdict.fits:
        raise DoesNotFitError(f"{report.verdict.sentence} See {folder.report}")
