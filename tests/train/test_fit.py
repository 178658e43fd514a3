from __future__ import annotations

import dataclasses
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.train.pictures import pictures, tiny_graph
from wakeling.errors import DataError, DivergedError, GraphError, RunError, WakelingError
from wakeling.train import Augmentation, Recipe, fit, metrics, predict
from wakeling.train.checkpoint import previous_path

QUICK = Recipe(
    epochs=3,
    batch_size=32,
    learning_rate=0.02,
    weight_averaging=0.9,
    warmup_epochs=0.5,
    threads=1,
    augmentation=Augmentation(crop_area_min=0.9),
)
TRAIN, VAL = pictures(160), pictures(40, seed=9)


def same(one, two) -> bool:
    return one.keys() == two.keys() and all(np.array_equal(one[key], two[key]) for key in one)


class Stop(Exception):
    """Ends a run from a callback, as Ctrl-C would."""


def stop_after(epoch: int):
    def callback(record):
        if record.epoch == epoch:
            raise Stop

    return callback


def test_a_tiny_network_learns_and_its_history_says_so():
    model = fit(tiny_graph(), TRAIN, VAL, dataclasses.replace(QUICK, epochs=8))
    assert [record.epoch for record in model.history] == list(range(1, 9))
    assert model.history[-1].loss < model.history[0].loss
    answers = predict(model.graph, model.weights, VAL.images)
    assert metrics.balanced_accuracy(VAL.label, answers) > 0.9
    assert model.history[-1].val_balanced_accuracy == metrics.balanced_accuracy(VAL.label, answers)
    assert model.history[-1].val_auc == metrics.auc(VAL.label, answers)
    assert model.labels == TRAIN.labels
    assert model.recipe.threads == 1


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("balance", ["sampling", "loss"])
def test_an_interrupted_run_ends_with_the_same_weights(tmp_path, optimizer, balance):
    plan = dataclasses.replace(QUICK, optimizer=optimizer, balance=balance)
    whole = fit(tiny_graph(), TRAIN, VAL, plan)
    checkpoint = tmp_path / "checkpoint.npz"
    for epoch in (1, 2):
        with pytest.raises(Stop):
            fit(
                tiny_graph(), TRAIN, VAL, plan, checkpoint=checkpoint, resume=True, on_epoch=stop_after(epoch)
            )
    resumed = fit(tiny_graph(), TRAIN, VAL, plan, checkpoint=checkpoint, resume=True)
    assert same(whole.weights, resumed.weights)
    facts = [dataclasses.replace(record, seconds=0) for record in whole.history]
    assert [dataclasses.replace(record, seconds=0) for record in resumed.history] == facts
    again = fit(tiny_graph(), TRAIN, VAL, plan, checkpoint=checkpoint, resume=True)
    assert same(whole.weights, again.weights)


def test_other_seeds_give_other_weights():
    one = fit(tiny_graph(), TRAIN, VAL, dataclasses.replace(QUICK, epochs=1))
    two = fit(tiny_graph(), TRAIN, VAL, dataclasses.replace(QUICK, epochs=1, seed=1))
    assert not same(one.weights, two.weights)


