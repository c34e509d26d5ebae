"""What a training tool wrote → a package's folder, with a manifest made from what is there.

PEFT, TRL, Unsloth, axolotl, LLaMA-Factory, ms-swift and torchtune write PEFT's files, mlx-lm its
own. What they don't say (a licence, what the expert is for) comes from the caller.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from expertserve import models
from expertserve.adapters.peft import PeftAdapter, read_adapter
from expertserve.adapters.settings import CONFIG, SNAPSHOT, own_name, read_config
from expertserve.adapters.soft_prompt import is_soft_prompt
from expertserve.errors import ConfigError, LoadError
from expertserve.files import move_into_place, part_path, read_bounded
from expertserve.models import LocalModel
from expertserve.package.manifest import ALPHALESS, RANKLESS, Template
from expertserve.package.members import MLX_WEIGHTS, WEIGHTS
from expertserve.prompt import template as jinja
from expertserve.prompt.format import NAMED, Message
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
STEPS = re.compile(r"(?:checkpoint|epoch|step)[-_](\d{1,12})")
LICENSE = re.compile(r"\A---\s*\n(?:.*\n)*?license:\s*([\w.+-]+)\s*\n")
SOFT = "default"
"""The name of the only soft prompt."""
STOPS = {"alpaca": ["### Instruction:"], "vicuna": ["USER:"]}
"""Where a format has no token that ends a turn, what begins the next one."""
PROBES: tuple[list[Message], ...] = (
    [{"role": "user", "content": "How many?"}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How many?"}],
    [
        {"role": "user", "content": "How many?"},
        {"role": "assistant", "content": "One."},
        {"role": "user", "content": "And now?"},
    ],
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a training tool's folder holds.

    Args:
        folder: Where the adapter lies: the folder itself, or a checkpoint in it.
        weights: The adapter's file.
        adapter: Read, but for its weights; None where it is a soft prompt.
        name: A name for the expert, made from the folder's.
        base: The base model's name; empty where nothing says it.
        template: The named prompt format whose prompts are the same; `custom` for another chat
            template; None where there is none.
        license: As its README says; empty where it doesn't.
    """

    folder: Path
    weights: Path
    adapter: PeftAdapter | None
    name: str
    base: str
    template: Template | None
    license: str

    @property
    def kind(self) -> str:
        """What was trained, in a word or two."""
        return f"{self.adapter.type} adapter" if self.adapter else "soft prompt"


def look(source: Path) -> Found:
    """Finds out what is in a folder; writes nothing.

    Raises:
        LoadError: There is no adapter in it, or one that can't be served.

    Example:
        >>> found = look(folder)
        >>> found.kind, found.adapter.rank, found.base
        ('lora adapter', 4, 'SmolLM2-135M-Instruct')
    """
    folder, weights = _adapter_in(source)
    soft = is_soft_prompt(folder) and weights.is_file()
    adapter = None if soft else read_adapter(folder, None, weights)
    config = adapter.config if adapter else read_config(folder / CONFIG, None)
    named = config.get("base_model_name_or_path")
    readme = folder / "README.md"
    head = read_bounded(readme, 1 << 20).decode("utf-8", "replace") if readme.is_file() else ""
    said = LICENSE.match(head.replace("\r\n", "\n"))
    return Found(
        folder,
        weights,
        adapter,
        _name(source),
        own_name(named) if isinstance(named, str) else "",
        recognise(Tokenizer(folder)),
        said[1] if said else "",
    )


def _adapter_in(source: Path) -> tuple[Path, Path]:
    """The folder that holds the adapter, and its file: here, or in the last checkpoint."""
    if not source.is_dir():
        raise LoadError(
            f"{source} is not a folder", hint="pass what the training wrote", code="not_found"
        )
    steps = {int(m[1]): p for p in source.iterdir() if (m := STEPS.fullmatch(p.name))}
    for folder in (source, *(steps[step] for step in sorted(steps, reverse=True))):
        for name in (WEIGHTS, MLX_WEIGHTS):
            if (folder / name).is_file():
                return folder, folder / name
    return source, source / WEIGHTS  # reading it says what is there instead


def _name(source: Path) -> str:
    """`expert-…` after the folder; after what holds it where that is a checkpoint or snapshot."""
    folder = source.resolve()
    cached = SNAPSHOT.search(str(folder))
    while not cached and STEPS.fullmatch(folder.name) and folder.parent != folder:
        folder = folder.parent
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", cached[2] if cached else folder.name).strip("-._")
    name = name.lower() or "mine"
    return name if name.startswith("expert-") else f"expert-{name}"


def recognise(tokenizer: Tokenizer) -> Template | None:
    """The named format whose prompts are those of a chat template, told by what both write.

    Example:
        >>> _ = (folder / "chat_template.jinja").write_text(NAMED["vicuna"])
        >>> recognise(Tokenizer(folder))
        'vicuna'
    """
    if tokenizer.chat_template is None:
        return None
    wanted = [_written(tokenizer.chat_template, tokenizer, probe) for probe in PROBES]
    for name in ("chatml", "alpaca", "llama2", "vicuna"):
        if [_written(NAMED[name], tokenizer, probe) for probe in PROBES] == wanted:
            return name
    return "custom"


def _written(source: str, tokenizer: Tokenizer, messages: list[Message]) -> str | None:
    """A prompt as text; None where the template refuses these messages."""
    try:
        return jinja.render(
            source,
            messages=messages,
            add_generation_prompt=True,
            bos_token=tokenizer.special("bos_token"),
            eos_token=tokenizer.special("eos_token"),
        )
    except ConfigError:
        return None


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
