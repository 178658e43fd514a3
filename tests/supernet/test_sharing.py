"""What the networks of a space share, and that a network cut from it is the network of the spec."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from wakeling.graph import weight_shapes
from wakeling.nets import build, load_weights
from wakeling.search.space import (
    Head,
    Stage,
    StagedSpace,
    Stem,
    load_space,
    point_of,
    ready_spaces,
    values_of,
)
from wakeling.spec import lower
from wakeling.supernet import Supernet, subnet_weights
from wakeling.supernet.network import export_shared, load_shared
from wakeling.supernet.sandwich import random_point
from wakeling.supernet.sharing import shared_names, shared_tensors

ODD = StagedSpace(
    name="odd",
    resolutions=(32,),
    channels=(1, 3),
    widths=(0.5, 1.0),
    stem=Stem(filters=(4, 8), kernel=(3, 5), stride=(1, 2)),
    stages=(
        Stage(
            filters=(16, 24), block=("inverted_residual", "standard_conv"), expansion=(1, 3), kernel=(3, 7)
        ),
        Stage(filters=(8,), block=("depthwise_separable",), depth=(0, 1, 2), stride=(1, 2)),
        Stage(filters=(4,), block=("standard_conv", "inverted_residual"), depth=(0, 2), kernel=(1, 3, 5)),
    ),
    head=Head(filters=(0, 12)),
)
"""Stages that grow narrower, may be left out side by side, and mix kinds and kernels."""

SPACES = {**{name: load_space(name) for name in ready_spaces()}, "odd": ODD}


def randomized(space: StagedSpace, seed: int = 0) -> Supernet:
    """A supernet in which no tensor is at its neutral first value."""
    supernet = Supernet(space, seed)
    random = np.random.default_rng(seed)
    arrays = export_shared(supernet)
    for name, array in arrays.items():
        array += random.normal(0, 0.1, array.shape).astype(np.float32)
        if "/to_" not in name and name.endswith("/gamma"):
            array += 1
    load_shared(supernet, arrays)
    return supernet


@pytest.mark.parametrize("name", SPACES)
def test_a_slice_computes_what_the_network_of_its_own_weights_computes(name):
    """In double precision, but for mixed kernels that the weights hold as float32."""
    space = dataclasses.replace(SPACES[name], resolutions=(32, 48))  # weights know no resolution
    supernet, random = randomized(space), np.random.default_rng(3)
    for _ in range(8):
        point = random_point(space, random)
        network = space.network(point)
        size = (4, network.channels, network.resolution, network.resolution)
        x = torch.from_numpy(random.uniform(-1, 1, size))
        module = build(lower(network))
        load_weights(module, subnet_weights(supernet.float(), point))
        with torch.no_grad():
            alone, shared = module.double().train()(x), supernet.double()(x, point)
        assert alone.abs().max() > 1e-3
        assert (shared - alone).abs().max() < 1e-5 * alone.abs().max()


@pytest.mark.parametrize("name", SPACES)
def test_every_network_fits_into_the_shared_tensors(name):
    space = SPACES[name]
    tensors, random = shared_tensors(space), np.random.default_rng(5)
    for _ in range(150):
        point = random_point(space, random)
        graph = lower(space.network(point))
        shapes = weight_shapes(graph)
        names = shared_names(space, point, graph)
        assert {*names} == {key for key in shapes if not key.endswith(("mean", "variance"))}
        assert len({*names.values()}) == len(names)
        for key, shared in names.items():
            largest = tensors[shared]
            assert len(shapes[key]) == len(largest.shape)
            assert all(one <= other for one, other in zip(shapes[key], largest.shape, strict=True))
            if len(shapes[key]) == 4:
                assert shapes[key][1] in largest.kernels


def test_no_shared_tensor_is_larger_than_its_largest_use():
    """Every network of the odd space, one by one: the maximum of their shapes is what is kept."""
    small = StagedSpace(
        name="small", resolutions=(16,), channels=(1, 3), stem=Stem(filters=(4,)), stages=ODD.stages[1:]
    )
    shapes: dict[str, tuple[int, ...]] = {}
    for index in np.ndindex(*(len(parameter.choices) for parameter in small.parameters)):
        graph = lower(small.network(index))
        needed = weight_shapes(graph)
        for key, name in shared_names(small, index, graph).items():
            shapes[name] = tuple(np.maximum(needed[key], shapes.get(name, needed[key])).tolist())
    assert {name: tensor.shape for name, tensor in shared_tensors(small).items()} == shapes


def chosen(space: StagedSpace, point, **changes):
    values = values_of(space, point)
    return point_of(space, {**values, **{name.replace("__", "."): value for name, value in changes.items()}})


def test_a_shallower_narrower_network_uses_the_first_blocks_and_channels():
    space = load_space("tiny")
    supernet = randomized(space)
    large = tuple(len(parameter.choices) - 1 for parameter in space.parameters)
    small = chosen(space, large, width=0.5, stage2__depth=1)
    one, other = subnet_weights(supernet, large), subnet_weights(supernet, small)
    wide, narrow = one["block1_project/weight"], other["block1_project/weight"]
    assert narrow.shape[0] < wide.shape[0]
    assert narrow.shape[3] < wide.shape[3]
    assert np.array_equal(narrow, wide[: narrow.shape[0], :, :, : narrow.shape[3]])
    # stage 2 has blocks 3 to 5 in the large network; in the shallow one stage 3 begins at block 4
    assert np.array_equal(
        other["block4_expand_bn/gamma"], one["block6_expand_bn/gamma"][: len(other["block4_expand_bn/gamma"])]
    )


def test_an_untrained_smaller_kernel_is_the_middle_of_the_larger_one():
    space = load_space("mcunet")
    supernet = Supernet(space, 1)
    large = tuple(len(parameter.choices) - 1 for parameter in space.parameters)
    kernels = [
        subnet_weights(supernet, chosen(space, large, stage2__kernel=kernel))["block2_depthwise/weight"]
        for kernel in (7, 5, 3)
    ]
    for margin, kernel in enumerate(kernels):
        middle = kernels[0][:, margin : 7 - margin, margin : 7 - margin, :]
        np.testing.assert_allclose(kernel, middle, rtol=0, atol=1e-7)


def test_a_learned_matrix_mixes_the_taps_of_the_middle():
    space = load_space("mcunet")
    supernet = randomized(space)
    large = tuple(len(parameter.choices) - 1 for parameter in space.parameters)
    arrays = export_shared(supernet)
    name = "stage2/1/inverted_residual/depthwise"
    seven = arrays[f"{name}/weight"]
    five = np.einsum(
        "ij,ohjc->ohic",
        arrays[f"{name}/weight/to_5"].reshape(25, 25),
        seven[:, 1:6, 1:6, :].reshape(1, 1, 25, -1),
    ).reshape(1, 5, 5, -1)
    given = subnet_weights(supernet, chosen(space, large, stage2__kernel=5))["block2_depthwise/weight"]
    np.testing.assert_allclose(given, five[..., : given.shape[-1]], rtol=1e-4, atol=1e-5)


def test_gray_and_rgb_photos_have_stems_of_their_own_and_share_the_rest():
    space = load_space("tiny")
    supernet = randomized(space)
    rgb = tuple(0 for _ in space.parameters)
    rgb = chosen(space, rgb, channels=3)
    one, other = subnet_weights(supernet, rgb), subnet_weights(supernet, chosen(space, rgb, channels=1))
    same = {key for key in one if one[key].shape == other[key].shape and np.array_equal(one[key], other[key])}
    trained = {key for key in one if not key.endswith(("mean", "variance"))}
    assert trained - same == {"block0_conv/weight", "block0_conv_bn/gamma", "block0_conv_bn/beta"}
