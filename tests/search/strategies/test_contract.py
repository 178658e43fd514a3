"""Every registered strategy keeps the contract, and the contract catches those that do not."""

from __future__ import annotations

import pytest

from wakeling.search.strategies.registry import DEFAULT_SEARCHER, SEARCHERS
from wakeling.testing.search_contract import check_strategy


@pytest.mark.parametrize("name", SEARCHERS)
def test_strategy_keeps_the_contract(name: str) -> None:
    check_strategy(SEARCHERS[name], is_random=name != "grid")


def test_the_default_is_the_first() -> None:
    assert next(iter(SEARCHERS)) == DEFAULT_SEARCHER
