"""An Ollama Modelfile → a package's folder: base, adapter, prompt format, parameters, licence.

Source: the reference of the format, https://docs.ollama.com/modelfile.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from expertserve import models
from expertserve.errors import ConfigError, LoadError
from expertserve.files import read_bounded
from expertserve.init.package import init_package
from expertserve.package.manifest import Template

INSTRUCTIONS = (
    "from adapter template system license parameter message requires renderer parser draft".split()
)
QUOTED = re.compile(r'"""(.*?)"""|"((?:[^"\\]|\\.)*)"', re.DOTALL)
NAMES = {
    "temperature": "temperature",
    "top_k": "top_k",
    "top_p": "top_p",
    "min_p": "min_p",
    "num_predict": "max_tokens",
    "repeat_penalty": "repetition_penalty",
}
"""Parameters that are an expert's, and what a manifest calls them."""
ENGINES = {
    "num_ctx": "the engine's: --max-model-len",
    "seed": "a request's: seed",
    "num_gpu": "the engine's: --device",
    "num_thread": "the engine's: --threads",
}
"""Parameters that are somebody else's here, and whose."""
QUANTISED = re.compile(r"[.-](?:I?Q\d\w*|F16|F32|BF16)\Z", re.IGNORECASE)
ACTION = re.compile(r"\{\{(-?)\s*(.*?)\s*(-?)\}\}", re.DOTALL)
VALUES = {".System": "ns.system", "$.System": "ns.system", ".Prompt": "ns.prompt"}
OF_MESSAGES = {".Role": "message.role", ".Content": "message.content"}
COLLECT = (
    '{%- set ns = namespace(system="", prompt="") -%}'
    "{%- macro joined(before, text) -%}"
    '{{ before ~ "\\n\\n" ~ text if before else text }}'
    "{%- endmacro -%}"
)
"""Messages of one role that follow each other are one, as Ollama has it."""


@dataclass(frozen=True, slots=True)
class Modelfile:
    """What a Modelfile says.

    Args:
        path: Its own place, which its paths are relative to.
        parameters: In order; some may stand several times.
        others: The instructions that have no equal here.
    """

    path: Path
    base: str = ""
    adapter: str = ""
    template: str = ""
    system: str = ""
    license: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    others: tuple[str, ...] = ()


def read_modelfile(path: Path) -> Modelfile:
    """Reads a Modelfile.

    Raises:
        ConfigError: `modelfile`: a line begins with no instruction of the format.

    Example:
        >>> file = folder / "Modelfile"
        >>> _ = file.write_text('FROM ./tiny.Q4_0.gguf\\nPARAMETER stop ";"\\n')
        >>> read_modelfile(file).parameters
        (('stop', ';'),)
    """
    try:
        text = read_bounded(path, 1 << 20).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} can't be read: {error}", code="bad_file") from error
    said: dict[str, str] = {}
    parameters, others = [], []
    for word, value in _instructions(path, text.replace("\r\n", "\n")):
        if word == "parameter":
            name, _, rest = value.partition(" ")
            parameters.append((name.lower(), _unquoted(rest.strip())))
        elif word in ("message", "renderer", "parser", "draft"):
            others.append(word.upper())
        else:
            said[word] = value
    known = ("adapter", "template", "system", "license")
    named = {name: said.get(name, "") for name in known}
    return Modelfile(path, said.get("from", ""), **named, parameters=tuple(parameters),
                     others=tuple(dict.fromkeys(others)))  # fmt: skip


