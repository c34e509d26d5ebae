"""The other processes of an application behind Ray Serve's handles, their errors translated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ray.exceptions import ActorDiedError, ActorUnavailableError, RayActorError, RayTaskError
from ray.serve.exceptions import (
    BackPressureError,
    DeploymentUnavailableError,
    RayServeException,
)

from expertserve.errors import ExpertError
from expertserve.package.index import IndexRow
from expertserve.ray.catalogue import Change
from expertserve.ray.replica import FrontFacts, Report
from expertserve.ray.router import NO_ADAPTER, only
from expertserve.ray.streams import Item, Near, ReplicaLostError
from expertserve.ray.versions import Update
from expertserve.request import GenerateArgs, PromptArgs
from expertserve.result import InferenceResult, Written
from expertserve.server.limits import KeyUse, Share
from expertserve.server.problems import Refusal

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle, DeploymentResponseGenerator

BROADCAST_SECONDS = 600.0
"""A replica may have to fetch and convert a package."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A request's error on its way to the ingress; raised, Ray would log a trace."""

    error: ExpertError


class CatalogueHandle:
    """The catalogue behind a handle."""

    def __init__(self, handle: DeploymentHandle) -> None:
        self._handle = handle

    async def since(self, number: int) -> Update:
        return await one(self._handle, "since", number)  # type: ignore[no-any-return]

    async def change(self, change: Change) -> Update:
        return await one(self._handle, "change", change)  # type: ignore[no-any-return]

    async def rows(self, digests: Sequence[str]) -> list[IndexRow]:
        return await one(self._handle, "rows", digests)  # type: ignore[no-any-return]

    async def lease(self, who: str, uses: Sequence[KeyUse]) -> Mapping[str, Share]:
        return await one(self._handle, "lease", who, uses)  # type: ignore[no-any-return]


class ReplicaHandles(CatalogueHandle):
    """The catalogue, and the other replicas of a deployment, behind handles."""

    def __init__(self, catalogue: DeploymentHandle, replicas: DeploymentHandle) -> None:
        super().__init__(catalogue)
        self._catalogue, self._replicas = catalogue, replicas

    async def holders(self, digest: str) -> Sequence[str]:
        return await one(self._catalogue, "holders", digest)  # type: ignore[no-any-return]

    async def hold(self, who: str, digests: Sequence[str]) -> None:
        await one(self._catalogue, "hold", who, digests)

    async def pieces(self, who: str, digest: str) -> AsyncGenerator[bytes, None]:
        handle = self._replicas.options(stream=True, multiplexed_model_id=only(who))
        response = handle.pieces.remote(digest)
        try:
            with _translated():
                async for piece in response:
                    yield piece
        finally:
            response.cancel()


class EngineHandles:
    """The engine replicas behind handles, one for each base model."""

    def __init__(self, handles: Mapping[str, DeploymentHandle]) -> None:
        self._handles = handles

    async def facts(self, near: Near, number: int, name: str) -> FrontFacts:
        return await self._ask(near, "facts", number, name)  # type: ignore[no-any-return]

    async def prompt_tokens(
        self, near: Near, number: int, name: str, prompt: str | None, words: PromptArgs
    ) -> list[int]:
        return await self._ask(near, "prompt_tokens", number, name, prompt, words)  # type: ignore[no-any-return]

    async def generate(
        self, near: Near, number: int, name: str, prompt: str | None, args: GenerateArgs
    ) -> InferenceResult:
        return await self._ask(near, "generate", number, name, prompt, args)  # type: ignore[no-any-return]

    async def _ask(self, near: Near, method: str, *args: object) -> Any:
        handle = self._handles[near.base].options(multiplexed_model_id=near.expert or NO_ADAPTER)
        answer = await one(handle, method, *args)
        if isinstance(answer, Failed):
            raise answer.error
        return answer

    def stream(
        self,
        near: Near,
        number: int,
        name: str,
        prompt: str | None,
        args: GenerateArgs,
        written: Written | None,
    ) -> RemoteItems:
        handle = self._handles[near.base].options(
            stream=True, multiplexed_model_id=near.expert or NO_ADAPTER
        )
        return RemoteItems(handle.stream.remote(number, name, prompt, args, written))

    async def reports(self) -> list[Report]:
        found = await asyncio.gather(*(each(h, "report") for h in self._handles.values()))
        return [report for reports in found for report in reports]


class RemoteItems:
    """A stream from a replica; leaving it aborts the request there."""

    def __init__(self, response: DeploymentResponseGenerator[Item]) -> None:
        self._response = response
        self._ended = False

    async def __aiter__(self) -> AsyncIterator[Item]:
        with _translated():
            async for item in self._response:
                if isinstance(item, Failed):
                    raise item.error
                yield item
        self._ended = True

    async def cancel(self) -> None:
        if not self._ended:
            self._ended = True
            self._response.cancel()


async def one(handle: DeploymentHandle, method: str, *args: object) -> Any:
    """Calls one replica; a caller that goes away cancels the call there."""
    response = getattr(handle, method).remote(*args)
    try:
        with _translated():
            return await response
    except asyncio.CancelledError:
        response.cancel()
        raise


async def each(handle: DeploymentHandle, method: str, *args: object) -> list[Any]:
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
