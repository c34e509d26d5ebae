"""What a training tool's folder holds.

PEFT, TRL, Unsloth, axolotl, LLaMA-Factory, ms-swift and torchtune write PEFT's files, mlx-lm its
own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from expertserve.adapters.peft import PeftAdapter, read_adapter
from expertserve.adapters.settings import CONFIG, SNAPSHOT, own_name, read_config
from expertserve.adapters.soft_prompt import is_soft_prompt
from expertserve.errors import ConfigError, LoadError
from expertserve.files import read_bounded
from expertserve.package.manifest import Template
from expertserve.package.members import MLX_WEIGHTS, WEIGHTS
from expertserve.prompt import template as jinja
from expertserve.prompt.format import NAMED, Message
from expertserve.prompt.tokenizer import Tokenizer

STEPS = re.compile(r"(?:checkpoint|epoch|step)[-_](\d{1,12})")
LICENSE = re.compile(r"\A---\s*\n(?:.*\n)*?license:\s*([\w.+-]+)\s*\n")
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
