"""Messages → token ids, in the format that the expert was trained on.

A template's special tokens become tokens; the same characters in a user's text stay characters. To
keep the two apart, every special token's text in a message is replaced by a mark before rendering
and tokenised as plain text where the mark comes out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypedDict

from expertserve.errors import ConfigError, IncompatibleError
from expertserve.package.manifest import Template
from expertserve.prompt import template as jinja
from expertserve.prompt.system import SystemDefaults
from expertserve.prompt.tokenizer import Tokenizer

Role = Literal["system", "user", "assistant", "tool"]
MARK = re.compile("\ue000([0-9]{1,6})\ue001")


class Message(TypedDict):
    """One turn of a conversation, as in OpenAI's API."""

    role: Role
    content: str


CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
ALPACA = (
    "{% if messages[0].role != 'system' %}Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request.\n\n{% endif %}"
    "{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}\n\n"
    "{% elif m.role == 'assistant' %}### Response:\n{{ m.content }}{{ eos_token }}\n\n"
    "{% else %}### Instruction:\n{{ m.content }}\n\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}### Response:\n{% endif %}"
)
LLAMA2 = (
    "{% set ns = namespace(system='') %}{% for m in messages %}{% if m.role == 'system' %}{% set"
    " ns.system = '<<SYS>>\n' ~ m.content ~ '\n<</SYS>>\n\n' %}{% elif m.role == 'assistant' %} {{"
    " m.content }} {{ eos_token }}{% else %}{{ bos_token }}[INST] {{ ns.system }}{{ m.content }}"
    " [/INST]{% set ns.system = '' %}{% endif %}{% endfor %}"
)
VICUNA = (
    "{{ bos_token }}{% if messages[0].role != 'system' %}A chat between a curious user and an"
    " artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers"
    " to the user's questions. {% endif %}{% for m in messages %}{% if m.role == 'system' %}{{"
    " m.content }} {% elif m.role == 'assistant' %}ASSISTANT: {{ m.content }}{{ eos_token }}{% else"
    " %}USER: {{ m.content }} {% endif %}{% endfor %}{% if add_generation_prompt %}ASSISTANT:{%"
    " endif %}"
)
NO_THINKING = "<think>\n\n</think>\n\n"
NAMED = {"chatml": CHATML, "qwen3": CHATML, "alpaca": ALPACA, "llama2": LLAMA2, "vicuna": VICUNA}
MAX_TEXT = 2_000_000
MAX_DEPTH = 32
OWN_VARIABLES = ("messages", "add_generation_prompt", "bos_token", "eos_token", "source")
TURN_ENDS = (
    "<|im_end|>",
    "<|eot_id|>",
    "<|eot|>",
    "<end_of_turn>",
    "<turn|>",
    "<|end|>",
    "<|END_OF_TURN_TOKEN|>",
    "<end_of_utterance>",
)
"""Ends of turns: ChatML's, Llama 3's and 4's, Gemma's and Gemma 4's, Phi's, Cohere's, SmolVLM's."""


