"""Training-free scores as a search's evaluator: from a trial to an outcome in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from wakeling.data.decode import shrink
from wakeling.errors import DataError, DivergedError, WakelingError, unknown_name
from wakeling.graph import Graph
from wakeling.search.space import Space
from wakeling.search.trial import Outcome, Trial
from wakeling.spec import lower
from wakeling.training_free.batch import Batch
from wakeling.training_free.table import SCORES, score_network


@dataclass(frozen=True, kw_only=True)
class TrainingFree:
    """Scores the networks of a space by one training-free score; call it with a trial.

    It can be pickled and sent to other processes. `photos` are RGB squares (N, side, side, 3), at
    least as large as the space's largest input, and are shrunk to each network's; None for scores
    that need none. A score is the mean over `repeats` first weights, of the seeds from `seed` on.
    The rung of a trial makes no difference. Raises WakelingError for an unknown score, DataError
    for photos that are missing or too small.
    """

    space: Space
    score: str
    photos: Batch | None = None
    seed: int = 0
    repeats: int = 1
    _shrunk: dict[tuple[int, int], Batch] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.score not in SCORES:
            raise WakelingError(unknown_name("score", self.score, SCORES))
        if self.repeats < 1:
            raise WakelingError(f"a score is the mean over {self.repeats} first weights; give at least 1")
        needs = SCORES[self.score].needs
        if self.photos is None:
            if needs != "shapes":
                raise DataError(f"the score {self.score} looks at {needs}; give it photos")
        elif self.photos.images.shape[1] != self.photos.images.shape[2] or self.photos.images.shape[3] != 3:
            raise DataError(
                f"photos to shrink are RGB squares (N, side, side, 3); given {self.photos.images.shape}"
            )

    def __getstate__(self) -> dict[str, object]:
        """What a pickle holds: the fields, without the photos that were shrunk already."""
        return {**self.__dict__, "_shrunk": {}}

    def __call__(self, trial: Trial) -> Outcome:
        """The score as the outcome's; a network whose score is not finite has score 0 and an error."""
        graph = lower(self.space.network(trial.point))
        batch = self._batch(graph)
        try:
            values = [
                score_network(self.score, graph, batch=batch, seed=self.seed + repeat)
                for repeat in range(self.repeats)
            ]
        except DivergedError as error:
            return Outcome(score=0.0, error=str(error))
        value = float(np.mean(values))
        return Outcome(score=value, measures={self.score: value})

    def _batch(self, graph: Graph) -> Batch | None:
        if self.photos is None or SCORES[self.score].needs == "shapes":
            return None
        resolution, _, channels = graph.input_shape
        key = (resolution, channels)
        if key not in self._shrunk:  # a cache, not a state: the same photos give the same ones
            self._shrunk[key] = _shrunk(self.photos, resolution, channels)
        return self._shrunk[key]


def _shrunk(photos: Batch, resolution: int, channels: int) -> Batch:
    side = photos.images.shape[1]
    if resolution > side:
        raise DataError(
            f"photos of {side} pixels are too small for a network of {resolution}; give larger ones"
        )
    images: NDArray[np.uint8] = np.stack([shrink(image, resolution, channels) for image in photos.images])
    return replace(photos, images=images)
