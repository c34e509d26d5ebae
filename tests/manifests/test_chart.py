"""The chart, rendered by Helm and held against Kubernetes' schemas, the command line and Ray's
settings.

    make manifests
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import helm_python
import kubernetes_validate
import pytest
import typer
import yaml

from expertserve.cli import app
from expertserve.ray.config import RayConfig
from expertserve.server.settings import ServerSettings
from tests.conftest import ROOT
from tests.deploy.test_observability import alerts
from tests.docs.test_blocks import parsed
from tests.manifests.chart import CHART, CLOSED, render, server

pytestmark = pytest.mark.long
VERSIONS = ("1.27", "1.31", "1.35")
ENTRIES = '[[keys]]\nname = "reports"\nsha256 = "9f86"\n'
FETCHED = {
    "experts": {
        "source": "fetch",
        "fetch": ["oci://ghcr.io/org/sql:0.3", "https://example.org/json.expert"],
        "dockerConfigSecret": "login",
        "trust": "require",
        "trustedKeys": ["ed25519:" + "ab" * 32],
    },
    "models": {"source": "pull", "pull": ["Qwen/Qwen3-0.6B"], "tokenSecret": "hub"},
}
CLAIMED = {
    "experts": {"source": "claim", "claim": {"name": "experts", "subPath": "sql"}},
    "models": {"source": "claim", "claim": {"name": "models"}},
}
CASES: dict[str, dict[str, Any]] = {
    "least": {},
    "open": {"keys": {"insecure": True}},
    "entries": {"keys": {"entries": ENTRIES}},
    "fetched": FETCHED,
    "claimed": CLAIMED,
    "scaled": {"replicas": 2, "autoscaling": {"enabled": True, "maxReplicas": 6}},
    "state": {"state": {"enabled": True, "storageClass": "fast"}},
    "watched": {
        "serviceMonitor": {"enabled": True, "keySecret": "key", "labels": {"release": "p"}},
        "prometheusRule": {"enabled": True},
        "dashboard": {"enabled": True},
    },
    "reached": {
        "ingress": {
            "enabled": True, "host": "x.example.org", "tlsSecret": "tls", "className": "nginx",
            "annotations": {"nginx.ingress.kubernetes.io/proxy-buffering": "off"},
        },
        "networkPolicy": {
            "from": [{"namespaceSelector": {"matchLabels": {"team": "data"}}}],
            "metricsFrom": [{"podSelector": {"matchLabels": {"app": "prometheus"}}}],
            "egress": [{"ports": [{"port": 4317, "protocol": "TCP"}]}],
        },
    },
    "gpu": {
        "resources": {"limits": {"nvidia.com/gpu": 1, "memory": "32Gi"}},
        "runtimeClassName": "nvidia",
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
        "nodeSelector": {"gpu": "l4"},
        "topologySpreadConstraints": [],
        "image": {"repository": "r.example.org/expertserve", "tag": "cuda", "pullSecrets": ["r"]},
        "extraArgs": ["--max-slots", "16"],
        "extraEnv": [{"name": "VLLM_LOGGING_LEVEL", "value": "WARNING"}],
    },
    "ray": {"mode": "ray", **CLAIMED, "ray": {"gpus": 1, "args": {"max_loaded_experts": 64}}},
    "ray open": {"mode": "ray", "keys": {"insecure": True}, "serviceMonitor": {"enabled": True}},
}  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", CASES)
def test_kubernetes_takes_what_it_renders(name: str, version: str) -> None:
    known = 0
    for key, resource in render(**CASES[name]).items():
        if "." in resource["apiVersion"].split("/")[0] and not resource["apiVersion"].split("/")[
            0
        ].endswith("k8s.io"):
            continue  # KubeRay's and Prometheus' own kinds
        kubernetes_validate.validate(resource, version, strict=True)
        known += 1
        assert resource["metadata"]["labels"]["app.kubernetes.io/instance"] == "demo", key
    assert known >= 2 - (CASES[name].get("mode") == "ray")


def test_helm_finds_nothing_wrong() -> None:
    for name, values in CASES.items():
        found = helm_python.lint(str(CHART), values={**CLOSED, **values})
        said = json.dumps(found, default=str)
        assert "ERROR" not in said and "WARNING" not in said, f"{name}: {said}"


def test_everything_at_once_renders() -> None:
    """Each choice with each other one, where they may stand together."""
    choices = ("fetched", "claimed", "least"), ("scaled", "state", "least"), ("watched", "reached")
    for names in itertools.product(*choices):
        values: dict[str, Any] = {}
        for name in names:
            values |= CASES[name]
        assert "Deployment/demo-expertserve" in render(**values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"keys": {}}, "who may ask"),
        ({"keys": {"existingSecret": "x", "insecure": True}}, "choose one"),
        ({"keys": {"existingSecret": "x", "entries": "y"}}, "two answers"),
        ({"experts": {"source": "claim"}}, "experts.claim.name"),
        ({"experts": {"source": "fetch"}}, "experts.fetch"),
        ({"models": {"source": "pull"}}, "models.pull"),
        ({"state": {"enabled": True}, "replicas": 2}, "one replica"),
        ({"state": {"enabled": True}, "autoscaling": {"enabled": True}}, "one replica"),
        ({"mode": "ray", "autoscaling": {"enabled": True}}, "Ray scales"),
        ({"serviceMonitor": {"enabled": True}}, "serviceMonitor.keySecret"),
        ({"ingress": {"enabled": True}}, "ingress.host"),
        ({"replcas": 3}, "replcas"),
        ({"experts": {"source": "fetch", "fetch": ["ftp://x"]}}, "fetch"),
    ],
)
def test_what_cannot_hold_is_refused_by_name(values: dict[str, Any], said: str) -> None:
    with pytest.raises(helm_python.HelmError, match=said):
        render(**values)


def test_every_default_is_described_by_the_schema() -> None:
    """An unknown key is an error at every level that is ours."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert set(schema["properties"]) - {"global"} == set(values)
    for name, section in schema["properties"].items():
        if section.get("additionalProperties") is False:
            assert set(section["properties"]) == set(values[name]), name