def _instructions(path: Path, text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        line, _, _ = text[position:].partition("\n")
        word, _, rest = line.strip().partition(" ")
        if not word or word.startswith("#"):
            position += len(line) + 1
            continue
        if word.lower() not in INSTRUCTIONS:
            raise ConfigError(
                f"{path}: {word[:40]!r} is no instruction of a Modelfile", code="modelfile"
            )
        start = position + line.index(word) + len(word)
        start += len(text[start:]) - len(text[start:].lstrip(" \t"))
        quoted = QUOTED.match(text, start)
        if quoted and word.lower() != "parameter":
            yield word.lower(), quoted[1] if quoted[1] is not None else _unquoted(quoted[0])
            position = quoted.end()
            position += len(text[position:].partition("\n")[0]) + 1
        else:
            yield word.lower(), rest.strip()
            position += len(line) + 1


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        try:
            return str(json.loads(value, strict=False))
        except ValueError:
            return value[1:-1]
    return value


def import_modelfile(
    path: Path,
    target: Path | None = None,
    *,
    name: str | None = None,
    base: str | None = None,
    adapter: Path | None = None,
    template: Template | None = None,
    description: str = "",
    models_dir: Path | None = None,
) -> tuple[Path, list[str]]:
    """Makes a package's folder of what a Modelfile describes.

    Args:
        target, name, base, template, description, models_dir: As `init_package` has them; what is
            given goes before what the file says.
        adapter: The folder that training wrote; by default what ADAPTER names.

    Returns:
        The folder, and what of the file isn't in it, with the reason.

    Raises:
        ConfigError: `modelfile`, `modelfile_base`, `modelfile_adapter`, `modelfile_template`: a
            part can't be taken over as it is meant.
        LoadError: There is no adapter, or one that can't be served.
    """
    file = read_modelfile(path)
    if "MESSAGE" in file.others:
        raise ConfigError(
            f"{path}: MESSAGE begins every conversation; a package has nothing like it",
            hint="let the caller send these messages, or train on them; remove the lines",
            code="modelfile",
        )
    decoding, remarks = _decoding(file)
    remarks += [f"{word} is left out: it is Ollama's own" for word in file.others]
    folder = _adapter(file, adapter)
    short = re.fullmatch(r"[\w.+-]{1,60}", file.license.strip())
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch) / (path.resolve().parent.name or "mine")
        shutil.copytree(folder, work)
        if file.template and not template:
            (work / "chat_template.jinja").write_text(to_jinja(file.template), encoding="utf-8")
        if file.license and not short:
            (work / "LICENSE").write_text(file.license + "\n", encoding="utf-8")
        made = init_package(
            work,
            target,
            name=name,
            base=base or _base(file, models_dir),
            template=template,
            description=description,
            license=file.license.strip() if short else "see LICENSE" if file.license else None,
            models_dir=models_dir,
            decoding=decoding,
            system=file.system.strip(),
        )
    return made, remarks


def _decoding(file: Modelfile) -> tuple[dict[str, object], list[str]]:
    """A manifest's defaults; and what isn't among them."""
    found: dict[str, object] = {}
    stops: list[str] = []
    remarks = []
    for name, value in file.parameters:
        if name == "stop":
            stops.append(value)
        elif name == "num_predict" and value.lstrip("-").isdigit() and int(value) < 1:
            remarks.append(f"num_predict {value} is left out: an expert's answers have a bound")
        elif name in NAMES:
            try:
                number = float(value)
            except ValueError as error:
                raise ConfigError(
                    f"{file.path}: PARAMETER {name} {value!r} is no number", code="modelfile"
                ) from error
            whole = name in ("top_k", "num_predict")
            found[NAMES[name]] = int(number) if whole else number
        else:
            why = ENGINES.get(name, "there is nothing like it here")
            remarks.append(f"PARAMETER {name} is left out: {why}")
    if stops:
        found["stop_sequences"] = stops
    if "temperature" not in found:
        remarks.append(
            "the file names no temperature: Ollama would sample with its own, the package takes the"
            " likeliest token"
        )
    return found, remarks


def _base(file: Modelfile, models_dir: Path | None) -> str:
    """The base model's name, where the file's is one that this machine knows."""
    given = file.base
    place = file.path.parent / given
    if given.lower().endswith(".gguf"):
        given = QUANTISED.sub("", Path(given).name[:-5])
    elif given and models.is_model(place):
        return str(place)
    try:
        return models.find(given, models_dir=models_dir).name
    except LoadError:
        if models.HUB_ID.fullmatch(given):
            return given
        raise ConfigError(
            f"FROM {file.base} names no base model that is known here",
            hint="name it: --base ORGANISATION/NAME, a folder, or one of `expertserve models list`",
            code="modelfile_base",
        ) from None


def _adapter(file: Modelfile, given: Path | None) -> Path:
    place = given or (file.path.parent / file.adapter if file.adapter else None)
    if place is None:
        raise ConfigError(
            f"{file.path} has no ADAPTER: the base model alone needs no package",
            hint="pass the folder that training wrote: --adapter FOLDER",
            code="modelfile_adapter",
        )
    if place.suffix.lower() in (".gguf", ".bin"):
        raise ConfigError(
            f"{place} is an adapter in llama.cpp's format, which isn't read here",
            hint="pass the folder that training wrote, before it was converted: --adapter FOLDER",
            code="modelfile_adapter",
        )
    return place.parent if place.is_file() else place