CHILD = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    from tests.train.test_fit import LONG, TRAIN, VAL
    from tests.train.pictures import tiny_graph
    from wakeling.train import fit

    def tell(record):
        print(record.epoch, flush=True)
        time.sleep(0.05)

    fit(tiny_graph(), TRAIN, VAL, LONG, checkpoint=Path(sys.argv[1]), resume=True, on_epoch=tell)
    """
)
LONG = dataclasses.replace(QUICK, epochs=14)


def kill_at_a_random_moment(checkpoint: Path, longest_seconds: float) -> None:
    """Train in a child process and end it by SIGKILL some time after its first epoch."""
    command = [sys.executable, "-c", CHILD, str(checkpoint)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(random.uniform(0, longest_seconds))
        child.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("kills", [1, pytest.param(5, marks=pytest.mark.slow)])
def test_killed_at_random_moments_it_resumes_and_ends_with_the_same_weights(tmp_path, kills):
    whole = fit(tiny_graph(), TRAIN, VAL, LONG)
    checkpoint = tmp_path / "checkpoint.npz"
    for _ in range(kills):
        kill_at_a_random_moment(checkpoint, longest_seconds=0.5 / kills)
    epochs = []
    resumed = fit(tiny_graph(), TRAIN, VAL, LONG, checkpoint=checkpoint, resume=True, on_epoch=epochs.append)
    assert 0 < len(epochs) < 14
    assert same(whole.weights, resumed.weights)


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    checkpoint = tmp_path / "checkpoint.npz"
    fit(tiny_graph(), TRAIN, VAL, dataclasses.replace(QUICK, epochs=1), checkpoint=checkpoint)
    others = [
        (tiny_graph(), TRAIN, dataclasses.replace(QUICK, epochs=1, seed=3)),
        (tiny_graph(), pictures(160, seed=4), dataclasses.replace(QUICK, epochs=1)),
    ]
    for graph, train, plan in others:
        with pytest.raises(RunError, match="another network, recipe or data set"):
            fit(graph, train, VAL, plan, checkpoint=checkpoint, resume=True)
    restarted = fit(*others[0][:2], VAL, others[0][2], checkpoint=checkpoint, resume=False)
    assert len(restarted.history) == 1


def test_a_damaged_checkpoint_costs_an_epoch_and_not_the_run(tmp_path):
    whole = fit(tiny_graph(), TRAIN, VAL, QUICK)
    checkpoint = tmp_path / "checkpoint.npz"
    with pytest.raises(Stop):
        fit(tiny_graph(), TRAIN, VAL, QUICK, checkpoint=checkpoint, on_epoch=stop_after(2))
    content = bytearray(checkpoint.read_bytes())
    content[len(content) // 2] ^= 0xFF
    checkpoint.write_bytes(content)
    seen = []
    resumed = fit(tiny_graph(), TRAIN, VAL, QUICK, checkpoint=checkpoint, resume=True, on_epoch=seen.append)
    assert [record.epoch for record in seen] == [2, 3]
    assert same(whole.weights, resumed.weights)


def test_when_every_checkpoint_is_damaged_one_line_says_so(tmp_path):
    checkpoint = tmp_path / "checkpoint.npz"
    fit(tiny_graph(), TRAIN, VAL, dataclasses.replace(QUICK, epochs=2), checkpoint=checkpoint)
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    previous_path(checkpoint).write_bytes(b"")
    with pytest.raises(RunError, match="is damaged and cannot be resumed; start over"):
        fit(
            tiny_graph(),
            TRAIN,
            VAL,
            dataclasses.replace(QUICK, epochs=2),
            checkpoint=checkpoint,
            resume=True,
        )


def test_divergence_names_epoch_step_and_learning_rate():
    plan = dataclasses.replace(
        QUICK, optimizer="sgd", learning_rate=100, warmup_epochs=0, gradient_norm_max=1e9, weight_decay=10
    )
    with pytest.raises(
        DivergedError, match=r"diverged: .* in epoch \d+, step \d+, at learning rate \d"
    ) as error:
        fit(tiny_graph(), TRAIN, VAL, dataclasses.replace(plan, epochs=40))
    assert "\n" not in str(error.value)


def test_bad_first_weights_are_refused():
    model = fit(tiny_graph(), TRAIN, VAL, dataclasses.replace(QUICK, epochs=1))
    spoiled = {**model.weights, "head_dense/bias": np.array([np.inf, 0], np.float32)}
    with pytest.raises(GraphError, match="NaN or an infinity"):
        fit(tiny_graph(), TRAIN, VAL, QUICK, initial_weights=spoiled)


def test_training_goes_on_from_given_weights():
    first = fit(tiny_graph(), TRAIN, VAL, dataclasses.replace(QUICK, epochs=6))
    still = fit(tiny_graph(), TRAIN, VAL, dataclasses.replace(QUICK, epochs=0), initial_weights=first.weights)
    assert same(first.weights, still.weights)
    assert still.history == ()


def test_unusable_photos_and_devices_are_one_line():
    with pytest.raises(DataError, match="no training photo has label 1"):
        fit(tiny_graph(), dataclasses.replace(TRAIN, label=TRAIN.label * 0), VAL, QUICK)
    with pytest.raises(DataError, match="the val set is empty"):
        fit(tiny_graph(), TRAIN, pictures(0), QUICK)
    with pytest.raises(WakelingError, match="device 'warp' cannot be used"):
        fit(tiny_graph(), TRAIN, VAL, QUICK, device="warp")


def test_steps_are_reported_with_the_time_left():
    steps = []
    fit(tiny_graph(), TRAIN, VAL, dataclasses.replace(QUICK, epochs=2), on_step=steps.append)
    assert [(record.epoch, record.step) for record in steps] == [(e, s) for e in (1, 2) for s in range(1, 6)]
    assert all(record.steps == 5 and record.epochs == 2 for record in steps)
    assert steps[-1].seconds_left == 0
    assert steps[0].seconds_left > 0
    assert steps[-1].images_per_second > 0
    assert 0 <= steps[-1].accuracy <= 1


def test_threads_are_put_back():
    before = torch.get_num_threads()
    fit(tiny_graph(), TRAIN, VAL, dataclasses.replace(QUICK, epochs=0, threads=before + 1))
    assert torch.get_num_threads() == before


def test_a_set_smaller_than_a_batch_is_one_batch_and_one_class_in_val_gives_no_figure():
    small = pictures(6)
    one_sided = dataclasses.replace(VAL, label=np.zeros_like(VAL.label))
    model = fit(tiny_graph(), small, one_sided, dataclasses.replace(QUICK, epochs=1))
    assert model.history[0].val_auc is None
    assert np.isfinite(model.history[0].loss)


def test_unlabeled_val_photos_are_left_out_of_the_figures():
    mixed = dataclasses.replace(VAL, label=np.where(np.arange(40) < 20, VAL.label, -1))
    model = fit(tiny_graph(), TRAIN, mixed, dataclasses.replace(QUICK, epochs=1))
    answers = predict(model.graph, model.weights, VAL.images[:20])
    assert model.history[0].val_auc == metrics.auc(VAL.label[:20], answers)
