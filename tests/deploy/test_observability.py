"""The dashboard and the alerts name metrics that exist, with labels that they have."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from expertserve.server.metrics import Metrics
from tests.conftest import ROOT

FILES = ROOT / "charts" / "expertserve" / "files"
NAMED = re.compile(r"\b((?:expertserve|vllm:)[a-z0-9_:]*)(\{[^{}]*\})?")
GROUPED = re.compile(r"\bby \(([^)]*)\)")
OF_PROMETHEUS = {"instance", "le"}
"""Labels that scraping and histograms bring."""


def exposed() -> dict[str, set[str]]:
    """What a server shows under /metrics: samples' names and their labels."""
    metrics = Metrics()
    found: dict[str, set[str]] = {}
    for family in vars(metrics).values():
        if not hasattr(family, "describe"):
            continue
        names: tuple[str, ...] = getattr(family, "_labelnames")  # noqa: B009
        if names:
            family.labels(*["x"] * len(names))
    for metric in text_string_to_metric_families(metrics.text().decode()):
        for sample in metric.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((FILES / "alerts.yaml").read_text())["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FILES / "dashboard.json").read_text())["panels"]
    return found


def expressions() -> list[tuple[str, str]]:
    """Every query of the dashboard and the alerts, with where it stands."""
    told = [(p["title"], t["expr"]) for p in panels() for t in p["targets"]]
    dashboard = json.loads((FILES / "dashboard.json").read_text())
    told += [
        (f"variable {v['name']}", v["query"]["query"])
        for v in dashboard["templating"]["list"]
        if isinstance(v["query"], dict)
    ]
    return told + [(rule["alert"], rule["expr"]) for rule in alerts()]


def wrong(query: str, known: dict[str, set[str]]) -> list[str]:
    """Names and labels in a query that no metric of ours has."""
    ours = {m[1] for m in NAMED.finditer(query) if not m[1].startswith("vllm:")}
    found = sorted(ours - known.keys())
    labels = set().union(OF_PROMETHEUS, *(known[name] for name in ours & known.keys()))
    for m in NAMED.finditer(query):
        told = {p.split("=")[0].strip("!~ ") for p in (m[2] or "{}").strip("{}").split(",") if p}
        allowed = known.get(m[1], labels) | OF_PROMETHEUS
        found += [f"{m[1]}: {label}" for label in sorted(told - allowed) if ours]
    for m in GROUPED.finditer(query):
        found += [f"by {x}" for x in sorted({x.strip() for x in m[1].split(",")} - labels)]
    return found


@pytest.mark.parametrize(("place", "query"), expressions(), ids=lambda v: str(v)[:40])
def test_every_metric_and_label_exists(place: str, query: str) -> None:
    assert "expertserve_" in query or "vllm:" in query
    assert wrong(query, exposed()) == [], place


@pytest.mark.parametrize(
    "query",
    [
        "expertserve_request_total",
        'sum(expertserve_requests_total{model="x"})',
        "sum by (model) (expertserve_requests_total)",
        'rate(expertserve_refused_total{expert="x"}[5m])',
    ],
)
def test_a_name_that_is_gone_is_found(query: str) -> None:
    assert wrong(query, exposed())


def test_the_engines_metrics_are_vllms() -> None:
    named = {m[1] for _, q in expressions() for m in NAMED.finditer(q) if m[1].startswith("vllm:")}
    vllm = pytest.importorskip("vllm")
    source = (Path(vllm.__file__).parent / "v1" / "metrics" / "loggers.py").read_text()
    assert named and [name for name in named if f'"{name}"' not in source] == []


def test_every_alert_says_whom_it_wakes_and_why() -> None:
    assert len({rule["alert"] for rule in alerts()}) == len(alerts()) > 5
    for rule in alerts():
        assert rule["labels"]["severity"] in ("critical", "warning") and rule["for"], rule
        assert rule["annotations"]["summary"], rule


def test_panels_do_not_overlap() -> None:
    taken = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken and at["x"] + at["w"] <= 24, panel["title"]
        taken |= cells
