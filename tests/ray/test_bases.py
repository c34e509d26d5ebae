"""Two base models in one application, a deployment of engines for each."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests import tiny
from tests.ray.conftest import LITTLE, Deploy, body

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20"),
]


def test_an_expert_is_answered_by_its_base_models_engines(
    deploy: Deploy, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    shutil.copytree(tiny_base, models / "tiny")
    tiny.base_model(models / "other", seed=3)
    files = []
    for name, base in (("mine", "tiny"), ("theirs", "other")):
        entry = tiny.base_entry(name=base)
        folder = tiny.package(tmp_path / name, tiny_lora, tiny_base, name=name, base_models=entry)
        files.append(tiny.tar_gz(tmp_path / f"{name}.expert", tiny.members(folder)))
    one = {"number": 1, "resources": LITTLE}
    app = deploy(
        "bases",
        experts=[str(file) for file in files],
        base_model=None,
        models_dir=str(models),
        bases={"tiny": {"replicas": one}, "other": {"replicas": one}},
        server={"open_admin": True, "experts_folder": str(tmp_path)},
    )
    with app.http() as client:
        for name, base in (("mine", "tiny"), ("theirs", "other")):
            answer = client.post("/v1/chat/completions", json=body(name))
            assert answer.status_code == 200, answer.text
            assert answer.headers["x-expertserve-base-model"] == base
        answer = client.put("/v1/experts/theirs", json={"path": files[0].name})
        assert answer.json()["error"]["code"] == "other_base"
        added = {"path": files[1].name, "name": "again"}
        assert client.post("/v1/experts", json=added).status_code == 201
        assert client.post("/v1/chat/completions", json=body("again")).status_code == 200
        assert client.delete("/v1/experts/again").status_code == 200
    app.delete()