# ── templates ───────────────────────────────────────────────────────────────────────────────────


def to_jinja(template: str) -> str:
    """A Modelfile's TEMPLATE as a chat template.

    Those with `.System`, `.Prompt` and `.Response` are one turn each, and those with `.Messages`
    whole; conditions may test these, and roles.

    Raises:
        ConfigError: `modelfile_template`, naming what it has beyond that.

    Example:
        >>> "message.content" in to_jinja("{{ range .Messages }}{{ .Content }}{{ end }}")
        True
    """
    parts = list(_parts(template))
    whole = any(kind == "action" and ".Messages" in text for kind, text in parts)
    before: list[str] = []
    after: list[str] = []
    ranges: list[bool] = []
    depth = 0
    into = before
    for kind, text in parts:
        if kind == "text":
            into.append(f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}" if text else "")
        elif text == ".Response":
            if depth:
                raise _beyond(".Response within a condition")
            into = after
        else:
            into.append(_statement(text, ranges))
            depth = len(ranges)
    if ranges:
        raise _beyond("a condition without an end")
    return _whole("".join(before)) if whole else _turns("".join(before), "".join(after))


def _parts(template: str) -> Iterator[tuple[str, str]]:
    """Texts, trimmed as actions beside them say, and actions."""
    position, trim = 0, False
    for found in ACTION.finditer(template):
        text = template[position : found.start()]
        text = text.lstrip() if trim else text
        yield "text", text.rstrip() if found[1] else text
        if not found[2].startswith("/*"):
            yield "action", re.sub(r"\s+", " ", found[2])
        position, trim = found.end(), bool(found[3])
    rest = template[position:]
    yield "text", rest.lstrip() if trim else rest


def _statement(action: str, ranges: list[bool]) -> str:
    """An action in Jinja; `ranges` has an entry for each open block, true for a range."""
    if action == "end":
        if not ranges:
            raise _beyond("an end too many")
        return "{%- endfor -%}" if ranges.pop() else "{%- endif -%}"
    if action == "else":
        return "{%- else -%}"
    if action == "range .Messages":
        ranges.append(True)
        return "{%- for message in messages -%}"
    if found := re.fullmatch(r"(if|else if) (.+)", action):
        if found[1] == "if":
            ranges.append(False)
        word = "elif" if found[1] == "else if" else "if"
        return f"{{%- {word} {_condition(found[2], any(ranges))} -%}}"
    return f"{{{{ {_value(action, any(ranges))} }}}}"


def _condition(text: str, in_messages: bool) -> str:
    if found := re.fullmatch(r'\(?eq (\S+) "([^"{}]*)"\)?', text):
        return f"{_value(found[1], in_messages)} == {json.dumps(found[2])}"
    if found := re.fullmatch(r"(and|or) (\S+) (\S+)", text):
        return f" {found[1]} ".join(_value(t, in_messages) for t in (found[2], found[3]))
    if found := re.fullmatch(r"not (\S+)", text):
        return f"not {_value(found[1], in_messages)}"
    return _value(text, in_messages)


def _value(text: str, in_messages: bool) -> str:
    known = VALUES | OF_MESSAGES if in_messages else VALUES
    if text not in known:
        raise _beyond(text)
    return known[text]


def _beyond(what: str) -> ConfigError:
    return ConfigError(
        f"TEMPLATE has {what[:80]!r}, which isn't translated",
        hint="name the format it was trained on (--template chatml, …), or put a"
        " chat_template.jinja beside the adapter and pass --template custom",
        code="modelfile_template",
    )


def _whole(body: str) -> str:
    return (
        f"{COLLECT}"
        '{%- for message in messages if message.role == "system" -%}'
        "{%- set ns.system = joined(ns.system, message.content) -%}{%- endfor -%}"
        f"{body}"
    )


def _turns(before: str, after: str) -> str:
    collect = "".join(
        f'{{%- {word} message.role == "{role}" -%}}'
        f"{{%- set ns.{name} = joined(ns.{name}, message.content) -%}}"
        for word, role, name in (("if", "system", "system"), ("elif", "user", "prompt"))
    )
    return (
        f"{COLLECT}{{%- for message in messages -%}}{collect}{{%- else -%}}"
        f"{before}{{{{ message.content }}}}{after}"
        '{%- set ns.system = "" -%}{%- set ns.prompt = "" -%}{%- endif -%}{%- endfor -%}'
        f"{{%- if add_generation_prompt -%}}{before}{{%- endif -%}}"
    )
