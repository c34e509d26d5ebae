"""`chat`: a conversation with one or several experts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from expertserve.cli import answering, engine_options, options, output
from expertserve.cli.commands import group
from expertserve.errors import ConfigError, EngineDeadError, ExpertError

if TYPE_CHECKING:
    from expertserve.cli.running import RunningServer
    from expertserve.facade.manager import ExpertManager
    from expertserve.prompt.format import Message
    from expertserve.request import GenerateArgs

app = group()
HELP = (
    "/expert [NAME]  /system [TEXT]  /schema [FILE]  /reset  /help  /quit    (Ctrl-C stops an"
    " answer)"
)


@app.command(
    epilog=(
        "Examples: `expertserve chat sql.expert --schema schema.sql`, `expertserve chat sql.expert"
        " json.expert`, then `/expert json`"
    )
)
def chat(
    ctx: typer.Context,
    packages: options.Packages,
    schema: options.Schema = None,
    system: options.System = None,
    soft_prompt: options.SoftPrompt = None,
    reasoning: options.Reasoning = None,
    ground: options.Ground = None,
    temperature: options.Temperature = None,
    top_p: options.TopP = None,
    top_k: options.TopK = None,
    max_tokens: options.MaxTokens = None,
    seed: options.Seed = None,
    no_grammar: options.NoGrammar = False,
    base_model: options.BaseModel = None,
    device: options.Device = None,
    dtype: options.Precision = None,
    max_model_len: options.MaxModelLen = None,
    kv_cache_bytes: engine_options.KvCacheBytes = None,
    threads: engine_options.Threads = None,
    vllm_option: engine_options.VllmOption = None,
    vllm_config: engine_options.VllmConfig = None,
    trust: options.Trust = None,
    trusted_key: options.TrustedKey = None,
    cache_dir: options.CacheDir = None,
    cache_size: options.CacheSize = None,
    models_dir: options.ModelsDir = None,
    no_server: answering.NoServer = False,
    verbose: answering.Verbose = False,
) -> None:
    """Chat with experts: `/expert NAME`, `/schema FILE`, `/reset`, `/quit`.

    A server of yours that runs on this machine and serves them answers, as with `generate`.
    """
    args = options.call_args(ctx)
    read = _reader()
    found = options.named(packages, cache_dir)
    names = [name for name, _ in found]
    if server := answering.running_server(ctx, [path for _, path in found]):
        _converse(Talk(from_server(server, names), names, names[0], args), read)
        return
    from expertserve.facade.manager import ExpertManager

    with ExpertManager(options=answering.single(ctx, len(found))) as manager:
        with output.waiting("loading") as status:
            for name, path in found:
                status.update(f"reading {path} …")
                output.warn(manager.load_expert(name, path).warnings)
            status.update("starting the engine …")
            manager.start()
        answering.tell_engine(ctx, manager)
        _converse(Talk(from_manager(manager), names, names[0], args), read)


def _converse(talk: Talk, read: Callable[[str], str]) -> None:
    output.messages.print(HELP, markup=False)
    while talk.open:
        try:
            line = read(f"{talk.expert}> ")
        except (EOFError, KeyboardInterrupt):
            break
        talk.hear(line.strip())


Ask = Callable[
    [str, Sequence["Message"], Mapping[str, object]], AbstractContextManager[Iterable[str]]
]
"""An expert's name, the turns so far and the arguments → the texts of the answer as they come."""


def from_manager(manager: ExpertManager) -> Ask:
    """Asks experts in this process."""

    @contextmanager
    def ask(
        expert: str, turns: Sequence[Message], args: Mapping[str, object]
    ) -> Iterator[Iterable[str]]:
        asked = cast("GenerateArgs", {**args, "messages": turns})
        with manager.generate_stream(expert, **asked) as stream:
            yield (chunk.text for chunk in stream)

    return ask


def from_server(server: RunningServer, names: Sequence[str]) -> Ask:
    """Asks a server, which may know the experts by other names."""
    models = dict(zip(names, server.models, strict=True))

    @contextmanager
    def ask(
        expert: str, turns: Sequence[Message], args: Mapping[str, object]
    ) -> Iterator[Iterable[str]]:
        with server.generate_stream(models[expert], turns, args) as stream:
            yield stream

    return ask


def _reader() -> Callable[[str], str]:
    """Reads a line, with history and editing where prompt_toolkit is installed."""
    if not (sys.stdin.isatty() and find_spec("prompt_toolkit")):
        return input
    from platformdirs import user_state_path

    folder = user_state_path("expertserve", appauthor=False, ensure_exists=True)
    history = import_module("prompt_toolkit.history").FileHistory(str(folder / "chat_history"))
    return cast(
        "Callable[[str], str]",
        import_module("prompt_toolkit").PromptSession(history=history).prompt,
    )


@dataclass(slots=True)
class Talk:
    """A conversation: who answers, and what was said.

    Args:
        ask: Gets an answer.
        names: The experts that are loaded.
        args: What every request is given, with the system message and the schema.
    """

    ask: Ask
    names: list[str]
    expert: str
    args: dict[str, object]
    said: list[Message] = field(default_factory=list)
    open: bool = True

    def hear(self, line: str) -> None:
        """Runs a command or answers a question. Errors are printed; only a dead engine ends it."""
        try:
            if line.startswith("/"):
                self._command(*line.partition(" ")[::2])
            elif line:
                self._ask(line)
        except EngineDeadError:
            raise
        except ExpertError as error:
            output.report(error, json_wanted=False)

    def _command(self, word: str, rest: str) -> None:
        rest = rest.strip()
        match word:
            case "/quit" | "/exit":
                self.open = False
            case "/reset":
                self.said.clear()
            case "/system":
                self._set("system", rest or None)
            case "/schema":
                self._set("schema", options.read_text(Path(rest).expanduser()) if rest else None)
            case "/expert":
                self.expert = find(rest, self.names) if rest else self.expert
                output.messages.print(
                    ", ".join(f"*{n}" if n == self.expert else n for n in self.names), markup=False
                )
            case "/help":
                output.messages.print(HELP, markup=False)
            case _:
                raise ConfigError(f"there is no command {word}", hint=HELP, code="bad_command")

    def _set(self, name: str, text: str | None) -> None:
        self.args.pop(name, None)
        if text is not None:
            self.args[name] = text

    def _ask(self, question: str) -> None:
        turns: list[Message] = [*self.said, {"role": "user", "content": question}]
        text = ""
        try:
            with self.ask(self.expert, turns, self.args) as texts:
                for part in texts:
                    output.answer(part, newline=False)
                    text += part
        except (
            KeyboardInterrupt
        ):  # stops this answer, not the conversation; what was half said is forgotten
            output.answer("")
            output.messages.print("stopped")
            return
        output.answer("")
        self.said = [*turns, {"role": "assistant", "content": text}]


def find(wanted: str, names: list[str]) -> str:
    """The expert that a name, or an unmistakable part of one, means.

    Raises:
        ConfigError: None or several.

    Example:
        >>> find("sql", ["expert-sql", "expert-json"])
        'expert-sql'
    """
    if wanted in names:
        return wanted
    found = [name for name in names if wanted.casefold() in name.casefold()]
    if len(found) != 1:
        raise ConfigError(
            f"{wanted!r} means {'several' if found else 'none'} of {', '.join(names)}",
            code="unknown_expert",
        )
    return found[0]
