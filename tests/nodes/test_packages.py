"""A package that one node has comes to another one from there."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.nodes.conftest import Site, part
from tests.ray.conftest import App, body, make_experts, until

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20"),
]


class Counting(SimpleHTTPRequestHandler):
    """Serves a folder and counts what is fetched."""

    gets: Counter[str]

    def do_GET(self) -> None:
        self.gets[self.path.rpartition("/")[2]] += 1
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None: ...


@contextmanager
def store(folder: Path) -> Iterator[tuple[str, Counter[str]]]:
    """An HTTP server's address, and how often each file was fetched."""
    Counting.gets = Counter()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Counting, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", Counting.gets
        finally:
            server.shutdown()
            thread.join()


def test_the_second_node_has_a_package_from_the_first(
    site: Site, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    site.restore()
    (package,) = make_experts(tmp_path / "store", tiny_base, tiny_lora, ["far"])
    with store(package.parent) as (url, gets):
        app = site.deploy(
            experts=[f"far={url}/{package.name}"],
            cache_dir=None,  # each node has one of its own
            catalogue=part("head"),
            spill=0,
            engine_args={"answer": "SELECT 1", "delay": 0.05},
        )
        until(lambda: len(app.reports()) == 2, 60)
        at_start = gets[package.name]
        ask(app, 1)
        first = gets[package.name] - at_start
        assert at_start and first == 1, "the catalogue has it, and then the replica that was asked"
        until(lambda: ask(app, 16) and min(loaded(app)) > 0, 60)
        assert gets[package.name] == at_start + first, "the second one asked its neighbour"
        app.delete()


def ask(app: App, together: int) -> bool:
    """Clients that ask at once."""
    failed: list[str] = []

    def one() -> None:
        with httpx.Client(base_url=app.url, timeout=60) as client:
            answer = client.post("/v1/chat/completions", json=body("far"))
            failed.extend([answer.text] if answer.status_code != 200 else [])

    threads = [threading.Thread(target=one) for _ in range(together)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed[:3]
    return True


def loaded(app: App) -> list[int]:
    """How often each replica's expert was used."""
    return [one.uses for report in app.reports() for one in report.experts]