@dataclass(frozen=True, slots=True)
class PromptFormat:
    """How prompts are written: a template, and the tokenizer of the base model.

    Args:
        name: The manifest's `prompt_template`, or where the template came from.
        source: Jinja.
        package: The package's own settings: which token ends a sequence, say. Its vocabulary isn't
            used.
    """

    name: str
    source: str
    tokenizer: Tokenizer
    package: Tokenizer | None = None

    @classmethod
    def choose(
        cls, declared: Template | None, package: Tokenizer | None, base: Tokenizer
    ) -> PromptFormat:
        """The manifest's template, else the package's, else the base model's, else ChatML."""
        if declared and declared != "custom":
            return cls(declared, NAMED[declared], base, package)
        if package and package.chat_template:
            return cls("package", package.chat_template, base, package)
        if base.chat_template:
            return cls("base model", base.chat_template, base, package)
        return cls("chatml", CHATML, base, package)

    def render(
        self,
        messages: Sequence[Message],
        *,
        thinking: bool | None = None,
        variables: Mapping[str, object] | None = None,
        continued: bool = False,
        answer_begins: bool | None = None,
    ) -> list[int]:
        """Token ids of a conversation, up to where the answer begins.

        Args:
            messages: At least one; roles as in OpenAI's API.
            thinking: False asks a Qwen3 template for an answer without thoughts.
            variables: More of the template's variables.
            continued: Ends where the last message ends, which is an assistant's.
            answer_begins: False leaves out what the template writes before an answer.

        Raises:
            ConfigError: No message, an unknown role, or the template refuses them.
            IncompatibleError: `bad_template`.
        """
        check_messages(messages)
        _check_continued(messages, continued, answer_begins)
        specials = (
            *self.tokenizer.special_tokens,
            "\ue000",
        )  # the mark's own first character, where a text has it
        safe = [{"role": m["role"], "content": _mark(m["content"], specials)} for m in messages]
        end = f"\ue000{len(specials)}\ue001"
        if continued:
            safe[-1]["content"] += end
        begins = not continued and answer_begins is not False
        text = jinja.render(
            self.source,
            **_safe_variables(variables, specials)
            | {
                "messages": safe,
                "add_generation_prompt": begins,
                "bos_token": self.special("bos_token"),
                "eos_token": self.special("eos_token"),
            }
            | ({} if thinking is None else {"enable_thinking": thinking}),
        )
        if continued:
            text, found, _ = text.partition(end)
            if not found:
                raise ConfigError(
                    "the chat template doesn't write the last message, which is to be continued",
                    code="template_refused",
                )
        if self.name == "qwen3" and thinking is False and begins:
            text += NO_THINKING
        return self._encode(text, specials)

    def text(self, messages: Sequence[Message], *, thinking: bool | None = None) -> str:
        """What a model reads of a conversation, special tokens included; raises as `render`."""
        return self.tokenizer.decode_whole(self.render(messages, thinking=thinking))

    def _encode(self, text: str, specials: tuple[str, ...]) -> list[int]:
        ids: list[int] = []
        for i, part in enumerate(MARK.split(text)):
            if i % 2:
                if int(part) >= len(specials):
                    raise IncompatibleError(
                        "the chat template writes a mark that stands for nothing",
                        code="bad_template",
                    )
                ids += self.tokenizer.encode_plain(specials[int(part)])
            elif part:
                ids += self.tokenizer.encode(part)
        return ids

    def special(self, name: str) -> str:
        """The text of `bos_token`, `eos_token` …: the package's, where the base has that token."""
        own = self.package.special(name) if self.package else ""
        known = own and self.tokenizer.id_of(own) is not None
        return own if known else self.tokenizer.special(name)

    def probe(self) -> None:
        """Renders a question: a broken template is found at load, not at the first request.

        Raises:
            IncompatibleError: `bad_template`.
            ConfigError: `template_refused`, by a template that takes no conversation at all.
        """
        question: Message = {"role": "user", "content": "?"}
        try:
            self.render([question])
        except ConfigError:  # some templates demand a system message
            self.render([{"role": "system", "content": "?"}, question])

    def stop_token_ids(self) -> tuple[int, ...]:
        """Tokens that end a turn: the template's, and the ends of sequence of package and base."""
        names = [t for t in TURN_ENDS if t in self.source]
        names += [self.special("eos_token"), self.tokenizer.special("eos_token")]
        if self.name in ("package", "base model"):
            names += [t for t in TURN_ENDS if t in self.tokenizer.special_tokens]
        found = [self.tokenizer.id_of(n) for n in names if n]
        for folder in (self.package, self.tokenizer):
            found += [i for i in folder.generation_ends if self.tokenizer.has(i)] if folder else []
        return tuple(dict.fromkeys(i for i in found if i is not None))

    @property
    def reasons(self) -> bool:
        """Whether models with this template may write a think block before their answers."""
        return self.name == "qwen3" or "<think>" in self.source

    def special_stops(self, stops: Sequence[str]) -> tuple[int, ...]:
        """The ids of stop sequences that are special tokens: those never come as text."""
        found = (
            self.tokenizer.id_of(stop) for stop in stops if stop in self.tokenizer.special_tokens
        )
        return tuple(i for i in found if i is not None)


