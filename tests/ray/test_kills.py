"""Processes that are killed while clients read long streams."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.ray.conftest import LITTLE, App, Deploy, until
from tests.ray.test_serving import Load, kill

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20"),
]
ANSWER = "SELECT " + ", ".join(f"c{i}" for i in range(50)) + " FROM größe"
CLIENTS = 24


@pytest.fixture(scope="module")
def app(deploy: Deploy, fifty: list[Path]) -> App:
    return deploy(
        "kills",
        experts=[str(fifty[0].parent)],
        ingress={"number": 2, "resources": LITTLE},
        engine_args={"answer": ANSWER, "delay": 0.01},
    )


def resumed(app: App) -> int:
    """Streams that went on elsewhere, as far as the ingresses that happen to answer know."""
    seen: set[tuple[str, ...]] = set()
    with app.http() as client:
        for _ in range(10):
            text = client.get("/metrics").text
            seen.add(tuple(re.findall(r"^expertserve_resumed_streams_total.* (.*)$", text, re.M)))
    return sum(int(float(n)) for counts in seen for n in counts)


def over_a_kill(app: App, deployment: str) -> Load:
    """Traffic in which one process is killed, until each client had several answers behind it."""
    with Load(app, CLIENTS) as load:
        until(lambda: load.answered > CLIENTS, 60)
        kill(deployment)
        at = load.answered
        until(lambda: load.answered > at + 4 * CLIENTS, 120)
    return load


def test_an_engine_that_is_killed_costs_no_request_and_no_stream(app: App) -> None:
    load = over_a_kill(app, "kills:engine")
    print(f"an engine killed: {load.answered} answered, {resumed(app)} streams went on elsewhere")
    assert not load.unclean and not load.retryable, (load.unclean[:3], load.retryable[:3])
    assert resumed(app)
    until(lambda: len(app.reports()) == 2, 60)


def test_a_catalogue_that_is_killed_costs_nothing(app: App) -> None:
    load = over_a_kill(app, "kills:catalogue")
    assert not load.unclean and not load.retryable, (load.unclean[:3], load.retryable[:3])


def test_an_ingress_that_is_killed_costs_what_it_held_alone(app: App) -> None:
    load = over_a_kill(app, "kills:ingress")
    lost = len(load.unclean) + len(load.retryable)
    print(f"one of two ingresses killed: {load.answered} answered, {lost} lost")
    assert lost <= CLIENTS, (load.unclean[:3], load.retryable[:3])
