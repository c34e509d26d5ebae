"""Twenty pydantic models as applications have them, by what their schemas are made of."""

from __future__ import annotations

import datetime
import enum
import ipaddress
import uuid
from typing import Annotated, Literal

from pydantic import AnyUrl, BaseModel, ConfigDict, Field, RootModel


class Colour(enum.Enum):
    red = "red"
    deep_blue = "deep blue"


class Level(enum.IntEnum):
    low = 1
    high = 9


class Point(BaseModel):
    x: float
    y: float = 0.0


class Person(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=60)]
    age: Annotated[int, Field(ge=0, le=150)] | None = None


class Team(BaseModel):
    title: str
    members: Annotated[list[Person], Field(min_length=1, max_length=4)]
    lead: Person | None


class Booking(BaseModel):
    id: uuid.UUID
    day: datetime.date
    at: datetime.datetime
    span: datetime.timedelta


class Invoice(BaseModel):
    model_config = ConfigDict(extra="forbid")
    number: Annotated[str, Field(pattern=r"^INV-[0-9]{4}$")]
    total: Annotated[float, Field(gt=0, lt=100_000)]
    paid: bool


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: Annotated[int, Field(ge=1, le=9)]


class Dog(BaseModel):
    kind: Literal["dog"]
    breed: str


class Pet(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]


class Tree(BaseModel):
    value: int
    children: Annotated[list[Tree], Field(max_length=2)] = []


class Painted(BaseModel):
    colour: Colour
    level: Level


class Pair(BaseModel):
    both: tuple[int, str]
    more: Annotated[tuple[bool, ...], Field(max_length=3)]


class Words(BaseModel):
    words: Annotated[set[Literal["a", "b", "c"]], Field(max_length=3)]


class Scores(BaseModel):
    scores: dict[str, Annotated[int, Field(ge=0, le=10)]]


class Host(BaseModel):
    address: ipaddress.IPv4Address
    url: AnyUrl


class Number(BaseModel):
    value: int | float | str | None


class Listed(RootModel[list[Literal["north", "south"]]]):
    pass


class Aliased(BaseModel):
    from_: Annotated[str, Field(alias="from", max_length=20)]
    odd_name: Annotated[int, Field(alias="odd name/ü")]


class Step(BaseModel):
    thought: Annotated[str, Field(description="Why.", max_length=80)]
    tool: Literal["search", "answer"]
    score: Annotated[float, Field(gt=0, lt=1)]


class Plan(BaseModel):
    steps: Annotated[list[Step], Field(max_length=2)]
    done: bool


class Multiple(BaseModel):
    by_five: Annotated[int, Field(multiple_of=5, ge=0, le=500)]


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str


MODELS: list[type[BaseModel]] = [
    Point, Person, Team, Booking, Invoice, Pet, Tree, Painted, Pair, Words, Scores, Host, Number,
    Listed, Aliased, Step, Plan, Multiple, Open, Cat,
]  # fmt: skip