@pytest.mark.parametrize("name", [n for n, v in CASES.items() if v.get("mode") != "ray"])
def test_every_command_is_one_of_ours(name: str) -> None:
    pod, container = server(**CASES[name])
    parsed(container["args"])
    for init in pod.get("initContainers", ()):
        program, *arguments = init["command"]
        assert program == "expertserve"
        parsed([*arguments, *init.get("args", ())])


def test_signatures_are_demanded_where_experts_are_fetched_and_where_they_are_served() -> None:
    pod, container = server(**FETCHED)
    key = FETCHED["experts"]["trustedKeys"][0]
    fetching = [c for c in pod["initContainers"] if c["name"].startswith("fetch-")]
    assert len(fetching) == 2
    for one in (*fetching, container):
        assert {"name": "EXPERTSERVE_TRUST", "value": "require"} in one["env"]
        assert one["args"][one["args"].index("--trusted-key") + 1] == key


def test_base_models_are_there_before_experts_look_for_them() -> None:
    pod, container = server(**FETCHED)
    assert [c["name"] for c in pod["initContainers"]] == ["pull-0", "fetch-0", "fetch-1"]
    homes = {
        e["value"]
        for c in (*pod["initContainers"], container)
        for e in c["env"]
        if e["name"] == "HF_HOME"
    }
    assert homes == {"/models/.hub"}


def test_nobody_gets_more_than_is_needed() -> None:
    for name, values in CASES.items():
        for resource in render(**values).values():
            pods = (
                [resource["spec"]["template"]["spec"]] if resource["kind"] == "Deployment" else []
            )
            if resource["kind"] == "RayService":
                cluster = resource["spec"]["rayClusterConfig"]
                groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
                pods = [g["template"]["spec"] for g in groups]
            for pod in pods:
                assert (
                    pod["securityContext"]["runAsNonRoot"] and pod["terminationGracePeriodSeconds"]
                )
                for one in (*pod["containers"], *pod.get("initContainers", ())):
                    held = one["securityContext"]
                    assert held["readOnlyRootFilesystem"], name
                    assert held["capabilities"] == {"drop": ["ALL"]}
                    assert not held["allowPrivilegeEscalation"]
                    mounted = {m["name"] for m in one["volumeMounts"]}
                    assert mounted <= {v["name"] for v in pod["volumes"]}


