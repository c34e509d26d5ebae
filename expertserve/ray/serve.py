"""Experts on Ray Serve: `serve run expertserve.ray.serve:build_app experts=experts/`.

Three deployments. The *ingress* is the HTTP server, with the same routes, keys, limits and errors
as `expertserve serve`. The *engine* has one manager a replica. The *catalogue*, a single process,
lists the experts that every replica serves.

https://docs.ray.io/en/latest/serve
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expertserve.errors import ConfigError, ExpertError

try:
    import ray
    from ray import serve
    from ray.exceptions import ActorDiedError, ActorUnavailableError, RayActorError, RayTaskError
    from ray.serve.config import RequestRouterConfig
    from ray.serve.exceptions import (
        BackPressureError,
        DeploymentUnavailableError,
        RayServeException,
    )
except ImportError as error:
    raise ConfigError(
        "Ray Serve isn't installed", hint="pip install 'expertserve[ray]'", code="missing_extra"
    ) from error

from expertserve.package.source import split_name
from expertserve.ray.catalogue import Catalogue, Change, Snapshot
from expertserve.ray.config import RayConfig, read_config
from expertserve.ray.metrics import ReplicaMeter
from expertserve.ray.replica import Replica, Report
from expertserve.ray.router import NO_ADAPTER, AffinityRouter
from expertserve.ray.service import RayService
from expertserve.ray.shares import Shares
from expertserve.ray.source import absolute
from expertserve.ray.streams import Item, ReplicaLostError
from expertserve.request import GenerateArgs
from expertserve.result import InferenceResult, Written
from expertserve.server.app import create_app
from expertserve.server.limits import KeyUse, Share
from expertserve.server.logs import configure
from expertserve.server.problems import Refusal

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle, DeploymentResponseGenerator
    from starlette.types import ASGIApp

INGRESS, ENGINE, CATALOGUE = "ingress", "engine", "catalogue"
STATS_SECONDS = 1.0
BROADCAST_SECONDS = 600.0
"""A replica may have to fetch and convert a package."""


def build_app(args: dict[str, Any]) -> serve.Application:
    """The application, for `serve run`, `serve build` and Serve's configuration files.

    Args:
        args: The fields of `RayConfig`.

    Raises:
        ConfigError: One of them is wrong; nothing was started.

    Example: `serve run expertserve.ray.serve:build_app experts=sql.expert,json.expert
    max_loaded_experts=32`
    """
    config = read_config(args)
    config = config.model_copy(update={"experts": tuple(_absolute(e) for e in config.experts)})
    plain = config.model_dump(mode="json")
    catalogue = serve.deployment(_Catalogue).options(
        name=CATALOGUE,
        num_replicas=1,
        max_ongoing_requests=1000,
        ray_actor_options={"num_cpus": 0},
        **_timing(config),
    )
    router: dict[str, Any] = (
        {"capacity": config.capacity, "spill": config.spill} if config.routing == "affinity" else {}
    )
    engine = serve.deployment(_EngineDeployment).options(
        name=ENGINE,
        max_ongoing_requests=config.max_ongoing_requests,
        request_router_config=RequestRouterConfig(
            request_router_class=(
                f"{AffinityRouter.__module__}.AffinityRouter"
                if router
                else config.routing.replace(":", ".")
            ),
            request_router_kwargs=router,
            request_routing_stats_period_s=STATS_SECONDS,
            request_routing_stats_timeout_s=config.health_timeout,
        ),
        **_timing(config),
        **_number(config.replicas.number, config.replicas.autoscaling),
        ray_actor_options=config.replicas.resources,
    )
    ingress = serve.deployment(serve.ingress()(_Ingress)).options(
        name=INGRESS,
        max_ongoing_requests=max(1000, 2 * config.server_settings().max_pending),
        ray_actor_options=config.ingress.resources,
        **_timing(config),
        **_number(config.ingress.number, config.ingress.autoscaling),
    )
    listed = catalogue.bind(plain)
    return ingress.bind(plain, engine.bind(plain, listed), listed)


def _absolute(given: str) -> str:
    name, source = split_name(given)
    return f"{name}={absolute(source)}" if name else absolute(source)


def _timing(config: RayConfig) -> dict[str, Any]:
    return {
        "graceful_shutdown_timeout_s": config.drain,
        "graceful_shutdown_wait_loop_s": 0.5,
        "health_check_period_s": config.health_period,
        "health_check_timeout_s": config.health_timeout,
        "logging_config": {"enable_access_log": False, "log_level": "WARNING"},
    }


def _number(number: int, autoscaling: dict[str, Any] | None) -> dict[str, Any]:
    return (
        {"autoscaling_config": autoscaling} if autoscaling is not None else {"num_replicas": number}
    )


# ── deployments ─────────────────────────────────────────────────────────────────────────────────


class _Catalogue:
    """What all processes of an application must agree on: see `Catalogue` and `Shares`."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._shares = Shares()
        with _text_with_hint():
            settings = read_config(config)
            self._catalogue = Catalogue(
                settings.experts,
                settings.state,
                settings.cache_dir,
                _Everyone(serve.get_replica_context().app_name),
            )

    async def snapshot(self) -> Snapshot:
        return self._catalogue.snapshot()

    async def change(self, change: Change) -> Snapshot:
        return await self._catalogue.change(change)

    async def lease(self, who: str, uses: Sequence[KeyUse]) -> Mapping[str, Share]:
        return self._shares.lease(who, uses)


