from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from tests.supernet.day_and_night import QUICK, SPACE, day_and_night
from wakeling.errors import DataError, DivergedError, ModelFileError, RunError, WakelingError
from wakeling.search.domain import ListedDomain
from wakeling.search.space import Stage, StagedSpace, Stem
from wakeling.supernet import PhotoSets, SupernetRecipe, TrainedSupernet, fit_supernet, score, supernet_of
from wakeling.supernet import recipe as recipes
from wakeling.supernet.sandwich import random_point


def same(one, two) -> bool:
    return one.keys() == two.keys() and all(np.array_equal(one[key], two[key]) for key in one)


def with_training(recipe: SupernetRecipe, **changes) -> SupernetRecipe:
    return dataclasses.replace(recipe, training=dataclasses.replace(recipe.training, **changes))


class Stop(Exception):
    """Ends a run from a callback, as Ctrl-C would."""


def stop_after(epoch: int):
    def callback(record):
        if record.epoch == epoch:
            raise Stop

    return callback


def test_networks_that_were_never_trained_alone_answer_well(trained):
    supernet, sets, random = supernet_of(trained), PhotoSets(day_and_night), np.random.default_rng(0)
    outcomes = [score(supernet, random_point(SPACE, random), sets) for _ in range(8)]
    areas = [outcome.measures["auc"] for outcome in outcomes]
    assert np.mean(areas) > 0.9
    assert all(0.5 < outcome.score <= 1 and not outcome.error for outcome in outcomes)
    assert [record.epoch for record in trained.history] == list(range(1, 11))
    assert trained.history[-1].loss < trained.history[0].loss
    assert trained.history[-1].val_auc > 0.9


@pytest.mark.parametrize("domain", [None, "listed"])
def test_an_interrupted_run_ends_with_the_same_tensors(tmp_path, domain):
    if domain:
        random = np.random.default_rng(4)
        domain = ListedDomain(SPACE, {random_point(SPACE, random): {} for _ in range(20)})
    whole = fit_supernet(SPACE, day_and_night, QUICK, domain=domain)
    checkpoint = tmp_path / "checkpoint.npz"
    for epoch in (1, 2):
        with pytest.raises(Stop):
            fit_supernet(
                SPACE,
                day_and_night,
                QUICK,
                domain=domain,
                checkpoint=checkpoint,
                resume=True,
                on_epoch=stop_after(epoch),
            )
    resumed = fit_supernet(SPACE, day_and_night, QUICK, domain=domain, checkpoint=checkpoint, resume=True)
    assert same(whole.tensors, resumed.tensors)
    facts = [dataclasses.replace(record, seconds=0) for record in whole.history]
    assert [dataclasses.replace(record, seconds=0) for record in resumed.history] == facts
    with pytest.raises(RunError, match="another network, recipe or data set"):
        fit_supernet(
            SPACE,
            day_and_night,
            with_training(QUICK, seed=1),
            domain=domain,
            checkpoint=checkpoint,
            resume=True,
        )