def test_what_an_image_holds_is_not_hidden_by_a_volume() -> None:
    hidden = {m["mountPath"] for m in server()[1]["volumeMounts"]}
    assert not hidden & {"/experts", "/models", "/var/cache/expertserve"}
    there = {m["mountPath"] for m in server(**CLAIMED)[1]["volumeMounts"]}
    assert {"/experts", "/models", "/var/cache/expertserve"} <= there


def test_probes_ask_what_they_mean() -> None:
    _, container = server(probes={"startupSeconds": 600, "periodSeconds": 10})
    paths = {
        k: container[f"{k}Probe"]["httpGet"]["path"] for k in ("startup", "readiness", "liveness")
    }
    assert paths == {"startup": "/ready", "readiness": "/ready", "liveness": "/health"}
    startup = container["startupProbe"]
    assert startup["failureThreshold"] * startup["periodSeconds"] >= 600


def test_a_server_has_time_to_finish() -> None:
    pod, container = server(drain=120)
    given = float(container["args"][container["args"].index("--drain") + 1])
    slept = float(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > given + slept


def test_it_scales_by_a_metric_that_there_is() -> None:
    from tests.deploy.test_observability import exposed

    scaled = render(**CASES["scaled"])
    (metric,) = scaled["HorizontalPodAutoscaler/demo-expertserve"]["spec"]["metrics"]
    assert metric["pods"]["metric"]["name"] in exposed()
    assert "replicas" not in scaled["Deployment/demo-expertserve"]["spec"]
    assert "PodDisruptionBudget/demo-expertserve" in scaled
    assert "PodDisruptionBudget/demo-expertserve" not in render()


def test_the_alerts_and_the_dashboard_are_the_files() -> None:
    found = render(**CASES["watched"])
    (group,) = found["PrometheusRule/demo-expertserve"]["spec"]["groups"]
    assert group["rules"] == alerts()
    text = found["ConfigMap/demo-expertserve-dashboard"]["data"]["expertserve.json"]
    assert json.loads(text) == json.loads((CHART / "files" / "dashboard.json").read_text())


def test_a_server_that_fetches_nothing_reaches_nobody() -> None:
    assert render()["NetworkPolicy/demo-expertserve"]["spec"]["egress"] == []
    egress = render(**FETCHED)["NetworkPolicy/demo-expertserve"]["spec"]["egress"]
    assert {p["port"] for rule in egress for p in rule["ports"]} == {53, 443}
    asked = render(**CASES["reached"])["NetworkPolicy/demo-expertserve"]["spec"]["ingress"]
    assert {"podSelector": {}} not in asked[0]["from"] and len(asked[0]["from"]) == 2


@pytest.mark.parametrize("name", ["ray", "ray open"])
def test_rays_settings_are_those_of_our_application(name: str) -> None:
    spec = render(**CASES[name])["RayService/demo-expertserve"]["spec"]
    serving = yaml.safe_load(spec["serveConfigV2"])
    (application,) = serving["applications"]
    assert application["import_path"] == "expertserve.ray.serve:build_app"
    settings = RayConfig.model_validate(application["args"])
    assert settings.replicas.autoscaling and settings.replicas.resources["num_cpus"] == 4
    served = (
        ServerSettings(**settings.server) if isinstance(settings.server, dict) else settings.server
    )
    assert (served.keys is None) == (name == "ray open")
    assert served.keys is not None or not served.local, "else others are refused with 403"
    cluster = spec["rayClusterConfig"]
    pins = (ROOT / "requirements" / "ray.txt").read_text()
    assert f"ray=={cluster['rayVersion']} " in pins
    ports = cluster["headGroupSpec"]["template"]["spec"]["containers"][0]["ports"]
    assert {"name": "serve", "containerPort": 8000} in ports  # KubeRay makes no service without it


def test_the_chart_has_the_packages_version() -> None:
    from expertserve import __version__

    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == __version__


def test_the_command_line_is_there() -> None:
    assert "serve" in typer.main.get_command(app).list_commands(None)  # type: ignore[attr-defined, arg-type]
