"""A server on a port of its own, over the async core and a fake engine."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import socket
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from expertserve import ExpertManager
from expertserve.core.registering import Registration
from expertserve.engine.fake import FakeEngine
from expertserve.manager import AsyncExpertManager
from expertserve.package.source import NamedPackage
from expertserve.request import Request
from expertserve.result import Chunk, TokenLogprob
from expertserve.server.local import local_socket
from expertserve.server.parts import Parts
from expertserve.server.run import DrainingServer, load_all
from expertserve.server.settings import ServerSettings
from tests import tiny

Script = Callable[[str], str]


def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Waits for something that another thread does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


@dataclass
class Running:
    """A server in a thread."""

    url: str
    engine: FakeEngine
    parts: Parts
    server: DrainingServer
    thread: threading.Thread
    loop: asyncio.AbstractEventLoop
    clients: list[Any] = field(default_factory=list)

    def http(self, key: str | None = None, **options: Any) -> httpx.Client:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        client = httpx.Client(base_url=self.url, headers=headers, timeout=20, **options)
        self.clients.append(client)
        return client

    def openai(self, key: str = "none", **options: Any) -> openai.OpenAI:
        client = openai.OpenAI(
            base_url=f"{self.url}/v1", api_key=key, **{"max_retries": 0, "timeout": 20, **options}
        )
        self.clients.append(client)
        return client

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(timeout=20)
        assert not self.thread.is_alive()
        for client in self.clients:
            client.close()


async def _run(ready: Callable[[Running], None], make: Callable[[], AsyncExpertManager], engine: FakeEngine, settings: ServerSettings,
               packages: Sequence[NamedPackage | Registration]) -> None:  # fmt: skip
    manager = make()
    try:
        server = DrainingServer(manager, settings)
        await load_all(server.parts, packages)
        with (
            socket.create_server(("127.0.0.1", 0), backlog=512) as listener,
            local_socket(settings.local_folder) as local,
        ):
            if packages:
                await manager.start()

            async def tell() -> None:
                while not server.started:
                    await asyncio.sleep(0.005)
                url = f"http://127.0.0.1:{listener.getsockname()[1]}"
                ready(
                    Running(
                        url,
                        engine,
                        server.parts,
                        server,
                        threading.current_thread(),
                        asyncio.get_running_loop(),
                    )
                )

            task = asyncio.create_task(tell())
            await server.serve(sockets=[listener, *local])
            await task
    finally:
        await manager.close()


Serve = Callable[..., Running]


class Scoring(FakeEngine):
    """Gives the prompt's tokens −1, −2, … and the answer's −0.5, with as many others as asked."""

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        ids, sampling = request.prompt_token_ids, request.sampling
        scored: tuple[TokenLogprob, ...] = ()
        if (most := sampling.prompt_logprobs) is not None:
            scored = tuple(_scored(t, -float(i), most) for i, t in enumerate(ids))[1:]
        async for chunk in super().stream(request):
            told: tuple[TokenLogprob, ...] = ()
            if (more := sampling.logprobs) is not None:
                told = tuple(_scored(t, -0.5, more) for t in chunk.token_ids)
            yield replace(chunk, logprobs=told, prompt_logprobs=scored, cached_tokens=2)


def _scored(token: int, logprob: float, others: int) -> TokenLogprob:
    """A token, the likeliest of all, and others behind it."""
    behind = [(10 + n, logprob - n) for n in range(1, others)]
    return TokenLogprob(token, logprob, ((token, logprob), *behind)[:others])


@contextlib.contextmanager
def servers(models: Path, cache: Path) -> Iterator[Serve]:
    """What starts servers: `serve({"sql": package}, script, delay=…, settings…)`; stops them
    afterwards.
    """
    running: list[Running] = []

    def serve(
        packages: dict[str, Path],
        script: Script = lambda prompt: "SELECT 1",
        *,
        delay: float = 0.0,
        engine: FakeEngine | None = None,
        manager: dict[str, Any] | None = None,
        registrations: Sequence[Registration] = (),
        **settings: Any,
    ) -> Running:
        fake = engine or FakeEngine(script, delay=delay)
        options: dict[str, Any] = {"cache_dir": cache, "models_dir": models, **(manager or {})}
        box: list[Running] = []
        failed: list[BaseException] = []

        def work() -> None:
            try:
                made = ServerSettings(**{"log_json": True, "drain": 5.0, **settings})
                named = [NamedPackage(n, p) for n, p in packages.items()]
                asyncio.run(
                    _run(
                        box.append,
                        lambda: AsyncExpertManager(engine=lambda: fake, **options),
                        fake,
                        made,
                        [*named, *registrations],
                    )
                )
            except BaseException as error:
                failed.append(error)
                raise

        threading.Thread(target=work, daemon=True).start()
        until(lambda: bool(box or failed), 30)
        if failed:
            raise failed[0]
        running.append(box[0])
        return box[0]

    try:
        yield serve
    finally:
        for server in running:
            with contextlib.suppress(RuntimeError):
                server.stop()


@pytest.fixture
def serve(tiny_base: Path, tmp_path: Path) -> Iterator[Serve]:
    """See `servers`."""
    with servers(tiny_base.parent, tmp_path / "cache") as found:
        yield found


@pytest.fixture
def package(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> Callable[..., Path]:
    """Makes packages that differ: `package("sql", description=…)`."""

    def package(name: str, folder: Path | None = None, **changes: Any) -> Path:
        sound = {
            "name": f"expert-{name}",
            "training": {"decoding": {"temperature": 0}},
            "description": f"answers as {name}",
        }
        return tiny.package(
            (folder or tmp_path / "packages") / name, tiny_lora, tiny_base, **(sound | changes)
        )

    return package


def obedient(prompt: str) -> str:
    """What the last turn asks to say, else `one two three`."""
    turn = prompt.rpartition("<|im_start|>user\n")[2].partition("<|im_end|>")[0]
    return turn.partition("say ")[2] or "one two three"


@pytest.fixture(scope="module")
def steady(
    tiny_base: Path, tiny_lora: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """One server for a module's tests: an obedient expert `sql` that tells log-probabilities."""
    folder = tmp_path_factory.mktemp("steady")
    sound = {"name": "expert-sql", "training": {"decoding": {"temperature": 0}}}
    made = tiny.package(folder / "sql", tiny_lora, tiny_base, **sound)
    with servers(tiny_base.parent, folder / "cache") as serve:
        yield serve({"sql": made}, engine=Scoring(obedient))


