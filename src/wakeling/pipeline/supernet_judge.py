"""The supernet as a judge of a search: trained once into the run folder, then asked for every network."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from wakeling.data import PackedSet, PhotoSet
from wakeling.pipeline.brief_training import on_steps, splits_at
from wakeling.pipeline.folder import RunFolder
from wakeling.pipeline.listener import Listener, Silent
from wakeling.pipeline.plan import Plan
from wakeling.pipeline.setting import Setting
from wakeling.search.budget_domain import BudgetDomain
from wakeling.search.execution import Evaluate
from wakeling.search.space import Point

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUPERNET = "supernet"
"""The judge's name on the command line."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """Where a judge keeps what it needs, and whom it tells how far it is."""

    folder: RunFolder
    cache: Path
    listener: Listener


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotosAt:
    """Train and val photos at a network's input, for a supernet; can be sent to another process.

    Two are the same where they read the same photos through the same cache.
    """

    photos: PhotoSet
    cache: Path

    def __call__(self, resolution: int, channels: int) -> tuple[PackedSet, PackedSet]:
        """The photos that teach and those that judge."""
        splits = splits_at(self.photos, resolution, channels, self.cache, Silent())
        return splits.train, splits.val

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PhotosAt) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[object, ...]:
        photos = self.photos
        return (str(photos.root), photos.name, photos.labels, len(photos.examples), str(self.cache))


def supernet_judge(setting: Setting, plan: Plan, place: Workplace) -> Evaluate:
    """Train the supernet, or read it from the run folder, and return it as an evaluator."""
    from wakeling.supernet import SupernetEvaluator, SupernetRecipe, fit_supernet
    from wakeling.train.checkpoint import remove_checkpoint

    assert plan.staged is not None  # `setting.check_judge` has refused a grid
    path, photos = place.folder.supernet, PhotosAt(photos=setting.photos, cache=place.cache)
    if not path.exists():
        listener, epochs = place.listener, plan.supernet_epochs
        listener.stage(f"Training the supernet of {plan.staged.name}, {epochs} epochs")
        recipe = SupernetRecipe()
        training = dataclasses.replace(
            recipe.training, epochs=epochs, seed=setting.request.seed, threads=plan.threads
        )
        checkpoint = place.folder.checkpoint(SUPERNET)
        trained = fit_supernet(
            plan.staged,
            photos,
            dataclasses.replace(recipe, training=training),
            domain=BudgetDomain(plan.staged, setting.budget),
            checkpoint=checkpoint,
            resume=True,
            on_step=on_steps(listener, SUPERNET),
            on_epoch=lambda record: listener.note(
                f"epoch {record.epoch}/{epochs}: loss {record.loss:.3f}, "
                f"val balanced accuracy of some networks {record.val_balanced_accuracy or 0:.3f}"
            ),
        )
        trained.save(path)
        remove_checkpoint(checkpoint)
    return SupernetEvaluator(path=path, photos=photos, threads=plan.threads)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SharedWeights:
    """What the supernet in the file `path` knows of a network, to be trained further."""

    path: Path
    photos: PhotosAt

    def __call__(self, point: Point) -> dict[str, NDArray[np.float32]]:
        """The network's weights, with batch-norm statistics of its own."""
        from wakeling.supernet import PhotoSets, TrainedSupernet, calibrated_weights, supernet_of

        trained = TrainedSupernet.load(self.path)
        return calibrated_weights(
            supernet_of(trained),
            point,
            PhotoSets(self.photos),
            calibration_images=trained.recipe.calibration_images,
        )


def shared_weights(setting: Setting, place: Workplace) -> SharedWeights | None:
    """Where a run's networks begin; None where it has no supernet and they begin at random."""
    if not place.folder.supernet.exists():
        return None
    return SharedWeights(
        path=place.folder.supernet, photos=PhotosAt(photos=setting.photos, cache=place.cache)
    )
