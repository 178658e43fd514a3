"""The built-in drawn scenes as a source: `scenes`, `scenes:COUNT` or `scenes:COUNT:SEED`.

Nothing is drawn here: a scene's label is known once `packing.py` has drawn it.
"""

from __future__ import annotations

from pathlib import Path

from wakeling.data.contents import digest
from wakeling.data.decode import pillow_version
from wakeling.data.photos import Example
from wakeling.data.readers.reader import Reader, Reading, ReadOptions
from wakeling.errors import DataError

NAME = "scenes"
DEFAULT_COUNT = 10_000
DEFAULT_SEED = 0
MAX_COUNT = 10_000_000
NOTE = "drawn scenes, made by wakeling itself: good for trying things out, no substitute for photos"


def read(source: str, options: ReadOptions) -> Reading:
    """List `COUNT` scenes of one seed; the first ones stay the same when the count grows.

    Raises DataError for a wake word other than person, and for a count or a seed that is none.
    """
    pillow_version()  # scenes are drawn with it
    from wakeling.data import scenes

    if options.wake_word != "person":
        raise DataError(
            f"the built-in scenes show people; the wake word {options.wake_word!r} needs your own photos"
        )
    parts = source.split(":")
    if parts[0] != NAME or len(parts) > 3:
        raise DataError(f"{source!r} is not understood; write scenes, scenes:COUNT or scenes:COUNT:SEED")
    count = _number(parts[1], source) if len(parts) > 1 else options.scene_count
    seed = _number(parts[2], source) if len(parts) > 2 else options.scene_seed
    count = DEFAULT_COUNT if count is None else count
    seed = DEFAULT_SEED if seed is None else seed
    if not 1 <= count <= MAX_COUNT:
        raise DataError(f"{count} scenes cannot be drawn; choose from 1 to {MAX_COUNT}")
    if seed < 0:
        raise DataError(f"the seed of the scenes is {seed}; choose 0 or more")
    return Reading(
        name=NAME,
        root=Path(),
        examples=tuple(
            Example(
                path=f"scene:{seed}:{index}",
                source=NAME,
                content_hash=digest(f"scene:{scenes.SCENES_VERSION}:{seed}:{index}".encode()),
            )
            for index in range(count)
        ),
        notes=(NOTE,),
        kind="scenes",
    )


def seed_and_index(path: str) -> tuple[int, int]:
    """The two numbers in `scene:SEED:INDEX`."""
    _, seed, index = path.split(":")
    return int(seed), int(index)


def _number(text: str, source: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise DataError(
            f"{text!r} in {source!r} is not a whole number; write scenes:COUNT or scenes:COUNT:SEED"
        )
    return int(text)


def recognizes(source: str) -> bool:
    """The word `scenes`, alone or followed by numbers, unless a folder is called so."""
    return (source == NAME and not Path(source).exists()) or source.startswith(f"{NAME}:")


READER = Reader(
    name="scenes",
    summary="drawn scenes, made by wakeling itself: scenes, scenes:COUNT or scenes:COUNT:SEED",
    recognizes=recognizes,
    read=read,
)
