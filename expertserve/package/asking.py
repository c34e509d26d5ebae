"""How a manifest's expert wants to be asked: its system message, examples, soft prompts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from expertserve.package.section import Section


class Prompt(Section):
    """What stands in the system message where a call says nothing; see `prompt.system`.

    Args:
        system: The message itself, instead of a line with the dialect.
        dialect: The dialect of that line; `grammar_type` takes it from the grammar's type
            (`sql-postgres` → `postgres`), `none` leaves the line out. By default it follows from
            the capabilities.
        soft_prompt: The name of the one that prompts have where a call names none.
    """

    system: Annotated[str, Field(min_length=1, max_length=20_000)] | None = None
    dialect: Annotated[str, Field(pattern=r"^[^\r\n]{1,100}$")] | None = None
    soft_prompt: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class ReasoningSpec(Section):
    """The block of reasoning that an expert was trained to write before its answers, or not to.

    Args:
        show: Leave it in the text where a call doesn't say.
        max_tokens: What it may take, tags included; at most half of the answer's `max_tokens`,
            which is also the default.
    """

    open: Annotated[str, Field(pattern=r"^\S{1,40}$")] = "<think>"
    close: Annotated[str, Field(pattern=r"^\S{1,40}$")] = "</think>"
    show: bool = False
    max_tokens: Annotated[int, Field(ge=1, le=1 << 24)] | None = None

    @model_validator(mode="after")
    def _differ(self) -> ReasoningSpec:
        if self.open == self.close:
            raise ValueError("open and close must differ")
        return self


MAX_SOFT_TOKENS = 512
"""Vectors of a soft prompt, as the format bounds them."""


class SoftPromptSpec(Section):
    """Trained vectors that may stand before a prompt; see `expertserve.adapters.soft_prompt`.

    Args:
        path: A file, or a folder that PEFT saved.
        tokens, length: How many vectors it has: two names of one field.
        sha256: Of the file; empty where its author didn't say.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)]
    path: Annotated[str, Field(min_length=1, max_length=1000)]
    tokens: Annotated[int, Field(ge=1, le=MAX_SOFT_TOKENS)] | None = None
    length: Annotated[int, Field(ge=1, le=MAX_SOFT_TOKENS)] | None = None
    description: str | None = None
    size_bytes: Annotated[int, Field(ge=0)] | None = None
    sha256: Annotated[str, Field(max_length=100)] = ""
    init_method: str | None = None
    init_text: str | None = None
    purpose: str | None = None

    @property
    def count(self) -> int | None:
        """How many vectors the author says it has."""
        return self.tokens or self.length


class Example(Section):
    """A question that the expert answers well, for playgrounds and documentation."""

    prompt: Annotated[str, Field(min_length=1, max_length=2000)]
    schema_text: Annotated[str, Field(alias="schema", max_length=20_000)] = ""
