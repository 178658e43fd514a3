"""Drawn scenes as a source: what the text means, and that processes draw what one process draws."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from wakeling.data import PhotoSet, open_photos, pack, pictures, scenes
from wakeling.errors import DataError


def drawn_alone(photos: PhotoSet, resolution: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The scenes drawn here, one by one, and shrunk by Pillow directly."""
    size = 128 if resolution <= 128 else 256
    images = []
    for example in photos.examples:
        _, seed, index = example.path.split(":")
        image = Image.fromarray(scenes.render(int(seed), int(index), size).image)
        images.append(np.asarray(image.resize((resolution, resolution), Image.Resampling.BILINEAR)))
    return np.stack(images)


@pytest.mark.parametrize("resolution", [32, 128, 160])
def test_rows_are_the_scenes_in_order(tmp_path: Path, resolution: int) -> None:
    photos = open_photos("scenes:5:3")
    result = pack(photos, resolution=resolution, channels=3, cache_dir=tmp_path)
    assert np.array_equal(result.images[:], drawn_alone(photos, resolution))
    assert result.kind == "scenes"
    assert any("drawn scenes" in note for note in result.notes)
    for row in range(5):
        scene = scenes.render(3, row, 128 if resolution <= 128 else 256)
        assert result.label[row] == scene.label
        assert result.area_fraction is not None
        assert result.area_fraction[row] == pytest.approx(scene.person_area_fraction)


def test_another_size_is_shrunk_and_not_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = open_photos("scenes:5:3")
    expected = drawn_alone(photos, 48)
    pack(photos, resolution=32, channels=1, cache_dir=tmp_path)
    monkeypatch.setattr(pictures, "draw_scene", None)
    result = pack(photos, resolution=48, channels=3, cache_dir=tmp_path)
    assert np.array_equal(result.images[:], expected)


def test_processes_draw_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "FEW_SCENES", 8)
    photos = open_photos("scenes:40")
    result = pack(photos, resolution=16, channels=3, cache_dir=tmp_path)
    assert np.array_equal(result.images[:], drawn_alone(photos, 16))


def test_drawing_processes_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; import multiprocessing\n"
        "from wakeling.data import open_photos, pack, pictures\n"
        "pictures.FEW_SCENES = 8\n"
        "def die(done, total):\n"
        "    if done:\n"
        "        print(*(child.pid for child in multiprocessing.active_children()), flush=True)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "photos = open_photos('scenes:100')\n"
        "pack(photos, resolution=16, channels=3, cache_dir=Path(sys.argv[1]), progress=die)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    children = [int(pid) for pid in done.stdout.split()]
    cores = os.cpu_count() or 1
    assert len(children) == (min(8, cores) if cores > 1 else 0)
    for _ in range(200):
        if not any(is_running(pid) for pid in children):
            break
        time.sleep(0.05)
    assert not any(is_running(pid) for pid in children)


def is_running(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_lost_processes_are_made_up_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def die_after_three(tasks: Any, workers: int) -> Iterator[pictures.Picture]:
        yield from map(pictures.draw_scene, tasks[:3])
        raise BrokenProcessPool

    monkeypatch.setattr(pictures, "FEW_SCENES", 4)
    monkeypatch.setattr(pictures, "_draw_in_processes", die_after_three)
    photos = open_photos("scenes:8")
    result = pack(photos, resolution=16, channels=3, cache_dir=tmp_path)
    assert np.array_equal(result.images[:], drawn_alone(photos, 16))


def test_text_and_options_say_how_many_and_which() -> None:
    assert len(open_photos("scenes").examples) == 10_000
    assert open_photos("scenes", scene_count=7, seed=5) == open_photos("scenes:7:5")
    assert open_photos("scenes:7:5").examples[6].path == "scene:5:6"
    one, other = (
        {e.content_hash for e in open_photos(source).examples} for source in ("scenes:9:1", "scenes:9:2")
    )
    assert not one & other


def test_ten_thousand_scenes_split_eight_one_one() -> None:
    splits = [example.split for example in open_photos("scenes").examples]
    assert 7800 < splits.count("train") < 8200
    assert 850 < splits.count("val") < 1150
    assert 850 < splits.count("test") < 1150


def test_a_folder_called_scenes_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scenes").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="holds no photos in class folders"):
        open_photos("scenes")
    assert len(open_photos("scenes:3").examples) == 3


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("scenes:many", {}, "'many' in 'scenes:many' is not a whole number"),
        ("scenes:-3", {}, "'-3' in 'scenes:-3' is not a whole number"),
        ("scenes:0", {}, "0 scenes cannot be drawn; choose from 1"),
        ("scenes:99999999", {}, "99999999 scenes cannot be drawn"),
        ("scenes:5:", {}, "'' in 'scenes:5:' is not a whole number"),
        ("scenes:5:1:2", {}, "is not understood; write scenes"),
        ("scenes", {"seed": -1}, "the seed of the scenes is -1"),
        ("scenes", {"wake_word": "cat"}, "show people; the wake word 'cat' needs your own photos"),
    ],
)
def test_wrong_scenes_are_one_clear_line(source: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        open_photos(source, **options)
