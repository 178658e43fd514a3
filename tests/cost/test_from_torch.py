"""`cost.from_torch`: a torch module's cost, and nothing of torch before it is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from wakeling import cost
from wakeling.errors import MissingDependencyError


def test_a_module_costs_its_closed_form() -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 2),
    )
    report = cost.from_torch(module, torch.zeros(1, 3, 32, 32), runtimes=())
    assert report.name == "Sequential"
    assert report.macs == 9 * 3 * 8 * 16 * 16 + 8 * 2
    assert report.trainable_parameters == sum(tensor.numel() for tensor in module.parameters())
    assert report.training_parameters == report.trainable_parameters + 2 * 8
    assert report.deployed_parameters == 9 * 3 * 8 + 8 + 8 * 2 + 2


def test_without_torch_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [name for name in sys.modules if name.startswith("wakeling.importers.torch")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingDependencyError, match=r"needs torch.*pip install 'wakeling\[train\]'"):
        cost.from_torch(object(), object())


def test_importing_the_cost_package_loads_no_torch() -> None:
    code = "import sys, wakeling.cost; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
