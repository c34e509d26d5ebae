"""HTTP requests to a server without a socket."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from expertserve.adapters.settings import CONFIG
from expertserve.package.members import WEIGHTS
from tests.fuzz import draw
from tests.fuzz.guard import Broken
from tests.fuzz.packages import ADAPTERS, MANIFEST, base


class Site:
    """A server without a socket: requests go to the application itself."""

    def __init__(self, root: Path) -> None:
        import httpx

        from expertserve.engine.fake import FakeEngine
        from expertserve.manager import AsyncExpertManager
        from expertserve.server.app import create_app
        from expertserve.server.settings import ServerSettings

        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        _, config, weights = ADAPTERS[0]
        made = {
            "manifest.json": json.dumps(MANIFEST | {"integrity": {}}).encode(),
            CONFIG: json.dumps(config).encode(),
            WEIGHTS: weights,
        }
        self.folder = root / "served"
        for name in ("one", "two"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
            for file, content in made.items():
                (self.folder / name / file).write_bytes(content)
        self.root = root
        self.manager = AsyncExpertManager(
            engine=lambda: FakeEngine(lambda prompt: "SELECT 1"),
            cache_dir=root / "state",
            models_dir=base(root).parent,
        )
        settings = ServerSettings(
            open_admin=True,
            experts_folder=self.folder,
            max_upload_bytes=1 << 20,
            request_timeout=20,
        )
        self.app = create_app(self.manager, settings)
        self.loop = asyncio.new_event_loop()
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://127.0.0.1"
        )
        self.loop.run_until_complete(self.reset())

    async def reset(self) -> None:
        """Back to one expert."""
        for info in await self.manager.list_loaded_experts():
            if info.name != "sql":
                await self.manager.unload_expert(info.name, force=True)
        await self.manager.load_expert("sql", self.folder / "one")
        await self.manager.start()

    async def idle(self, seconds: float = 5.0) -> bool:
        """Whether nothing runs any more; a cancelled request ends on the engine's own loop, a moment
        after its client was answered.
        """
        until = time.monotonic() + seconds
        while self.app.state.parts.limits.pending or self.manager.info().running:
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.005)
        return True

    async def ask(self, method: str, path: str, kind: str, body: bytes) -> None:
        import httpx

        try:
            response = await self.client.request(
                method, path, content=body, headers={"content-type": kind}
            )
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError, ValueError):
            return  # no request at all
        if response.status_code >= 500 and response.status_code not in (503, 504):
            raise Broken(f"{method} {path}: {response.status_code} {response.text[:300]}")
        if (
            response.status_code >= 400
            and method != "HEAD"
            and "message" not in response.json().get("error", {})
        ):
            raise Broken(f"{response.status_code} without an error: {response.text[:300]}")
        if not await self.idle():
            raise Broken("a request goes on without its client")
        if [i.name for i in await self.manager.list_loaded_experts()] != ["sql"]:
            await self.reset()


@cache
def site_of(root: Path) -> Site:
    return Site(root)


def http(data: bytes, root: Path) -> None:
    """A first line `METHOD PATH CONTENT-TYPE`, then the body."""
    line, _, body = data.partition(b"\n")
    words = line.decode("latin-1").split(" ")
    method, path, kind = (*words, "", "", "")[:3]
    if (
        method not in ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS")
        or not path.startswith("/")
        or not kind.isprintable()
    ):
        return
    site = site_of(root)
    site.loop.run_until_complete(site.ask(method, path, kind, body))


CHAT: dict[str, Any] = {
    "model": "sql", "messages": [{"role": "user", "content": "How many?"}], "max_tokens": 5, "temperature": 0.5, "top_p": 0.9, "n": 2,
    "stop": [";"], "seed": 1, "stream": False, "schema": "CREATE TABLE t (id INT)", "thinking": False, "logprobs": True, "top_logprobs": 1,
}  # fmt: skip
PARTS: dict[str, Any] = {
    "model": "auto", "messages": [{"role": "system", "content": [{"type": "text", "text": "x"}]}, {"role": "tool", "content": "1"}],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}], "stream": True,
    "stream_options": {"include_usage": True}, "response_format": {"type": "text"},
}  # fmt: skip
TEXT = {"model": "tiny", "prompt": ["a", "b"], "logprobs": 1, "max_tokens": 3, "echo": False}


def request_of(line: str) -> Callable[[bytes], bytes]:
    return lambda body: line.encode() + b"\n" + body


HTTP = st.one_of(
    draw.json_texts(CHAT, PARTS).map(request_of("POST /v1/chat/completions application/json")),
    draw.json_texts(TEXT).map(request_of("POST /v1/completions application/json")),
    draw.json_texts({"name": "x", "path": "two", "pin": True, "checksum": None}).map(
        request_of("POST /v1/experts application/json")
    ),
    draw.json_texts({"path": "two"}).map(request_of("PUT /v1/experts/sql application/json")),
    draw.damaged(draw.zips()).map(request_of("POST /v1/experts?name=up application/octet-stream")),
    draw.damaged(draw.json_texts(CHAT)).map(
        request_of("POST /v1/chat/completions application/json")
    ),
    st.sampled_from(
        ["/v1/models", "/v1/models/%2e%2e", "/metrics", "/v1/experts/sql", "/ready", "/x"]
    ).map(lambda p: f"GET {p} -\n".encode()),
)
