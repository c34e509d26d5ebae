"""From settings to a listening server, and back: bind, load, start, drain, end."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from urllib.parse import quote

import uvicorn
from fastapi import FastAPI

from expertserve.core.registering import Registration
from expertserve.errors import ConfigError, ExpertError, ExpertNotLoadedError
from expertserve.package.source import NamedPackage
from expertserve.server.app import create_app
from expertserve.server.local import local_socket
from expertserve.server.logs import configure
from expertserve.server.parts import Parts
from expertserve.server.service import Service
from expertserve.server.settings import ServerSettings
from expertserve.server.state import StateEntry, restore
from expertserve.server.watch import watch_packages

log = logging.getLogger("expertserve.server")
KEEP_ALIVE = 75
"""Seconds, more than the 60 of common proxies: they must be the ones who close."""
Announce = Callable[[str, Parts], None]


@dataclass(frozen=True, slots=True)
class WatchedPlaces:
    """What `--watch` looks at, and which packages are loaded already."""

    watch: Sequence[Path]
    loaded: Sequence[Path]


class DrainingServer(uvicorn.Server):
    """Uvicorn that drains at the first SIGINT or SIGTERM, and ends at the second.

    Raises:
        ConfigError: The key file or the state file can't be read.
    """

    def __init__(self, service: Service, settings: ServerSettings) -> None:
        app = create_app(service, settings, lifespan=_lifespan)
        super().__init__(_config(app, settings))
        self.parts: Parts = app.state.parts

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {
            number: signal.signal(number, self.handle_exit)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True
        self.parts.draining = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens until the last request ended, so that `/ready` says that it drains."""
        parts, began = self.parts, time.monotonic()
        parts.draining = True
        log.info("draining", extra={"facts": {"seconds_at_most": parts.settings.drain}})
        while parts.running and not self.force_exit:
            if time.monotonic() - began >= parts.settings.drain:
                break
            await asyncio.sleep(0.05)
        left = max(0.0, parts.settings.drain - (time.monotonic() - began))
        self.config.timeout_graceful_shutdown = left  # type: ignore[assignment]
        await super().shutdown(sockets)
        log.info("stopping", extra={"facts": {"engines": len(self.parts.service.info().engines)}})


def serve(
    make: Callable[[], Service],
    settings: ServerSettings,
    packages: Sequence[NamedPackage | Registration] = (),
    *,
    watch: Sequence[Path] = (),
    strict: bool = False,
    preload: int | None = 0,
    listening: Announce = lambda url, parts: None,
    ready: Announce = lambda url, parts: None,
) -> None:
    """Serves until SIGTERM or Ctrl-C.

    Args:
        make: Makes the service, in the server's event loop.
        packages: Loaded before anything is served, but for names that the state folder knows
            otherwise.
        watch: Packages, and folders of them, that are looked at again each second: changed ones are
            replaced, new ones loaded.
        strict: A folder's broken package ends the start; else it is listed.
        preload: How many experts are prepared in the background once the engine runs, those used
            most first; None is all of them.
        listening: Called with the address once requests are accepted; they wait until the engine
            runs.
        ready: Called once it does.

    Raises:
        ConfigError: The address is taken or not ours.
        ExpertError: A package can't be loaded, or the engine can't start.
    """
    configure(as_json=settings.log_json)
    _check_certificate(settings)
    plain = settings.keys is None and settings.ssl_certfile is None
    folder = settings.local_folder if plain else None
    with _listen(settings) as listener, local_socket(folder) as local:
        sockets = [listener, *local]

        async def begin(server: DrainingServer) -> None:
            await load_all(server.parts, packages, strict=strict)

        async def then(url: str, parts: Parts) -> None:
            ready(url, parts)
            if preload is None or preload > 0:
                await parts.service.preload(preload)

        places = WatchedPlaces(watch, [Path(p.path) for p in packages])
        asyncio.run(_serve(make, settings, begin, places, sockets, listening, then))


def _check_certificate(settings: ServerSettings) -> None:
    """Raises ConfigError `bad_certificate`."""
    if settings.ssl_certfile is None:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings.ssl_certfile, settings.ssl_keyfile)
    except OSError as error:  # ssl's errors are such, too
        raise ConfigError(
            f"{settings.ssl_certfile} and {settings.ssl_keyfile} are no certificate and its key:"
            f" {error.strerror or error}",
            hint="both as PEM files, the key without a passphrase",
            code="bad_certificate",
        ) from error


