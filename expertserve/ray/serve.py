"""Experts on Ray Serve: `serve run expertserve.ray.serve:build_app experts=experts/`.

Three deployments. The *ingress* is the HTTP server, with the same routes, keys, limits and errors
as `expertserve serve`. The *engine* has one manager a replica. The *catalogue*, a single process,
lists the experts that every replica serves.

https://docs.ray.io/en/latest/serve
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from expertserve.errors import ConfigError, ExpertError

try:
    import ray
    from ray import serve
    from ray.serve.config import RequestRouterConfig
except ImportError as error:
    raise ConfigError(
        "Ray Serve isn't installed", hint="pip install 'expertserve[ray]'", code="missing_extra"
    ) from error

from expertserve.package.index import IndexRow
from expertserve.package.source import split_name
from expertserve.ray.catalogue import Catalogue, Change
from expertserve.ray.config import RayConfig, read_config
from expertserve.ray.handles import CatalogueHandle, EngineHandles, Failed, ReplicaHandles, each
from expertserve.ray.metrics import ReplicaMeter
from expertserve.ray.replica import FrontFacts, Replica, Report
from expertserve.ray.router import AffinityRouter
from expertserve.ray.service import RayService
from expertserve.ray.shares import Shares
from expertserve.ray.source import absolute
from expertserve.ray.streams import Item
from expertserve.ray.supply import Holders
from expertserve.ray.versions import Update
from expertserve.request import GenerateArgs, PromptArgs
from expertserve.result import InferenceResult, Written
from expertserve.server.app import create_app
from expertserve.server.limits import KeyUse, Share
from expertserve.server.logs import configure

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle
    from starlette.types import ASGIApp

T = TypeVar("T")
INGRESS, ENGINE, CATALOGUE = "ingress", "engine", "catalogue"
STATS_SECONDS = 1.0


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
        ray_actor_options=config.catalogue,
        **_timing(config),
    )
    listed = catalogue.bind(plain)
    engines = {
        base: _engine(base, one).bind(one.model_dump(mode="json"), base, listed)
        for base, one in config.engines().items()
    }
    ingress = serve.deployment(serve.ingress()(_Ingress)).options(
        name=INGRESS,
        max_ongoing_requests=max(1000, 2 * config.server_settings().max_pending),
        ray_actor_options=config.ingress.resources,
        **_timing(config),
        **_number(config.ingress.number, config.ingress.autoscaling),
    )
    return ingress.bind(plain, engines, listed)


def engine_name(base: str) -> str:
    """What the deployment of a base model's engines is called."""
    return f"{ENGINE}-{re.sub(r'[^A-Za-z0-9._-]', '-', base)}" if base else ENGINE


def _engine(base: str, config: RayConfig) -> serve.Deployment:
    router: dict[str, Any] = (
        {"capacity": config.capacity, "spill": config.spill} if config.routing == "affinity" else {}
    )
    return serve.deployment(_EngineDeployment).options(
        name=engine_name(base),
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
    """What all processes of an application must agree on: see `Catalogue`, `Shares`, `Holders`."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._shares, self._holders = Shares(), Holders()
        with _text_with_hint():
            settings = read_config(config)
            self._catalogue = Catalogue(
                settings.experts,
                settings.state,
                settings.cache_dir,
                _Everyone(serve.get_replica_context().app_name, list(settings.engines())),
                settings.base_of,
            )

    async def since(self, number: int) -> Update:
        return self._catalogue.since(number)

    async def change(self, change: Change) -> Update:
        return await self._catalogue.change(change)

    async def rows(self, digests: Sequence[str]) -> list[IndexRow]:
        return await asyncio.to_thread(self._catalogue.rows, digests)

    async def lease(self, who: str, uses: Sequence[KeyUse]) -> Mapping[str, Share]:
        return self._shares.lease(who, uses)

    async def holders(self, digest: str) -> list[str]:
        return self._holders.of(digest)

    async def hold(self, who: str, digests: Sequence[str]) -> None:
        self._holders.note(who, digests)


class _Everyone:
    """Tells the engines first: an ingress shows what all of them serve."""

    def __init__(self, app: str, bases: Sequence[str]) -> None:
        self._app = app
        self._names = [*map(engine_name, bases), INGRESS]

    async def adopt(self, update: Update) -> None:
        for name in self._names:
            await each(serve.get_deployment_handle(name, self._app), "adopt", update)


class _EngineDeployment:
    """See `Replica`."""

    async def __init__(  # type: ignore[misc]
        self, config: dict[str, Any], base: str, catalogue: DeploymentHandle
    ) -> None:
        with _text_with_hint():
            here = serve.get_replica_context()
            others = serve.get_deployment_handle(engine_name(base), here.app_name)
            self._replica = Replica(
                read_config(config),
                ReplicaHandles(catalogue, others),
                here.replica_tag,
                ReplicaMeter(),
                base,
            )
            await self._replica.begin()

    async def adopt(self, update: Update) -> int:
        return await self._replica.adopt(update)

    async def pieces(self, digest: str) -> AsyncIterator[bytes]:
        async with aclosing(self._replica.pieces(digest)) as pieces:
            async for piece in pieces:
                yield piece

    async def facts(self, number: int, name: str) -> FrontFacts | Failed:
        return await _caught(self._replica.facts(number, name))

    async def prompt_tokens(
        self, number: int, name: str, prompt: str | None, words: PromptArgs
    ) -> list[int] | Failed:
        return await _caught(self._replica.prompt_tokens(number, name, prompt, words))

    async def generate(
        self, number: int, name: str, prompt: str | None, args: GenerateArgs
    ) -> InferenceResult | Failed:
        return await _caught(self._replica.generate(number, name, prompt, args))

    async def stream(
        self,
        number: int,
        name: str,
        prompt: str | None,
        args: GenerateArgs,
        written: Written | None,
    ) -> AsyncIterator[Item | Failed]:
        try:
            async with aclosing(self._replica.stream(number, name, prompt, args, written)) as items:
                async for item in items:
                    yield item
        except ExpertError as error:
            yield Failed(error)

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


async def _caught(work: Awaitable[T]) -> T | Failed:
    try:
        return await work
    except ExpertError as error:
        return Failed(error)


class _Ingress:
    async def __init__(  # type: ignore[misc]
        self,
        config: dict[str, Any],
        engines: dict[str, DeploymentHandle],
        catalogue: DeploymentHandle,
    ) -> None:
        with _text_with_hint():
            self._settings = read_config(config)
            configure(as_json=self._settings.server_settings().log_json)
            name = serve.get_replica_context().replica_tag
            self._service = RayService(
                self._settings, EngineHandles(engines), CatalogueHandle(catalogue), name
            )
            await self._service.begin()

    def __serve_build_asgi_app__(self) -> ASGIApp:
        app = create_app(self._service, self._settings.server_settings())
        self._service.show(app.state.parts)
        return app

    async def adopt(self, update: Update) -> int:
        return await self._service.adopt(update)

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