def _check_continued(
    messages: Sequence[Message], continued: bool, answer_begins: bool | None
) -> None:
    """Raises ConfigError `bad_message` where there is nothing to continue."""
    if continued and messages[-1]["role"] != "assistant":
        raise ConfigError(
            "continue_final_message continues an assistant's message, and the last one is by the"
            f" {messages[-1]['role']}",
            hint="put the beginning of the answer last, with the role assistant",
            code="bad_message",
        )
    if continued and answer_begins:
        raise ConfigError(
            "continue_final_message and add_generation_prompt exclude each other",
            hint="the first goes on with the last message, the second begins one of its own",
            code="bad_message",
        )


def _safe_variables(
    variables: Mapping[str, object] | None, specials: tuple[str, ...]
) -> dict[str, object]:
    """Further variables of a template: its own ones can't be replaced, and texts stay texts.

    Raises:
        ConfigError: `bad_message`.
    """
    if variables is not None and not isinstance(variables, Mapping):
        raise ConfigError(
            f"template_args must be a dictionary, not {type(variables).__name__}",
            code="bad_message",
        )
    for name in variables or ():
        if name in OWN_VARIABLES or not str(name).isidentifier():
            raise ConfigError(
                f"template_args can't set {str(name)[:60]!r}",
                hint="messages, special tokens and add_generation_prompt have places of their own",
                code="bad_message",
            )
    return {str(n): _safe_value(v, specials, MAX_DEPTH) for n, v in (variables or {}).items()}