@contextmanager
def _listen(settings: ServerSettings) -> Iterator[socket.socket]:
    """Binds first, so that a taken port fails before a minute of loading."""
    if settings.uds is not None:
        with _listen_at(settings.uds) as listener:
            yield listener
        return
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise ConfigError(
            f"can't listen on {settings.host} port {settings.port}: {error.strerror or error}",
            hint="another server may run there; --port takes another, 0 a free one",
            code="cannot_listen",
        ) from error
    with listener:
        yield listener


@contextmanager
def _listen_at(path: Path) -> Iterator[socket.socket]:
    """A Unix socket, in place of one that nobody listens at any more."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket() and listener.connect_ex(str(path)) == errno.ECONNREFUSED:
            path.unlink()
        listener.close()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"can't listen at {path}: {error.strerror or error}",
            hint="another server may listen there; --uds takes another path",
            code="cannot_listen",
        ) from error
    with listener:
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


async def _serve(
    make: Callable[[], Service],
    settings: ServerSettings,
    begin: Callable[[DrainingServer], Awaitable[None]],
    places: WatchedPlaces,
    sockets: list[socket.socket],
    listening: Announce,
    ready: Callable[[str, Parts], Awaitable[None]],
) -> None:
    service = make()
    try:
        server = DrainingServer(service, settings)
        await begin(server)
        url = url_of(sockets[0], secure=settings.ssl_certfile is not None)
        tasks = [asyncio.create_task(_start(server, url + settings.root_path, listening, ready))]
        if places.watch:
            watching = watch_packages(server.parts, places.watch, places.loaded)
            tasks.append(asyncio.create_task(watching))
        await server.serve(sockets=sockets)
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
    finally:
        await service.close()


def _config(app: FastAPI, settings: ServerSettings) -> uvicorn.Config:
    """Nothing here comes from the environment; only named proxies' addresses are believed."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.forwarded_allow_ips),
        forwarded_allow_ips=list(settings.forwarded_allow_ips),
        ssl_certfile=settings.ssl_certfile,
        ssl_keyfile=settings.ssl_keyfile,
        workers=1,
        lifespan="on",
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=settings.drain,  # type: ignore[arg-type]
        limit_concurrency=max(2048, 4 * settings.max_pending),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Ends what still runs when the time to drain is over."""
    yield
    await asyncio.sleep(0.05)  # cancelled requests say goodbye


async def load_all(
    parts: Parts, packages: Sequence[NamedPackage | Registration], *, strict: bool = False
) -> None:
    """The command line's packages, then the state's, which override them by name.

    Args:
        strict: One of a folder's packages that can't be loaded ends the start, too.

    Raises:
        ExpertError: One that the command line names can't be loaded. A folder's or the state's is
            only reported.
    """

    def settle(name: str, wanted: Registration) -> Registration | None:
        known = parts.state.find(name)
        if known is None:
            return wanted
        if known.path != os.path.realpath(wanted.path):
            facts = {"expert": name, "path": known.path, "instead_of": str(wanted.path)}
            log.warning("state_goes_before", extra={"facts": facts})
            return None
        return replace(wanted, pin=known.pin, checksum=known.checksum, checkpoint=known.checkpoint)

    wanted = [p if isinstance(p, Registration) else Registration(p.path, p.name) for p in packages]
    done = await parts.service.register_experts(wanted, settle=settle, strict=strict)
    for one in done:
        if one.name is not None and one.error is None:
            parts.metrics.loaded(one.name, "load")
            if parts.state.find(one.name) is None:
                path = os.path.realpath(one.wanted.path)
                parts.state.note(StateEntry(name=one.name, path=path))
    await restore(parts.service, parts.state, lambda name: parts.metrics.loaded(name, "load"))


async def _start(
    server: DrainingServer,
    url: str,
    listening: Announce,
    ready: Callable[[str, Parts], Awaitable[None]],
) -> None:
    """The engine, while the server already listens."""
    parts = server.parts
    while not server.started:
        await asyncio.sleep(0.01)
    began = time.monotonic()
    listening(url, parts)
    log.info("listening", extra={"facts": {"url": url}})
    try:
        await parts.service.start()
        gc.freeze()  # a collection needn't visit what was imported: it would hold up all requests
        log.info("ready", extra={"facts": {"seconds": round(time.monotonic() - began, 2)}})
        await ready(url, parts)
    except ExpertNotLoadedError:
        pass  # nothing to start an engine for yet
    except Exception as error:
        if isinstance(error, ExpertError):
            parts.failure = error
        server.should_exit = True
        raise


def url_of(listener: socket.socket, *, secure: bool = False) -> str:
    """Where a server listens; a Unix socket's path is percent-encoded, as in a URL."""
    scheme, name = "https" if secure else "http", listener.getsockname()
    if isinstance(name, str):
        return f"{scheme}+unix://{quote(name, safe='')}"
    host, port = name[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
