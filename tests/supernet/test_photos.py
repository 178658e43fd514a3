from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

from wakeling.errors import DataError
from wakeling.supernet import PackedPhotos, PhotoSets


def test_every_input_has_the_same_photos_and_no_photo_is_in_both_sets(tmp_path):
    photos = PackedPhotos(data="scenes:200:3", cache_dir=tmp_path, train_images=40, val_images=12)
    photos = pickle.loads(pickle.dumps(photos))
    sets = PhotoSets(photos)
    train, val = sets.at(16, 3)
    small, _ = sets.at(8, 1)
    assert (train.images.shape, val.images.shape) == ((40, 16, 16, 3), (12, 16, 16, 3))
    assert small.images.shape == (40, 8, 8, 1)
    assert {*train.paths}.isdisjoint(val.paths)
    assert train.paths == small.paths
    gray = np.asarray(train.images[np.arange(40)]).reshape(40, 8, 2, 8, 2, 3).mean((2, 4)) @ (
        0.299,
        0.587,
        0.114,
    )
    assert np.abs(gray - np.asarray(small.images[np.arange(40)])[..., 0]).mean() < 8
    assert sets.at(16, 3)[0] is train


def test_a_source_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(DataError):
        PhotoSets(PackedPhotos(data=str(tmp_path / "none"), cache_dir=tmp_path)).at(16, 3)


def test_importing_the_package_does_not_import_torch():
    command = "import sys, wakeling.supernet; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command], check=False).returncode == 0
