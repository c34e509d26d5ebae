"""Renders the chart with Helm's own engine."""

from __future__ import annotations

from typing import Any

import helm_python
import yaml

from tests.conftest import ROOT

CHART = ROOT / "charts" / "expertserve"
CLOSED = {"keys": {"existingSecret": "keys"}}
"""The least that an installation has to say."""
Resource = dict[str, Any]


def render(**values: Any) -> dict[str, Resource]:
    """What an installation would create, by kind and name."""
    with helm_python.Chart.load(str(CHART)) as chart:
        texts = chart.render({**CLOSED, **values}, name="demo", namespace="prod")
    found: dict[str, Resource] = {}
    for name, text in texts.items():
        if not name.endswith(".yaml"):
            continue
        for resource in yaml.safe_load_all(text):
            if resource:
                key = f"{resource['kind']}/{resource['metadata']['name']}"
                assert key not in found
                found[key] = resource
    return found


def server(**values: Any) -> tuple[Resource, Resource]:
    """The server's pod and its only container."""
    pod = render(**values)["Deployment/demo-expertserve"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    return pod, container