class _Everyone:
    """Tells the ingresses first: they find a broken package before an engine does."""

    def __init__(self, app: str) -> None:
        self._app = app

    async def adopt(self, snapshot: Snapshot) -> None:
        for name in (INGRESS, ENGINE):
            await _each(serve.get_deployment_handle(name, self._app), "adopt", snapshot)


@dataclass(frozen=True, slots=True)
class _Failed:
    """A request's error on its way to the ingress; raised, Ray would log a trace."""

    error: ExpertError


class _EngineDeployment:
    """See `Replica`."""

    async def __init__(self, config: dict[str, Any], catalogue: DeploymentHandle) -> None:  # type: ignore[misc]
        with _text_with_hint():
            self._replica = Replica(
                read_config(config),
                _Listed(catalogue).snapshot,
                serve.get_replica_context().replica_tag,
                ReplicaMeter(),
            )
            await self._replica.begin()

    async def adopt(self, snapshot: Snapshot) -> int:
        return await self._replica.adopt(snapshot)

    async def generate(
        self, number: int, name: str, prompt: str | None, args: GenerateArgs
    ) -> InferenceResult | _Failed:
        try:
            return await self._replica.generate(number, name, prompt, args)
        except ExpertError as error:
            return _Failed(error)

    async def stream(
        self,
        number: int,
        name: str,
        prompt: str | None,
        args: GenerateArgs,
        written: Written | None,
    ) -> AsyncIterator[Item | _Failed]:
        try:
            async with aclosing(self._replica.stream(number, name, prompt, args, written)) as items:
                async for item in items:
                    yield item
        except ExpertError as error:
            yield _Failed(error)

    async def report(self) -> Report:
        return await self._replica.report()

    async def record_routing_stats(self) -> dict[str, Any]:
        """Ray hands this to the routers."""
        return {"experts": await self._replica.warm_experts()}

    async def check_health(self) -> None:
        await self._replica.check_health()

    async def __del__(self) -> None:
        if hasattr(self, "_replica"):
            await self._replica.close()


class _Ingress:
    async def __init__(  # type: ignore[misc]
        self, config: dict[str, Any], engine: DeploymentHandle, catalogue: DeploymentHandle
    ) -> None:
        with _text_with_hint():
            self._settings = read_config(config)
            configure(as_json=self._settings.server_settings().log_json)
            name = serve.get_replica_context().replica_tag
            self._service = RayService(self._settings, _Handles(engine), _Listed(catalogue), name)
            await self._service.begin()

    def __serve_build_asgi_app__(self) -> ASGIApp:
        app = create_app(self._service, self._settings.server_settings())
        self._service.show(app.state.parts)
        return app

    async def adopt(self, snapshot: Snapshot) -> int:
        return await self._service.adopt(snapshot)

    async def __del__(self) -> None:
        if hasattr(self, "_service"):
            await self._service.close()


@contextmanager
def _text_with_hint() -> Iterator[None]:
    """An error of ours in a constructor, with its hint: Ray shows the text alone."""
    try:
        yield
    except ExpertError as error:
        raise RuntimeError(f"{error.code}: {error}") from error


# ── handles ─────────────────────────────────────────────────────────────────────────────────────


class _Listed:
    """The catalogue behind a handle."""

    def __init__(self, handle: DeploymentHandle) -> None:
        self._handle = handle

    async def snapshot(self) -> Snapshot:
        return await _one(self._handle, "snapshot")  # type: ignore[no-any-return]

    async def change(self, change: Change) -> Snapshot:
        return await _one(self._handle, "change", change)  # type: ignore[no-any-return]

    async def lease(self, who: str, uses: Sequence[KeyUse]) -> Mapping[str, Share]:
        return await _one(self._handle, "lease", who, uses)  # type: ignore[no-any-return]


