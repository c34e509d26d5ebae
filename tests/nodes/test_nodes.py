"""Whole nodes are killed while clients read long streams."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.nodes.conftest import ANSWER, Site
from tests.ray.conftest import App, body, until
from tests.ray.test_serving import Load, kill

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20"),
]
CLIENTS = 24


def over(app: App, ends: Callable[[], object]) -> Load:
    """Traffic in which something ends, until each client had several answers behind it."""
    with Load(app, CLIENTS) as load:
        until(lambda: load.answered > CLIENTS, 60)
        ends()
        at = load.answered
        until(lambda: load.answered > at + 4 * CLIENTS, 120)
    return load


def whole(app: App) -> bool:
    """Whether two engines answer, and both have the newest list."""
    reports = [r for r in app.reports() if not isinstance(r, Exception)]
    return len(reports) == 2 and len({r.number for r in reports}) == 1


def test_a_node_with_an_engine_and_the_catalogue_is_killed_and_nothing_fails(
    site: Site, app: App
) -> None:
    load = over(app, lambda: site.kill("back"))
    print(f"engine's and catalogue's node killed: {load.answered} answered")
    assert not load.unclean and not load.retryable, (load.unclean[:3], load.retryable[:3])
    site.restore()
    until(lambda: whole(app), 60)
    with app.http() as client:  # the new catalogue is followed by all
        path = next(p.name for p in site.experts.glob("e06-*"))
        answer = client.post("/v1/experts", json={"name": "guest", "path": path})
        assert answer.status_code == 201, answer.text
        assert client.post("/v1/chat/completions", json=body("guest")).status_code == 200
        assert client.delete("/v1/experts/guest").status_code == 200


def test_a_node_with_an_ingress_is_killed_and_costs_what_that_held_alone(
    site: Site, app: App
) -> None:
    load = over(app, lambda: site.kill("front"))
    lost = len(load.unclean) + len(load.retryable)
    print(f"engine's and ingress' node killed: {load.answered} answered, {lost} lost")
    assert lost <= CLIENTS, (load.unclean[:3], load.retryable[:3])
    site.restore()
    until(lambda: whole(app), 60)


def test_the_heads_gcs_is_killed_and_comes_back_and_nothing_fails(site: Site, app: App) -> None:
    with Load(app, CLIENTS) as load:
        until(lambda: load.answered > CLIENTS, 60)
        site.cluster.head_node.kill_gcs_server()
        at = load.answered
        until(lambda: load.answered > at + 2 * CLIENTS, 60)
        site.cluster.head_node.start_gcs_server()
        at = load.answered
        until(lambda: load.answered > at + 2 * CLIENTS, 60)
    print(f"the GCS killed and restarted: {load.answered} answered")
    assert not load.unclean and not load.retryable, (load.unclean[:3], load.retryable[:3])
    before = {r.replica for r in app.reports()}
    kill("nodes:engine")  # what is lost now is replaced as ever
    until(lambda: whole(app) and before != {getattr(r, "replica", "") for r in app.reports()}, 90)


def test_engines_on_more_nodes_and_on_fewer_fail_no_request(site: Site, app: App) -> None:
    engine = app.args["replicas"]
    site.add("more", engine=2)
    until(lambda: whole(app), 60)
    with Load(app, CLIENTS) as load:
        until(lambda: load.answered > CLIENTS, 60)
        app.update(replicas={**engine, "number": 4})
        until(lambda: len(app.reports()) == 4, 90)
        at = load.answered
        until(lambda: load.answered > at + 2 * CLIENTS, 60)
        app.update(replicas=engine)
        until(lambda: len(app.reports()) == 2, 90)
        at = load.answered
        until(lambda: load.answered > at + 2 * CLIENTS, 60)
    print(f"two engines, four, two: {load.answered} answered")
    assert not load.unclean and not load.retryable, (load.unclean[:3], load.retryable[:3])
    assert set(load.says) == {ANSWER}
