"""Where requests should go, without any Ray."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from expertserve.ray.affinity import Affinity

LOADS = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3), st.integers(0, 50), min_size=1, max_size=8
)


@given(LOADS, st.lists(st.sampled_from(["x", "y", "z", ""]), max_size=30))
def test_every_replica_is_in_the_order_once(loads: dict[str, int], experts: list[str]) -> None:
    affinity = Affinity(2, 4)
    for expert in experts:
        order = affinity.order(expert, loads)
        assert sorted(order) == sorted(loads)
        affinity.routed(expert, order[0])


@given(LOADS, st.sampled_from(["x", "y"]))
def test_no_replica_that_is_busier_than_the_bound_comes_first(
    loads: dict[str, int], expert: str
) -> None:
    affinity = Affinity(4, 8)
    for replica in loads:
        affinity.routed(expert, replica)
    assert loads[affinity.order(expert, loads)[0]] - min(loads.values()) <= 8


def test_an_expert_stays_where_it_is_warm() -> None:
    affinity, loads = Affinity(8, 4), dict.fromkeys("abcd", 0)
    home = affinity.order("sql", loads)[0]
    affinity.routed("sql", home)
    for load in range(5):
        assert affinity.order("sql", loads | {home: load})[0] == home


def test_a_hot_expert_becomes_warm_elsewhere_and_goes_home_afterwards() -> None:
    affinity, loads = Affinity(8, 4), dict.fromkeys("abcd", 0)
    used = []
    for _ in range(40):
        first = affinity.order("hot", loads)[0]
        affinity.routed("hot", first)
        loads[first] += 1
        used.append(first)
    assert set(used) == set("abcd") and max(loads.values()) - min(loads.values()) <= 5
    quiet = [affinity.order("hot", dict.fromkeys("abcd", 0))[0] for _ in range(10)]
    assert len(set(quiet)) == 1


def test_experts_spread_evenly_so_that_all_of_them_fit() -> None:
    affinity, loads = Affinity(32, 8), {"a": 0, "b": 0}
    homes = Counter()
    for i in range(60):
        first = affinity.order(f"e{i}", loads)[0]
        affinity.routed(f"e{i}", first)
        homes[first] += 1
    assert max(homes.values()) <= 32


def test_two_routers_that_know_nothing_agree() -> None:
    ours, theirs = Affinity(1000, 8), Affinity(1000, 8)
    loads = dict.fromkeys("abcdefgh", 0)
    experts = [f"e{i}" for i in range(50)]
    homes = {}
    for expert in experts:
        homes[expert] = ours.order(expert, loads)[0]
        ours.routed(expert, homes[expert])
    random.Random(0).shuffle(experts)
    agreed = 0
    for expert in experts:
        first = theirs.order(expert, loads)[0]
        theirs.routed(expert, first)
        agreed += first == homes[expert]
    assert agreed == 50


def test_what_a_replica_says_goes_before_what_was_thought() -> None:
    affinity, loads = Affinity(4, 8), {"a": 0, "b": 0}
    affinity.routed("sql", "a")
    affinity.reported("a", [])
    affinity.reported("b", ["sql"])
    assert affinity.order("sql", loads)[0] == "b"
    affinity.keep(["a"])
    assert affinity.order("sql", {"a": 0}) == ["a"]


def test_requests_without_an_adapter_go_to_the_least_busy() -> None:
    assert Affinity(4, 8).order("", {"a": 2, "b": 1, "c": 3})[0] == "b"
