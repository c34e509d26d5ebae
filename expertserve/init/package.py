"""What a training tool wrote → a package's folder, with a manifest made from what is there.

What the tool doesn't say (a licence, what the expert is for) comes from the caller.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from expertserve import models
from expertserve.adapters.peft import PeftAdapter
from expertserve.adapters.settings import CONFIG
from expertserve.errors import ConfigError, LoadError
from expertserve.files import move_into_place, part_path
from expertserve.init.found import STEPS, Found, look
from expertserve.models import LocalModel
from expertserve.package.manifest import ALPHALESS, RANKLESS, Template
from expertserve.prompt.format import NAMED
from expertserve.prompt.tokenizer import FILE as TOKENIZER
from expertserve.prompt.tokenizer import Tokenizer

TAKEN = (
    CONFIG,
    TOKENIZER,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "generation_config.json",
    "grammar.gbnf",
    "LICENSE",
)
SOFT = "default"
"""The name of the only soft prompt."""
STOPS = {"alpaca": ["### Instruction:"], "vicuna": ["USER:"]}
"""Where a format has no token that ends a turn, what begins the next one."""


def init_package(
    source: Path,
    target: Path | None = None,
    *,
    name: str | None = None,
    base: str | None = None,
    template: Template | None = None,
    description: str = "",
    license: str | None = None,
    capabilities: tuple[str, ...] = (),
    models_dir: Path | None = None,
    decoding: Mapping[str, object] | None = None,
    system: str = "",
) -> Path:
    """Makes a package's folder from what a training tool wrote.

    Args:
        source: The tool's output, one of its checkpoints, or a hub snapshot.
        target: The folder to make; by default the expert's name, in the current folder.
        name: The expert's; by default made from the source's.
        base: The base model's; by default what the adapter names.
        template: How its prompts are written; by default what its chat template is recognised as.
        description: What the expert is for, in a sentence.
        license: An SPDX identifier; by default what the adapter's README says.
        capabilities: Words by which `auto` finds it, such as ``database:sql``.
        models_dir: Instead of the user's models folder.
        decoding: Defaults of requests, which go before ours.
        system: What its prompts begin with.

    Returns:
        The folder. Nothing that exists is changed.

    Raises:
        LoadError: There is no adapter, or one that can't be served.
        ConfigError: `init_base`, `init_template`: nothing says the base model or the prompt format.
            `init_exists`: the folder to make is there already.
    """
    found = look(source)
    named = base or found.base
    if not named:
        raise ConfigError(
            f"nothing in {found.folder} names the base model",
            hint="pass it: --base ORGANISATION/NAME",
            code="init_base",
        )
    model = _local(named, models_dir)
    template = template or found.template
    if template is None and not (model and Tokenizer(model.path).chat_template):
        raise ConfigError(
            f"neither {found.folder} nor {'the base model' if model else 'this machine'} has a chat"
            " template, so nothing says how prompts were written in training",
            hint=f"pass it: --template {', '.join(NAMED)}",
            code="init_template",
        )
    manifest = _manifest(found, name or found.name, named, template, description, license)
    if capabilities:
        manifest["capabilities"] = list(capabilities)
    training, prompt = manifest["training"], manifest.get("prompt", {})
    assert isinstance(training, dict) and isinstance(prompt, dict)
    training["decoding"] |= decoding or {}
    if system:
        manifest["prompt"] = {**prompt, "system": system}
    target = target or Path(str(manifest["name"]))
    if target.exists():
        raise ConfigError(
            f"{target} exists already; nothing is overwritten",
            hint="name another folder with --output",
            code="init_exists",
        )
    _write(found, manifest, target)
    return target


def _local(name: str, models_dir: Path | None) -> LocalModel | None:
    """The base model, where it is on this machine."""
    try:
        folder = Path(name)
        return (
            models.find_given(folder, models_dir=models_dir)
            if models.is_model(folder)
            else models.find(name, models_dir=models_dir)
        )
    except LoadError:
        return None


def _manifest(
    found: Found,
    name: str,
    base: str,
    template: Template | None,
    description: str,
    license: str | None,
) -> dict[str, object]:
    entries = [_entry(found.adapter)] if found.adapter else []
    model: dict[str, object] = {"name": models.last_component(base) if _is_path(base) else base}
    if template:
        model["prompt_template"] = template
    decoding: dict[str, object] = {"temperature": 0.0, "max_tokens": 512}
    if template in STOPS:
        decoding["stop_sequences"] = STOPS[template]
    soft: dict[str, object] = {
        "soft_prompts": [{"name": SOFT, "path": found.weights.name}],
        "prompt": {"soft_prompt": SOFT},
    }
    return {
        "name": name,
        "version": "0.1.0",
        "schema_version": "2.0",
        "description": description,
        "license": license or found.license,
        "capabilities": [],
        "base_models": [{**model, "adapters": entries}],
        **({} if found.adapter else soft),
        "training": {"decoding": decoding},
    }


def _entry(adapter: PeftAdapter) -> dict[str, object]:
    """What a manifest says of an adapter."""
    entry: dict[str, object] = {"type": adapter.type, "target_modules": adapter.targets}
    if adapter.type not in RANKLESS:
        entry["r"] = adapter.rank
        if adapter.type not in ALPHALESS:
            entry["alpha"] = adapter.alpha
    return entry


def _is_path(name: str) -> bool:
    return not models.HUB_ID.fullmatch(name)


def _write(found: Found, manifest: dict[str, object], target: Path) -> None:
    """Fills a folder beside the target and moves it there whole."""
    part = part_path(target.parent)
    try:
        part.mkdir(parents=True)
        for name in TAKEN:
            for folder in (found.folder, found.folder.parent):
                own = folder == found.folder or STEPS.fullmatch(found.folder.name)
                if own and (folder / name).is_file() and not (part / name).exists():
                    shutil.copyfile(folder / name, part / name)
        shutil.copyfile(found.weights, part / found.weights.name)
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        (part / "manifest.json").write_text(text, encoding="utf-8")
        (part / "README.md").write_text(_readme(found, manifest), encoding="utf-8")
        move_into_place(part, target)
    except OSError as error:
        raise LoadError(
            f"{target} can't be written: {error.strerror or error}", code="io"
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _readme(found: Found, manifest: dict[str, object]) -> str:
    base = manifest["base_models"][0]  # type: ignore[index]
    said = manifest["description"] or "What it is for belongs here."
    return (
        f"# {manifest['name']}\n\n{said}\n\n"
        f"A {found.kind} on {base['name']}, made with `expertserve init` from what"
        " training wrote.\n\n"
        f"    expertserve check .\n    expertserve pack . -o ../{manifest['name']}.expert\n"
        f'    expertserve generate ../{manifest["name"]}.expert "…"\n'
    )