CHILD = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from tests.supernet.day_and_night import SPACE, day_and_night
    from tests.supernet.test_training import LONG
    from wakeling.supernet import fit_supernet

    def tell(record):
        print(record.epoch, flush=True)

    fit_supernet(SPACE, day_and_night, LONG, checkpoint=Path(sys.argv[1]), resume=True, on_epoch=tell)
    """
)
LONG = dataclasses.replace(QUICK, training=dataclasses.replace(QUICK.training, epochs=8))


@pytest.mark.slow
def test_killed_it_resumes_and_ends_with_the_same_tensors(tmp_path):
    checkpoint = tmp_path / "checkpoint.npz"
    command = [sys.executable, "-c", CHILD, str(checkpoint)]
    root = Path(__file__).parents[2]
    for seconds in (0.0, 0.3):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(seconds)
            child.send_signal(signal.SIGKILL)
    resumed = fit_supernet(SPACE, day_and_night, LONG, checkpoint=checkpoint, resume=True)
    assert same(fit_supernet(SPACE, day_and_night, LONG).tensors, resumed.tensors)


def test_only_networks_of_the_domain_are_trained():
    """With gray networks alone, the stem for RGB photos stays as it began."""
    random = np.random.default_rng(4)
    gray = {(point[0], 0, *point[2:]) for point in (random_point(SPACE, random) for _ in range(20))}
    domain = ListedDomain(SPACE, {point: {} for point in gray})
    recipe = with_training(QUICK, epochs=1, weight_averaging=0.0)
    begun = fit_supernet(SPACE, day_and_night, with_training(recipe, epochs=0), domain=domain)
    ended = fit_supernet(SPACE, day_and_night, recipe, domain=domain)
    changed = {name for name in begun.tensors if not np.array_equal(begun.tensors[name], ended.tensors[name])}
    assert "stem/gray/conv/weight" in changed
    assert not any(name.startswith("stem/rgb") for name in changed)


def test_progress_is_told_for_every_step():
    records = []
    fit_supernet(SPACE, day_and_night, with_training(QUICK, epochs=1), on_step=records.append)
    assert [(record.step, record.steps) for record in records] == [(step, 8) for step in range(1, 9)]
    assert records[-1].seconds_left == 0
    assert records[-1].images_per_second > 0


def test_a_learning_rate_that_is_too_high_is_said_in_one_line():
    recipe = with_training(QUICK, learning_rate=100.0, weight_decay=10.0, warmup_epochs=0.0)
    with pytest.raises(DivergedError, match=r"the supernet diverged: .* try a third"):
        fit_supernet(SPACE, day_and_night, with_training(recipe, epochs=20))


def test_other_photos_at_another_input_are_refused():
    def mixed(resolution, channels):
        train, val = day_and_night(resolution, channels)
        if resolution == 24:
            train = dataclasses.replace(train, label=1 - train.label)
        return train, val

    with pytest.raises(DataError, match="not those of the other inputs"):
        fit_supernet(SPACE, mixed, QUICK)
    with pytest.raises(DataError, match=r"images are \(16, 16, 3\)"):
        fit_supernet(SPACE, lambda resolution, channels: day_and_night(16, 3), QUICK)


def test_a_supernet_survives_its_file(tmp_path, trained):
    path = tmp_path / "supernet.npz"
    trained.save(path)
    loaded = TrainedSupernet.load(path)
    assert same(loaded.tensors, trained.tensors)
    assert (loaded.space, loaded.recipe, loaded.labels, loaded.history) == (
        trained.space,
        trained.recipe,
        trained.labels,
        trained.history,
    )


def test_what_is_no_supernet_is_refused_in_one_line(tmp_path, trained):
    path = tmp_path / "supernet.npz"
    with pytest.raises(ModelFileError, match="does not exist"):
        TrainedSupernet.load(path)
    path.write_text("nonsense")
    with pytest.raises(ModelFileError, match="is not a supernet"):
        TrainedSupernet.load(path)
    trained.save(path)
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(ModelFileError, match="is not a supernet"):
        TrainedSupernet.load(path)
    other = StagedSpace(
        name="other", resolutions=(16,), stem=Stem(filters=(8,)), stages=(Stage(filters=(8,)),)
    )
    with pytest.raises(WakelingError, match="do not belong to a supernet of the space 'other'"):
        supernet_of(dataclasses.replace(trained, space=other))


def test_recipes_survive_json_and_are_checked():
    assert recipes.from_json(recipes.to_json(QUICK)) == QUICK
    for field, value in (("random_networks", -1), ("teacher_share", 1.5), ("calibration_images", 1)):
        with pytest.raises(WakelingError, match=field):
            SupernetRecipe(**{field: value})
    with pytest.raises(WakelingError, match="teacher_shre"):
        recipes.from_json({"teacher_shre": 0.5})
    assert recipes.fingerprint(QUICK) == recipes.fingerprint(with_training(QUICK, threads=2))
    assert recipes.fingerprint(QUICK) != recipes.fingerprint(dataclasses.replace(QUICK, teacher_share=0.1))
