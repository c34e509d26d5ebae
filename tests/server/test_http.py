"""What browsers, proxies and health checks expect of a server, before any expert is asked."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from expertserve.errors import ConfigError
from expertserve.server.ollama import OllamaShape
from expertserve.server.run import NamedPackage
from expertserve.server.run import serve as run
from expertserve.server.settings import ServerSettings
from expertserve.server.shape import NamedEvents, Shape
from tests.server.conftest import Running, Serve, keys_file, until

ASK: Any = {"model": "sql", "messages": [{"role": "user", "content": "How many lighthouses?"}]}
ROUTE = "/v1/chat/completions"
PREFLIGHT = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
}


# ── browsers ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def open_to(serve: Serve, package: Any) -> Running:
    return serve(
        {"sql": package("sql")}, allowed_origins=("https://*.example.com", "http://localhost:*")
    )


@pytest.mark.parametrize("origin", ["https://app.example.com", "http://localhost:5173"])
def test_pages_of_allowed_sites_may_ask(open_to: Running, origin: str) -> None:
    http = open_to.http()
    preflight = http.options(ROUTE, headers={"origin": origin, **PREFLIGHT})
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == origin
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    made = http.post(ROUTE, json=ASK, headers={"origin": origin})
    assert made.status_code == 200 and made.headers["access-control-allow-origin"] == origin
    wrong = http.post(ROUTE, json={"model": "no"}, headers={"origin": origin})
    assert wrong.status_code == 400 and wrong.headers["access-control-allow-origin"] == origin


@pytest.mark.parametrize(
    "origin", ["https://example.org", "https://app.example.com.evil.org", "null", "https://a.example.com:1"]
)  # fmt: skip
def test_pages_of_other_sites_may_not(open_to: Running, origin: str) -> None:
    http = open_to.http()
    preflight = http.options(ROUTE, headers={"origin": origin, **PREFLIGHT})
    assert preflight.status_code >= 400
    assert "access-control-allow-origin" not in preflight.headers
    refused = http.post(ROUTE, json=ASK, headers={"origin": origin})
    assert refused.status_code == 403 and "access-control-allow-origin" not in refused.headers


def test_by_default_no_site_may_ask(server: Running) -> None:
    http = server.http()
    preflight = http.options(ROUTE, headers={"origin": "https://app.example.com", **PREFLIGHT})
    assert preflight.status_code == 403
    assert not [h for h in preflight.headers if h.startswith("access-control")]
    seen = http.get("/v1/models", headers={"origin": "https://app.example.com"})
    assert not [h for h in seen.headers if h.startswith("access-control")]


def test_where_keys_are_needed_an_allowed_site_needs_one_too(
    serve: Serve, package: Any, tmp_path: Path
) -> None:
    origin = "https://app.example.com"
    server = serve(
        {"sql": package("sql")}, keys=keys_file(tmp_path / "k.toml", me={}), allowed_origins=(origin,)
    )  # fmt: skip
    refused = server.http().post(ROUTE, json=ASK, headers={"origin": origin})
    assert refused.status_code == 401 and refused.headers["access-control-allow-origin"] == origin
    made = server.http("me-secret").post(ROUTE, json=ASK, headers={"origin": origin})
    assert made.status_code == 200
    other = server.http("me-secret").post(ROUTE, json=ASK, headers={"origin": "https://other.org"})
    assert other.status_code == 200 and "access-control-allow-origin" not in other.headers


# ── routes ──────────────────────────────────────────────────────────────────────────────────────


PAGES = ("/", "/docs", "/openapi.json", "/static/playground.js", "/static/playground.css")


def test_head_is_every_get_without_its_body(serve: Serve, package: Any) -> None:
    http = serve({"sql": package("sql")}, open_admin=True).http()
    kept = http.post("/v1/responses", json={"model": "sql", "input": "x"}).json()["id"]
    paths = http.get("/openapi.json").json()["paths"]
    gets = [
        p.format(model="sql", name="sql", id=kept) for p, found in paths.items() if "get" in found
    ]
    assert len(gets) >= 10
    for path in (*PAGES, *gets):
        got, head = http.get(path), http.head(path)
        assert head.status_code == got.status_code == 200 and head.content == b"", path
        assert head.headers["content-type"] == got.headers["content-type"], path
    assert http.head("/nowhere").status_code == 404 and http.head(ROUTE).status_code == 405


def test_a_slash_at_the_end_is_the_same_route(server: Running) -> None:
    http = server.http(follow_redirects=False)
    for path in ("/health/", "/v1/models/", "/docs/", "/v1/models/sql/"):
        assert http.get(path).status_code == 200, path
    made = http.post(f"{ROUTE}/", json=ASK)
    assert made.status_code == 200


@pytest.mark.parametrize("kind", [None, "application/x-www-form-urlencoded", "text/plain"])
@pytest.mark.parametrize("route", [ROUTE, "/v1/completions", "/api/generate", "/tokenize"])
def test_a_body_without_its_type_is_read_as_json(
    server: Running, kind: str | None, route: str
) -> None:
    body = json.dumps({"model": "sql", "prompt": "x", **(ASK if route == ROUTE else {})})
    headers = {"content-type": kind} if kind else {}
    made = server.http().post(route, content=body.encode(), headers=headers)
    assert made.status_code == 200, made.text


def test_a_form_is_told_what_is_expected(server: Running) -> None:
    made = server.http().post(ROUTE, data={"model": "sql"}, files={"x": b"1"})
    assert made.status_code in (400, 415, 422) and made.json()["error"]["message"]


@pytest.mark.parametrize("strips", [True, False])
def test_behind_a_prefix_every_link_leads_below_it(
    serve: Serve, package: Any, strips: bool
) -> None:
    server = serve({"sql": package("sql")}, root_path="/team/experts")
    http = server.http(follow_redirects=False)
    before = "" if strips else "/team/experts"
    assert http.post(f"{before}{ROUTE}", json=ASK).status_code == 200
    assert http.get(f"{before}/v1/models/").status_code == 200
    pages = {
        "/team/experts/": f"{before}/",
        "/team/experts/docs": f"{before}/docs",
        "/team/experts/docs/": f"{before}/docs/",
    }
    if not strips:
        pages["/team/experts"] = "/team/experts"
    for seen_at, asked in pages.items():
        text = http.get(asked).text
        links = [p.partition('"')[0] for key in ('src="', 'href="') for p in text.split(key)[1:]]
        targets = {str(httpx.URL(f"http://host{seen_at}").join(x).path) for x in links if ":" not in x and not x.startswith("#")}  # fmt: skip
        assert targets and all(t.startswith("/team/experts/") for t in targets), (seen_at, targets)
        for target in targets:
            path = target.removeprefix("/team/experts") if strips else target
            assert http.get(path).status_code == 200, path
    assert http.get(f"{before}/openapi.json").json()["servers"] == [{"url": "/team/experts"}]


class PlainShape(Shape):
    """The default, which writes nothing of its own."""

    def whole(self, results: Any) -> Any:
        return {}

    def delta(self, chunk: Any) -> Any:
        return []

    def end(self, results: Any) -> Any:
        return []


class NamedShape(NamedEvents, PlainShape):
    """The default of named events."""


# ── streams ─────────────────────────────────────────────────────────────────────────────────────


def test_by_default_a_stream_breathes_every_15_seconds() -> None:
    assert ServerSettings().beat == 15


def test_a_stream_breathes_while_it_waits_for_its_first_token(serve: Serve, package: Any) -> None:
    server = serve({"sql": package("sql")}, lambda prompt: "one", delay=0.7, beat=0.1)
    with server.http().stream("POST", ROUTE, json={**ASK, "stream": True}) as stream:
        lines = [line for line in stream.iter_lines() if line]
    comments = [i for i, line in enumerate(lines) if line.startswith(":")]
    assert len(comments) >= 3 and comments == list(range(len(comments)))
    assert lines[-1] == "data: [DONE]"
    found = list(server.openai().chat.completions.create(**ASK, stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in found) == "one"


def test_what_came_while_a_reader_was_slow_comes_at_once(server: Running) -> None:
    async def read() -> list[list[str]]:
        stream = server.parts.service.generate_stream("sql", "How many?")
        batches = aiter(stream.batches())
        found = [await anext(batches)]
        await asyncio.sleep(0.5)
        found += [batch async for batch in batches]
        return [[chunk.text for chunk in batch] for batch in found]

    batches = asyncio.run_coroutine_threadsafe(read(), server.loop).result(20)
    texts = [text for batch in batches for text in batch]
    assert len(batches) <= 3 < len(texts)
    assert "".join(texts) == "SELECT COUNT(*) FROM lighthouses WHERE country = 'Norway'"


def test_an_error_after_the_first_breath_is_an_event(serve: Serve, package: Any) -> None:
    server = serve({"sql": package("sql")}, delay=5, beat=0.05, request_timeout=0.4)
    with server.http().stream("POST", ROUTE, json={**ASK, "stream": True}) as stream:
        lines = [x for x in stream.iter_lines() if x.startswith("data:")]
    assert json.loads(lines[-1][5:])["error"]["code"] == "request_timeout"
    until(lambda: server.parts.limits.pending == 0 and len(server.engine.aborted) == 1)


@pytest.mark.parametrize("shape", [PlainShape(), NamedShape(), OllamaShape("sql")])
def test_unicodes_line_ends_break_no_event(shape: Shape) -> None:
    event = {"type": "delta", "text": "a\u2028b\u2029c\u0085d ä"}
    sent = shape.encode([event]).decode()
    assert not set("\u2028\u2029\u0085") & set(sent) and "ä" in sent
    line = next(x for x in sent.splitlines() if "{" in x)
    assert json.loads(line[line.index("{") :]) == event


# ── listening ───────────────────────────────────────────────────────────────────────────────────


def test_draining_keeps_ready_reachable_until_the_last_request_ends(
    serve: Serve, package: Any
) -> None:
    server = serve({"sql": package("sql")}, lambda prompt: "a b c d e f g h", delay=0.2)
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(server.http().post(ROUTE, json=ASK)))
    asking.start()
    until(lambda: len(server.engine.requests) == 1)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    until(lambda: server.parts.draining)
    ready = httpx.get(f"{server.url}/ready")
    assert ready.status_code == 503 and "shutting down" in ready.json()["error"]["message"]
    assert httpx.get(f"{server.url}/health").status_code == 200
    late = httpx.post(f"{server.url}{ROUTE}", json=ASK)
    assert late.status_code == 503 and late.json()["error"]["code"] == "shutting_down"
    asking.join()
    stopping.join()
    assert answers[0].status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/health")


def test_a_connection_that_idles_for_a_minute_stays(server: Running) -> None:
    assert server.server.config.timeout_keep_alive > 60


def _in_thread(settings: ServerSettings, base: Path, package: Path, cache: Path) -> Any:
    """A server as the command runs it; gives its address and what stops it."""
    from expertserve.engine.fake import FakeEngine
    from expertserve.manager import AsyncExpertManager

    box: list[Any] = []

    def make() -> AsyncExpertManager:
        return AsyncExpertManager(
            engine=lambda: FakeEngine(lambda prompt: "SELECT 1"), cache_dir=cache, models_dir=base.parent
        )  # fmt: skip

    def work() -> None:
        named = [NamedPackage("sql", package)]
        run(make, settings, named, ready=lambda url, parts: box.append((url, parts)))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    until(lambda: bool(box) or not thread.is_alive(), 30)
    return box[0]


def test_it_listens_at_a_unix_socket(tiny_base: Path, package: Any, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    url, _ = _in_thread(ServerSettings(uds=path), tiny_base, package("sql"), tmp_path / "c")
    assert url.startswith("http+unix://")
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://any") as http:
        assert http.post(ROUTE, json=ASK).status_code == 200
    with pytest.raises(ConfigError) as caught:
        run(lambda: None, ServerSettings(uds=path))  # type: ignore[arg-type,return-value]
    assert caught.value.code == "cannot_listen"


def test_it_speaks_https(tiny_base: Path, package: Any, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    settings = ServerSettings(port=0, ssl_certfile=certificate, ssl_keyfile=key)
    url, _ = _in_thread(settings, tiny_base, package("sql"), tmp_path / "c")
    assert url.startswith("https://")
    import ssl

    made = httpx.post(
        url + ROUTE, json=ASK, verify=ssl.create_default_context(cafile=str(certificate))
    )
    assert made.status_code == 200
    for wrong in (tmp_path / "none.pem", key):
        with pytest.raises(ConfigError) as caught:
            run(lambda: None, ServerSettings(ssl_certfile=wrong, ssl_keyfile=key))  # type: ignore[arg-type,return-value]
        assert caught.value.code == "bad_certificate"


def test_only_named_proxies_are_believed(
    serve: Serve, package: Any, caplog: pytest.LogCaptureFixture
) -> None:
    seen = []
    for name, trusted in (("a", ()), ("b", ("203.0.113.1",)), ("c", ("127.0.0.1",))):
        server = serve({"sql": package(name)}, forwarded_allow_ips=trusted)
        with caplog.at_level(logging.INFO, "expertserve.server"):
            logging.getLogger("expertserve").propagate = True
            server.http().post(ROUTE, json=ASK, headers={"x-forwarded-for": "203.0.113.9"})
            until(lambda: any(r.getMessage() == "request" for r in caplog.records))
        told = [r for r in caplog.records if r.getMessage() == "request"]
        seen.append(told[-1].facts["client"])  # type: ignore[attr-defined]
        caplog.clear()
    assert seen == ["127.0.0.1", "127.0.0.1", "203.0.113.9"]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"root_path": "experts"}, "bad_setting"),
        ({"root_path": "/a/"}, "bad_setting"),
        ({"ssl_certfile": Path("x")}, "bad_setting"),
        ({"state_folder": Path(__file__)}, "bad_folder"),
        ({"experts_folder": Path(__file__)}, "bad_folder"),
        ({"experts_folder": Path("/no/such/folder")}, "bad_folder"),
        ({"beat": 0}, "bad_setting"),
    ],
)
def test_settings_that_can_not_work_are_refused_at_the_start(
    settings: dict[str, Any], code: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        ServerSettings(**settings)
    assert caught.value.code == code