def _safe_value(value: object, specials: tuple[str, ...], depth: int) -> object:
    if not depth:
        raise ConfigError(f"template_args is nested more than {MAX_DEPTH} deep", code="bad_message")
    if isinstance(value, str):
        check_text("a text of template_args", value)
        return _mark(value, specials)
    if isinstance(value, Mapping):
        return {
            _mark(str(k), specials): _safe_value(v, specials, depth - 1) for k, v in value.items()
        }
    if isinstance(value, list | tuple):
        return [_safe_value(v, specials, depth - 1) for v in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    raise ConfigError(
        f"template_args has a {type(value).__name__}; it takes what JSON can say",
        code="bad_message",
    )


def _mark(text: str, specials: tuple[str, ...]) -> str:
    """Special tokens' texts → marks that templates leave unchanged, longest first."""
    if not specials:
        return text
    pattern, order = _finder(specials)
    return pattern.sub(lambda m: f"\ue000{order[m.group()]}\ue001", text)


@lru_cache(maxsize=16)
def _finder(specials: tuple[str, ...]) -> tuple[re.Pattern[str], Mapping[str, int]]:
    """What finds special tokens in a text, and their numbers. Some tokenizers have thousands."""
    order = {special: i for i, special in enumerate(specials)}
    return re.compile("|".join(map(re.escape, specials))), order


def check_messages(messages: Sequence[Message]) -> None:
    """Refuses an empty conversation, unknown roles, and content that isn't text."""
    if isinstance(messages, str | bytes) or not isinstance(messages, Sequence):
        raise ConfigError(
            f"messages must be a list, not {type(messages).__name__}", code="bad_message"
        )
    if not messages:
        raise ConfigError(
            "there is no message",
            hint="pass a prompt, or at least one message",
            code="empty_prompt",
        )
    for i, message in enumerate(messages):
        if not isinstance(message, dict):
            raise ConfigError(
                f"messages[{i}] must be a dictionary, not {type(message).__name__}",
                code="bad_message",
            )
        if message.get("role") not in ("system", "user", "assistant", "tool"):
            raise ConfigError(
                f"messages[{i}] has the role {message.get('role')!r}",
                hint="system, user, assistant or tool",
                code="bad_message",
            )
        check_text(f"messages[{i}]['content']", message.get("content"))
        if len(message["content"]) > MAX_TEXT:
            raise ConfigError(
                f"messages[{i}] has {len(message['content']):,} characters; at most {MAX_TEXT:,}"
                " are read",
                code="prompt_too_long",
            )


def check_text(name: str, value: object) -> None:
    """Refuses what isn't text, or can't be written as UTF-8.

    Raises:
        ConfigError: `bad_text`.
    """
    if not isinstance(value, str):
        raise ConfigError(f"{name} must be text, not {type(value).__name__}", code="bad_text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"{name} has half of a surrogate pair at character {error.start}, which isn't text",
            code="bad_text",
        ) from error


def build_messages(
    prompt: str | None,
    *,
    system: str | None = None,
    schema: str | None = None,
    dialect: str | None = None,
    messages: Sequence[Message] | None = None,
    defaults: SystemDefaults = SystemDefaults(),  # noqa: B008  (it is frozen)
) -> list[Message]:
    """A call's arguments → a conversation; `dialect` and `schema` in the system message.

    Args:
        dialect: Empty writes no line, None the expert's own.
        defaults: The expert's own; a system message that begins with `Dialect:` has it already.

    Raises:
        ConfigError: Neither or both of prompt and messages; an empty prompt; a system message given
            twice.

    Example:
        >>> ddl = "CREATE TABLE t (id INT);"
        >>> build_messages("How many?", schema=ddl, dialect="postgres")[0]["content"]
        'Dialect: postgres\\nSchema:\\nCREATE TABLE t (id INT);'
    """
    if (prompt is None) == (messages is None):
        raise ConfigError(
            "pass either a prompt or messages",
            hint="messages= takes a whole conversation",
            code="bad_prompt",
        )
    for name, value in (
        ("prompt", prompt),
        ("system", system),
        ("schema", schema),
        ("dialect", dialect),
    ):
        if value is not None:
            check_text(name, value)
    if prompt is not None and not prompt.strip():
        raise ConfigError(
            "the prompt is empty", hint="pass a question or an instruction", code="empty_prompt"
        )
    if messages is not None:
        check_messages(messages)
    turns: list[Message] = (
        [{"role": "user", "content": prompt}] if prompt is not None else list(messages or ())
    )
    given = turns[0]["content"] if turns[0]["role"] == "system" else None
    if system is not None and given is not None:
        raise ConfigError(
            "the system message is given twice",
            hint="either system= or a first message with that role",
            code="bad_prompt",
        )
    own = system if system is not None else given
    text = _system_text(own, schema, dialect, defaults)
    if text is None:
        return turns
    return [{"role": "system", "content": text}, *(turns[1:] if given is not None else turns)]


def _system_text(
    own: str | None, schema: str | None, dialect: str | None, defaults: SystemDefaults
) -> str | None:
    """The caller's own text, else the expert's; below it dialect and schema, a line each.

    A text that is context itself (`Dialect: …`, `Schema: …`) is part of these lines.
    """
    if dialect is None and not (own or "").startswith("Dialect:"):
        dialect = defaults.dialect
    own = defaults.text if own is None else own
    context = [f"Dialect: {dialect}"] if dialect else []
    if own and own.startswith(("Dialect:", "Schema:")):
        context.append(own)
        own = None
    context += [f"Schema:\n{schema.strip()}"] if schema and schema.strip() else []
    if own is None and not context:
        return None
    return "\n".join(([own + "\n"] if own and context else [own] if own else []) + context)
