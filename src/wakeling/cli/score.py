"""`wakeling score`: what can be said of networks before they are trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from wakeling.cli.network_choice import NETWORK_HELP, Choice, choose
from wakeling.cli.output import json_option, print_json, print_table
from wakeling.errors import DataError, MissingDependencyError, WakelingError, unknown_name
from wakeling.units import format_count

if TYPE_CHECKING:
    from wakeling.graph import Graph
    from wakeling.training_free import Batch, Score

BASELINES = ("macs", "parameters")
DEFAULT_SCORES = "synflow,zen,naswot,snip"
SCORES_HELP = "Scores: synflow, zen, naswot, gradient_norm, snip, fisher, zico; or all."


@click.command("score", epilog=f"{NETWORK_HELP}\n\n{SCORES_HELP}")
@click.argument("networks", nargs=-1, required=True, metavar="NETWORK...")
@click.option(
    "--scores",
    default=DEFAULT_SCORES,
    show_default=True,
    help="Which scores, with commas between; MACs and parameters always stand beside them.",
)
@click.option(
    "--data",
    "source",
    default="scenes",
    show_default=True,
    help="Labeled photos for the scores that look at some: a folder, a manifest, scenes.",
)
@click.option("--wake-word", default="person", show_default=True, help="The class that the network finds.")
@click.option(
    "--images",
    type=click.IntRange(2, 4096),
    default=64,
    show_default=True,
    help="How many photos, half of each class.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the first weights and photos."
)
@click.option(
    "--repeats",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="First weights that a score is the mean of.",
)
@json_option
def command(
    networks: tuple[str, ...],
    scores: str,
    source: str,
    wake_word: str,
    images: int,
    seed: int,
    repeats: int,
    as_json: bool,
) -> None:
    """Training-free scores of each NETWORK, beside its MACs and parameters.

    A score looks at the first weights of an untrained network; a larger one is meant to promise more
    accuracy. Counting MACs is the measure to beat: how often each score does is in
    docs/explanation/training-free-scores.md.
    """
    names = _names(scores)
    chosen = [choose(name) for name in networks]
    photos = _Photos(source, wake_word, images, seed) if _need_photos(names) else None
    rows = [_row(choice, names, photos, seed, repeats) for choice in chosen]
    if as_json:
        print_json(
            {
                "format": "wakeling.scores/1",
                "data": source if photos else None,
                "images": images if photos else None,
                "seed": seed,
                "repeats": repeats,
                "scores": {name: _about(score) for name, score in _table().items() if name in names},
                "networks": rows,
            }
        )
    else:
        _print(names, rows)


def _table() -> dict[str, Score]:
    try:
        import torch  # noqa: F401  # to say what is missing
    except ImportError as error:
        raise MissingDependencyError("torch", "train") from error
    from wakeling.training_free import SCORES

    return dict(SCORES)


def _names(text: str) -> list[str]:
    """The baselines and what `--scores` names, each once, in the order given."""
    table = _table()
    wanted = [part.strip() for part in text.split(",") if part.strip()]
    if not wanted:
        raise WakelingError(f"--scores names none; known: {', '.join(table)}")
    if wanted == ["all"]:
        wanted = list(table)
    for name in wanted:
        if name not in table:
            raise WakelingError(unknown_name("score", name, table))
    return list(dict.fromkeys((*BASELINES, *wanted)))


def _need_photos(names: Sequence[str]) -> bool:
    table = _table()
    return any(table[name].needs != "shapes" for name in names)


class _Photos:
    """The photos that were asked for, listed once and decoded once for each input shape."""

    def __init__(self, source: str, wake_word: str, count: int, seed: int) -> None:
        from wakeling.cli.progress import DesignProgress
        from wakeling.data import open_photos

        with DesignProgress() as bar:
            self._photos = open_photos(
                source,
                wake_word=wake_word,
                progress=lambda done, total: bar.progress("looking into files", done, total),
            )
        self._count, self._seed = count, seed
        self._batches: dict[tuple[int, ...], Batch] = {}

    def batch(self, graph: Graph) -> Batch:
        """The photos at the graph's input shape."""
        from wakeling.cli.circumstances import cache_folder
        from wakeling.training_free import draw_batch

        shape = graph.input_shape
        if len(shape) != 3 or shape[0] != shape[1]:
            raise DataError(f"{graph.name} takes {shape}; photos are packed as squares only")
        if shape not in self._batches:
            self._batches[shape] = draw_batch(
                self._photos,
                resolution=shape[0],
                channels=shape[2],
                cache_dir=cache_folder(),
                count=self._count,
                seed=self._seed,
            )
        return self._batches[shape]


def _row(
    choice: Choice, names: Sequence[str], photos: _Photos | None, seed: int, repeats: int
) -> dict[str, Any]:
    from wakeling.training_free import score_network

    batch = photos.batch(choice.graph) if photos else None
    return {
        "name": choice.name,
        "input_shape": list(choice.graph.input_shape),
        "scores": {
            name: sum(
                score_network(name, choice.graph, batch=batch, seed=seed + repeat)
                for repeat in range(repeats)
            )
            / repeats
            for name in names
        },
    }


def _about(score: Score) -> dict[str, Any]:
    return {"title": score.title, "source": score.source, "needs": score.needs}


def _print(names: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    scores = [name for name in names if name not in BASELINES]
    print_table(
        "Before training: more is meant to be better",
        ["network", "input", "MACs", "parameters", *scores],
        [
            [
                row["name"],
                "×".join(map(str, row["input_shape"])),
                format_count(int(row["scores"]["macs"])),
                f"{int(row['scores']['parameters']):,}",
                *(f"{row['scores'][name]:,.4g}" for name in scores),
            ]
            for row in rows
        ],
    )
