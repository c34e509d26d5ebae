"""What an application on Ray Serve is made from: the `args` of a Serve configuration file."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from expertserve import plugins
from expertserve.config import EngineConfig
from expertserve.engine.machine import FEW_SLOTS
from expertserve.errors import ConfigError
from expertserve.models import last_component
from expertserve.package.keys import read_trusted
from expertserve.package.signature import TrustPolicy
from expertserve.server.settings import ServerSettings

T = TypeVar("T")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Replicas(_Section):
    """How many processes of a kind there are, and what each of them takes of the cluster.

    Args:
        number: Fixed; `autoscaling` goes before it.
        autoscaling: Ray Serve's `autoscaling_config`; `min_replicas: 0` lets it go to sleep.
        resources: Ray's `ray_actor_options`: `num_cpus`, `num_gpus`, `memory`, `resources`,
            `runtime_env`, …
    """

    number: Annotated[int, Field(ge=1)] = 1
    autoscaling: dict[str, Any] | None = None
    resources: dict[str, Any] = Field(default_factory=lambda: {"num_cpus": 1})

    @property
    def most(self) -> int:
        """How many there may be."""
        if self.autoscaling is None:
            return self.number
        most = self.autoscaling.get("max_replicas", self.number)
        return most if isinstance(most, int) and most > 0 else self.number

    @property
    def can_sleep(self) -> bool:
        return self.autoscaling is not None and self.autoscaling.get("min_replicas", 1) == 0


class BaseEngines(_Section):
    """The engines of one base model; what is left out is the application's.

    Args:
        replicas: Of this base's engine.
        engine_config: Over the application's, field by field.
        max_loaded_experts, max_ongoing_requests: See `RayConfig`.
    """

    replicas: Replicas | None = None
    engine_config: dict[str, Any] = Field(default_factory=dict)
    max_loaded_experts: Annotated[int, Field(ge=1)] | None = None
    max_ongoing_requests: Annotated[int, Field(ge=1)] | None = None


class RayConfig(_Section):
    """All that `build_app` takes.

    Args:
        experts: Packages and folders of them, as paths or as addresses (`https://…`, `git+https://…`,
            `oci://…`, and what fsspec reads: `s3://…`, `gs://…`); each with a name if you like:
            `NAME=SOURCE`.
        base_model: A folder, a name or a hub id, instead of what manifests name.
        state: A folder or URL that stores the list of experts loaded over HTTP, to survive a
            redeployment.
        store: A folder or URL where packages that come over HTTP are put for all replicas; needed
            where the experts folder is not the same on every machine.
        engine: `vllm`, `transformers`, an entry point in ``expertserve.engines``, or
            `MODULE:CALLABLE` that every replica can import.
        engine_args: Arguments of such a callable.
        engine_config: The fields of `EngineConfig`: max_slots, max_model_len, kv_cache_bytes,
            threads, …
        max_loaded_experts: Adapters that a replica keeps in its engine.
        max_ongoing_requests: Requests that a replica takes at once; more wait in the routers.
        replicas: Of the engine.
        bases: By name, as manifests call them: base models with a deployment of engines each.
            Without them, all replicas serve every expert.
        ingress: Of the HTTP front.
        catalogue: Ray's `ray_actor_options` of the one process that has the list.
        routing: `affinity`, or `MODULE:CLASS` of another request router of Ray Serve's.
        spill: See `Affinity`.
        drain: Seconds that a replica's requests get when it is to end.
        health_period: Seconds between two looks at a replica's engine.
        health_timeout: Seconds after which one that doesn't answer is replaced.
        server: The fields of `ServerSettings`: keys, experts_folder, max_pending, request_timeout,
            …
        trust: Signature policy.
        trusted_keys: Publishers' keys, or files with one on each line.
        cache_size: Bytes that each machine's cache may take, as of a manager.
    """

    experts: tuple[str, ...] = ()
    base_model: str | None = None
    state: str | None = None
    store: str | None = None
    engine: str = "vllm"
    engine_args: dict[str, Any] = Field(default_factory=dict)
    engine_config: dict[str, Any] = Field(default_factory=dict)
    max_loaded_experts: Annotated[int, Field(ge=1)] | None = None
    max_ongoing_requests: Annotated[int, Field(ge=1)] = 64
    replicas: Replicas = Replicas()
    bases: dict[str, BaseEngines] = Field(default_factory=dict)
    ingress: Replicas = Replicas(resources={"num_cpus": 0.5})
    catalogue: dict[str, Any] = Field(default_factory=lambda: {"num_cpus": 0})
    routing: str = "affinity"
    spill: Annotated[int, Field(ge=0)] = 8
    drain: Annotated[float, Field(ge=0)] = 30.0
    health_period: Annotated[float, Field(gt=0)] = 10.0
    health_timeout: Annotated[float, Field(gt=0)] = 30.0
    server: dict[str, Any] = Field(default_factory=dict)
    trust: Literal["off", "warn", "require"] | None = None
    trusted_keys: tuple[str, ...] = ()
    cache_dir: Path | None = None
    cache_size: Annotated[int, Field(ge=0)] | None = None
    models_dir: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_is_a_list(cls, given: Any) -> Any:
        """`serve run … experts=a.expert,b.expert` can only pass texts."""
        if isinstance(given, dict) and isinstance(given.get("experts"), str):
            return given | {
                "experts": [e.strip() for e in given["experts"].split(",") if e.strip()]
            }
        return given

    @field_validator("engine")
    @classmethod
    def _known_engine(cls, given: str) -> str:
        known = ("vllm", "transformers", *plugins.names("engines"))
        if given not in known and ":" not in given:
            raise ValueError(f"the engines are {', '.join(known)}, or MODULE:CALLABLE")
        return given

    @field_validator("routing")
    @classmethod
    def _known_routing(cls, given: str) -> str:
        if given != "affinity" and ":" not in given:
            raise ValueError("routing is affinity, or MODULE:CLASS")
        return given

    @model_validator(mode="after")
    def _bases_differ(self) -> RayConfig:
        if self.bases and self.base_model:
            raise ValueError("base_model and bases can't both say what is served")
        if len({_short(name) for name in self.bases}) < len(self.bases):
            raise ValueError("bases has one base model twice")
        return self

    def base_of(self, names: Sequence[str]) -> str | None:
        """Which of `bases` serves a package that names these; "" where there is one deployment.

        Returns:
            None where none does.
        """
        if not self.bases:
            return ""
        served = {_short(name): name for name in self.bases}
        return next((served[_short(n)] for n in names if _short(n) in served), None)

    def engines(self) -> dict[str, RayConfig]:
        """The settings of each deployment of engines, by base model."""
        if not self.bases:
            return {"": self}
        return {name: self._of_base(name, one) for name, one in self.bases.items()}

    def _of_base(self, name: str, one: BaseEngines) -> RayConfig:
        given = {
            "replicas": one.replicas,
            "max_loaded_experts": one.max_loaded_experts,
            "max_ongoing_requests": one.max_ongoing_requests,
        }
        changes: dict[str, Any] = {k: v for k, v in given.items() if v is not None}
        changes |= {"engine_config": self.engine_config | one.engine_config}
        return self.model_copy(update=changes | {"bases": {}, "base_model": name})

    @property
    def can_sleep(self) -> bool:
        """Whether there may be no engine at all for a while."""
        return any(one.replicas.can_sleep for one in self.engines().values())

    @property
    def capacity(self) -> int:
        """Adapters that are at hand on a replica."""
        return self.max_loaded_experts or self.engine_settings().max_slots or FEW_SLOTS

    def engine_settings(self) -> EngineConfig:
        return _made(EngineConfig, self.engine_config, "engine_config")

    def server_settings(self) -> ServerSettings:
        return _made(
            ServerSettings,
            {
                k: Path(v) if k in ("keys", "experts_folder") and v else v
                for k, v in self.server.items()
            },
            "server",
        )

    def trust_policy(self) -> TrustPolicy | None:
        if self.trust is None and not self.trusted_keys:
            return None
        return TrustPolicy(
            self.trust or "warn", frozenset().union(*map(read_trusted, self.trusted_keys))
        )


def _short(name: str) -> str:
    return last_component(name).casefold()


def _made(kind: type[T], values: dict[str, Any], place: str) -> T:
    """A settings object from the words of a file.

    Raises:
        ConfigError: Naming what it knows, where it doesn't know a word.
    """
    known = {f.name for f in dataclasses.fields(kind)} - {"state_folder"}  # type: ignore[arg-type]
    if unknown := sorted(values.keys() - known):
        raise ConfigError(
            f"{place} has no {unknown[0]!r}",
            hint="it has " + ", ".join(sorted(known)),
            code="bad_setting",
        )
    return kind(**values)


def read_config(given: object) -> RayConfig:
    """The `args` of an application, checked before anything starts.

    Raises:
        ConfigError: `bad_setting`, with the place.
    """
    try:
        config = RayConfig.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(
            f"{'.'.join(map(str, first['loc'])) or 'args'}: {first['msg']}", code="bad_setting"
        ) from None
    for one in config.engines().values():
        one.engine_settings()
    config.server_settings()
    config.trust_policy()
    return config
