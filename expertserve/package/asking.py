"""How a manifest's expert wants to be asked: its system message, examples, soft prompts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from expertserve.package.part import Part


class Prompt(Part):
    """What stands in the system message where a call says nothing; see `prompt.system`.

    Args:
        system: The message itself, instead of a line with the dialect.
        dialect: The dialect of that line; `grammar_type` takes it from the grammar's type
            (`sql-postgres` → `postgres`), `none` leaves the line out. By default it follows from
            the capabilities.
    """

    system: Annotated[str, Field(min_length=1, max_length=20_000)] | None = None
    dialect: Annotated[str, Field(pattern=r"^[^\r\n]{1,100}$")] | None = None


class SoftPrompt(Part):
    """A soft prompt; packages that bring some are refused."""

    name: str = ""
    path: str = ""


class Example(Part):
    """A question that the expert answers well, for playgrounds and documentation."""

    prompt: Annotated[str, Field(min_length=1, max_length=2000)]
    schema_text: Annotated[str, Field(alias="schema", max_length=20_000)] = ""