class _Handles:
    """The engine replicas behind a handle."""

    def __init__(self, handle: DeploymentHandle) -> None:
        self._handle = handle

    async def generate(
        self, affine: str, number: int, name: str, prompt: str | None, args: GenerateArgs
    ) -> InferenceResult:
        near = self._handle.options(multiplexed_model_id=affine or NO_ADAPTER)
        answer = await _one(near, "generate", number, name, prompt, args)
        if isinstance(answer, _Failed):
            raise answer.error
        return answer  # type: ignore[no-any-return]

    def stream(
        self,
        affine: str,
        number: int,
        name: str,
        prompt: str | None,
        args: GenerateArgs,
        written: Written | None,
    ) -> _Items:
        near = self._handle.options(stream=True, multiplexed_model_id=affine or NO_ADAPTER)
        return _Items(near.stream.remote(number, name, prompt, args, written))

    async def reports(self) -> list[Report]:
        return await _each(self._handle, "report")


class _Items:
    """A stream from a replica; leaving it aborts the request there."""

    def __init__(self, response: DeploymentResponseGenerator[Item]) -> None:
        self._response = response
        self._ended = False

    async def __aiter__(self) -> AsyncIterator[Item]:
        with _translated():
            async for item in self._response:
                if isinstance(item, _Failed):
                    raise item.error
                yield item
        self._ended = True

    async def cancel(self) -> None:
        if not self._ended:
            self._ended = True
            self._response.cancel()


async def _one(handle: DeploymentHandle, method: str, *args: object) -> Any:
    """Calls one replica; a caller that goes away cancels the call there."""
    response = getattr(handle, method).remote(*args)
    try:
        with _translated():
            return await response
    except asyncio.CancelledError:
        response.cancel()
        raise


async def _each(handle: DeploymentHandle, method: str, *args: object) -> list[Any]:
    """Calls all replicas that run, and waits for all; one that ends meanwhile isn't asked.

    Raises:
        ExpertError: The first that a replica raised.
    """
    try:
        found = await handle.broadcast(method, *args).results_async(
            timeout_s=BROADCAST_SECONDS, return_exceptions=True
        )
    except DeploymentUnavailableError:
        return []
    answers = []
    failure: ExpertError | None = None
    for answer in found:
        try:
            with _translated():
                if isinstance(answer, BaseException):
                    raise answer
            answers.append(answer)
        except ReplicaLostError:
            continue  # it is gone, and what comes in its place asks the catalogue
        except ExpertError as error:
            failure = failure or error
    if failure:
        raise failure
    return answers


@contextmanager
def _translated() -> Iterator[None]:
    """Ray's errors → ours. What a replica raised comes out as it went in."""
    hint = "try again; a new replica is being started"
    try:
        yield
    except RayTaskError as error:
        if isinstance(error.cause, ExpertError):
            raise error.cause from error
        raise
    except (ActorDiedError, ActorUnavailableError, RayActorError) as error:
        raise ReplicaLostError("the replica that worked on this ended", hint=hint) from error
    except BackPressureError as error:
        raise Refusal(
            "too many requests wait for a replica", status=503, code="queue_full", retry_after=2
        ) from error
    except RayServeException as error:
        raise ReplicaLostError(
            f"no replica could take this: {type(error).__name__}", hint=hint
        ) from error


# ── running ─────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def cluster(address: str | None, http: dict[str, Any], **local: Any) -> Iterator[None]:
    """Ray and Serve for as long as the context lasts.

    Args:
        address: Of a cluster, which goes on afterwards; None starts one on this machine, which ends
            with the context.
        http: Serve's `http_options`.
        local: Arguments of `ray.init` for the latter.
    """
    own = address is None
    ray.init(address=address or "local", **({"include_dashboard": False, **local} if own else {}))
    try:
        serve.start(http_options=http)
        yield
    finally:
        if own:
            serve.shutdown()
        ray.shutdown()


def deploy(args: dict[str, Any], *, name: str, route_prefix: str) -> None:
    """Runs the application, and returns when it is ready.

    Raises:
        ConfigError: `deploy_failed`, where it isn't; Ray's log has the whole of it.
    """
    try:
        serve.run(build_app(args), name=name, route_prefix=route_prefix)
    except RuntimeError as error:
        raise ConfigError(
            f"the application did not start: {error}",
            hint="`serve status` and Ray's log say why",
            code="deploy_failed",
        ) from error
