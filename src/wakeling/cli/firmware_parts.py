"""What `wakeling compile` puts beside the model's C: a test picture, and a decision's operating point."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wakeling.errors import DataError, ModelFileError, TargetError
from wakeling.files import read_json

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from wakeling.cli.int8_model import Int8Model
    from wakeling.evaluation.preprocessing import ModelPreprocessing
    from wakeling.export.c.decision import Decision, Smoothing
    from wakeling.export.c.sample import Sample
    from wakeling.quantize.model import QuantizedModel

DEFAULT_THRESHOLD = 0.5
_SCENE_SEED, _CLOSE = 0, 0.2


def sample_for(given: Int8Model, path: Path, photo: Path | None) -> Sample:
    """The test picture: the photo at the input's size, else a drawn person, else noise.

    Raises DataError for a photo that cannot be read or an input that takes none.
    """
    from wakeling.export.c.sample import sample_of
    from wakeling.verify.images import trial_inputs

    pixels, origin = _pixels(given.model.graph.input_shape, photo)
    found = preprocessing_beside(given, path)
    if found is not None and found.channels == "bgr":
        pixels = pixels[..., ::-1]
    return sample_of(given.model, trial_inputs(given.model, pixels[None])[0], origin)


def _pixels(shape: tuple[int, ...], photo: Path | None) -> tuple[npt.NDArray[np.uint8], str]:
    is_picture = len(shape) == 3 and shape[2] in (1, 3)
    if photo is not None:
        if not is_picture:
            raise DataError(f"the model's input {shape} is no picture; leave --picture out")
        return _photo((shape[0], shape[1], shape[2]), photo), f"{photo.name}, scaled to the input"
    if is_picture and (drawn := _scene((shape[0], shape[1], shape[2]))) is not None:
        return drawn, "a drawn person"
    import numpy as np

    return np.random.default_rng(_SCENE_SEED).integers(0, 256, shape, np.uint8), "noise"


def _photo(shape: tuple[int, int, int], photo: Path) -> npt.NDArray[np.uint8]:
    from wakeling.data.decode import RefusedPhotoError, decode, pillow_version, quiet_pillow
    from wakeling.export.c.resampling import resize

    pillow_version()  # says what to install where it is missing
    height, width, channels = shape
    try:
        content = photo.read_bytes()
        with quiet_pillow():
            pixels = decode(content, max(height, width), channels).pixels
    except FileNotFoundError:
        raise DataError(f"--picture {photo} does not exist") from None
    except OSError as problem:
        raise DataError(f"--picture {photo} cannot be read: {problem.strerror or problem}") from None
    except RefusedPhotoError as problem:
        raise DataError(f"--picture {photo} cannot be used: {problem}") from None
    return pixels if height == width else resize(pixels, height, width)


def _scene(shape: tuple[int, int, int]) -> npt.NDArray[np.uint8] | None:
    """A built-in scene with a person close by; None where Pillow, which draws it, is not installed."""
    try:
        from wakeling.data.scenes import render
    except ImportError:
        return None
    from wakeling.export.c.camera import luma
    from wakeling.export.c.resampling import resize

    height, width, channels = shape
    index, size = 0, min(max(height, width, 48), 512)
    while (scene := render(_SCENE_SEED, index, size)).person_area_fraction < _CLOSE:
        index += 1
    small = resize(scene.image, height, width)
    return luma(small) if channels == 1 else small


def preprocessing_beside(given: Int8Model, path: Path) -> ModelPreprocessing | None:
    """What is known of a file that another program wrote; None for wakeling's own models."""
    from wakeling.evaluation.preprocessing import DEFAULT_FEEDS, resolve
    from wakeling.export import metadata

    graph = given.model.graph
    if given.tensors is None or len(graph.input_shape) != 3 or graph.input_type not in DEFAULT_FEEDS:
        return None
    return resolve(
        model=path,
        given=None,
        metadata=metadata.read(given.content),
        dtype=graph.input_type,
        channels=graph.input_shape[2],
        outputs=len(given.model.labels),
    )


def check_feed(given: Int8Model, path: Path) -> None:
    """Raises TargetError where the model wants other values than a camera stage gives."""
    from wakeling.quantize.model import PIXEL_FEEDS

    found, element = preprocessing_beside(given, path), given.model.graph.input_type
    if found is None or element not in PIXEL_FEEDS:
        return
    if found.channels == "bgr":
        raise TargetError(
            f"{found.origin} says blue, green, red; --camera gives red, green, blue; leave --camera out"
        )
    if found.input != PIXEL_FEEDS[element]:
        raise TargetError(
            f"{found.origin} says {found.input} for {element}; --camera gives {PIXEL_FEEDS[element]}; "
            "leave --camera out and fill the input yourself"
        )


def threshold_of(given: Int8Model) -> float:
    """The operating point of the run's evaluation, else 0.5."""
    if given.run is None or not given.run.evaluation.exists():
        return DEFAULT_THRESHOLD
    value = read_json(given.run.evaluation, ModelFileError)
    threshold = value.get("threshold") if isinstance(value, dict) else None
    if not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise ModelFileError(f"{given.run.evaluation} has no threshold from 0 to 1; give --threshold")
    return float(threshold)


def decision_for(
    given: Int8Model,
    path: Path,
    *,
    threshold: float | None,
    release: float | None,
    smoothing: Smoothing,
    frames: int,
    output: int | None,
) -> Decision | None:
    """The decision; None where the outputs are no integers and nobody asked for one."""
    from wakeling.export.c.decision import decision_of

    if not _has_integer_outputs(given.model) and (threshold, release, output) == (None, None, None):
        return None
    found = preprocessing_beside(given, path)
    if output is None and found is not None:
        output = found.wake_word_output
    return decision_of(
        given.model,
        threshold=threshold_of(given) if threshold is None else threshold,
        release=release,
        smoothing=smoothing,
        frames=frames,
        output=output,
    )


def _has_integer_outputs(model: QuantizedModel) -> bool:
    return model.graph.types[model.graph.output] in ("int8", "uint8")