def events_of(server: Running, route: str, **body: Any) -> list[dict[str, Any]]:
    """A stream's events, the end's mark left out."""
    asked = {"model": "sql", "stream": True, **body}
    with server.http().stream("POST", route, json=asked) as stream:
        lines = [x for x in stream.iter_lines() if x.startswith("data: ")]
        assert stream.status_code == 200, lines
    return [json.loads(x[6:]) for x in lines if x != "data: [DONE]"]


@pytest.fixture
def server(serve: Serve, package: Callable[..., Path]) -> Running:
    """Two experts, `sql` and `json`, with keywords to route by."""
    sql = package(
        "sql",
        routing={"keywords": ["lighthouses", "sql"]},
        takes="schema",
        examples=[{"prompt": "How many?", "schema": "CREATE TABLE t (id INT);"}],
    )
    other = package("json", routing={"keywords": ["extract", "json"]})
    return serve(
        {"sql": sql, "json": other},
        lambda prompt: "SELECT COUNT(*) FROM lighthouses WHERE country = 'Norway'",
    )


def keys_file(path: Path, **keys: dict[str, Any]) -> Path:
    """A key file: the secret of each key is its name with `-secret`."""
    import tomlkit

    tables = [
        {"name": n, "sha256": hashlib.sha256(f"{n}-secret".encode()).hexdigest(), **rights}
        for n, rights in keys.items()
    ]
    path.write_text(tomlkit.dumps({"keys": tables}))
    return path


@pytest.fixture(scope="module")
def real_client(manager: ExpertManager) -> Iterator[openai.OpenAI]:
    """OpenAI's client of a server over the real engine."""
    server = DrainingServer(manager.for_asyncio(), ServerSettings())
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
    )
    thread.start()
    until(lambda: server.started)
    with openai.OpenAI(
        base_url=f"http://127.0.0.1:{listener.getsockname()[1]}/v1", api_key="none", max_retries=0
    ) as client:
        yield client
    server.should_exit = True
    thread.join(timeout=20)
