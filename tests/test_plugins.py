"""What other packages add by entry points: an engine, an adapter type, a mask engine, a source."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from expertserve import ConfigError, EngineConfig, Expert, LoadError, plugins
from expertserve.adapters.convert import convert
from expertserve.adapters.peft import read_adapter
from expertserve.decoding.mask import fallback_engine, fallback_mask
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.grammar.gbnf import parse
from expertserve.models import LocalModel
from expertserve.package.archive import open_package
from expertserve.package.manifest import Adapter
from tests import tiny

Install = Callable[[str, str], None]
CODE = """
from pathlib import Path
import numpy as np
from expertserve.adapters.layer import ModuleForm
from expertserve.engine.fake import FakeEngine

def engine():
    return FakeEngine(lambda prompt: "from a plug-in")

def doubled(layer):
    return ModuleForm.product(layer.tensors["lora_A"], 2 * layer.tensors["lora_B"])

class Anything:
    accepting = True
    def start(self): return self
    def copy(self): return self
    def commit(self, token): return True
    def fill(self, row): row[:] = -1

def mask(rules, vocabulary, size):
    return Anything()

def fetch(url):
    return Path(__file__).parent / url.removeprefix("shelf://")

nothing = 5
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a distribution whose module offers something under a group."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "expertserve_example.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(site))
    offered: dict[str, list[str]] = {}

    def install(group: str, entry: str) -> None:
        info = site / "expertserve_example-1.0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: expertserve-example\nVersion: 1.0\n"
        )
        offered.setdefault(group, []).append(entry)
        text = "".join(f"[expertserve.{g}]\n" + "\n".join(e) + "\n" for g, e in offered.items())
        (info / "entry_points.txt").write_text(text)
        plugins.forget()

    yield install
    sys.modules.pop("expertserve_example", None)
    plugins.forget()


def test_an_engine(install: Install, tiny_package: Path, tiny_base: Path, tmp_path: Path) -> None:
    install("engines", "mine = expertserve_example:engine")
    config = EngineConfig(engine="mine")
    with Expert.load(
        tiny_package, base_model=tiny_base, config=config, cache_dir=tmp_path / "cache"
    ) as expert:
        assert expert.generate("x").text == "from a plug-in"


def test_an_engine_that_is_none_is_refused(
    install: Install, tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    install("engines", "mine = expertserve_example:nothing")
    install("engines", "gone = expertserve_example:missing")
    for name, words in (("mine", "makes no engine"), ("gone", "can't be imported")):
        with pytest.raises(ConfigError, match=words) as caught:
            Expert.load(
                tiny_package,
                base_model=tiny_base,
                config=EngineConfig(engine=name),
                cache_dir=tmp_path / "cache",
            )
        assert caught.value.code == "bad_plugin"


def test_an_adapter_type(install: Install, tiny_base: Path, tmp_path: Path) -> None:
    tiny.peft_adapter(tiny_base, tmp_path, "lora", rank=2, target_modules=["q_proj"])
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    (tmp_path / "adapter_config.json").write_text(json.dumps(config | {"peft_type": "DOUBLED"}))
    weights, base = tmp_path / "adapter_model.safetensors", LocalModel("tiny", tiny_base)
    with pytest.raises(Exception, match="'DOUBLED' is not served"):
        read_adapter(tmp_path, Adapter(type="lora", r=2, target_modules=("q_proj",)), weights)
    install("adapters", "doubled = expertserve_example:doubled")
    declared = Adapter.model_validate({"type": "doubled", "r": 2, "target_modules": ("q_proj",)})
    plain_config = json.dumps(config)
    doubled = dict(convert(read_adapter(tmp_path, declared, weights), base))
    (tmp_path / "adapter_config.json").write_text(plain_config)
    lora = Adapter(type="lora", r=2, target_modules=("q_proj",))
    plain = dict(convert(read_adapter(tmp_path, lora, weights), base))
    assert doubled.keys() == plain.keys()
    scaling = config["lora_alpha"] / config["r"]
    for module, form in doubled.items():
        torch.testing.assert_close(form.b @ form.a, plain[module].b @ plain[module].a * 2 / scaling)


def test_a_mask_engine(install: Install) -> None:
    rules, vocabulary = parse('root ::= "a"'), Vocabulary({0: b"a", 1: b"b"})
    assert fallback_engine() == "xgrammar"
    install("masks", "mine = expertserve_example:mask")
    assert fallback_engine() == "mine"
    row = np.zeros(1, dtype=np.int32)
    fallback_mask("mine", rules, vocabulary, 2).start().fill(row)
    assert row[0] == -1
    install("masks", "none = expertserve_example:nothing")
    with pytest.raises(ConfigError, match="makes no mask"):
        fallback_mask("none", rules, vocabulary, 2)


def test_a_source(install: Install, tiny_package: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_package, tmp_path / "site" / "mine")
    with pytest.raises(LoadError, match="no installed package fetches shelf://") as caught:
        open_package("shelf://mine", cache_dir=tmp_path / "cache")
    assert caught.value.code == "not_found"
    install("sources", "shelf = expertserve_example:fetch")
    package = open_package("shelf://mine", cache_dir=tmp_path / "cache")
    assert "manifest.json" in package.files
