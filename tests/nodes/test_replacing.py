"""An expert is replaced on all nodes while clients ask it."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.nodes.conftest import Site
from tests.ray import stand_ins
from tests.ray.conftest import App, body, make_experts, until
from tests.ray.test_serving import told

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20"),
]
CLIENTS = 16
VERSIONS = [f"0.{i}.0" for i in range(2, 6)]


@pytest.fixture(scope="module")
def app(site: Site) -> Iterator[App]:
    site.restore()
    made = site.deploy(engine=stand_ins.TELLING, engine_args={"words": 24, "delay": 0.01})
    until(lambda: len(made.reports()) == 2, 60)
    yield made
    made.delete()


class Asking:
    """Clients of one expert, half of them for streams: which version said which words."""

    def __init__(self, app: App, expert: str) -> None:
        self._app, self._expert = app, expert
        self.said: dict[str, set[str]] = defaultdict(set)
        self.counts: Counter[str] = Counter()
        self.failed: list[str] = []
        self.from_now_on = ""
        """The one version that those may say who ask from now on."""
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(i,)) for i in range(CLIENTS)]

    def __enter__(self) -> Asking:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _run(self, number: int) -> None:
        stream = number % 2 == 0
        with self._app.http() as client:
            while not self._stop.is_set():
                wanted = self.from_now_on
                try:
                    self._judge(
                        client.post("/v1/chat/completions", json=body(self._expert, stream=stream)),
                        stream,
                        wanted,
                    )
                except httpx.HTTPError as error:
                    self.failed.append(repr(error))

    def _judge(self, answer: httpx.Response, stream: bool, wanted: str) -> None:
        if answer.status_code != 200 or (stream and not answer.text.endswith("[DONE]\n\n")):
            self.failed.append(f"{answer.status_code} {answer.text[-300:]}")
            return
        version, words = answer.headers["x-expertserve-version"], set(told(answer, stream).split())
        if len(words) != 1:
            self.failed.append(f"a mixture: {words}")
        elif wanted and VERSIONS.index(version) < VERSIONS.index(wanted):
            self.failed.append(f"{version} answered after {wanted} was there")
        else:
            self.said[version] |= words
            self.counts[version] += 1


def test_replacing_an_expert_on_all_nodes_shows_nobody_an_error_or_a_mixture(
    site: Site, app: App, tiny_base: Path, tiny_lora: Path
) -> None:
    packages = [
        make_experts(site.experts, tiny_base, tiny_lora, ["rolled"], version=version, seed=i + 2)[0]
        for i, version in enumerate(VERSIONS)
    ]
    with app.http() as client:
        first = {"name": "rolled", "path": packages[0].name}
        assert client.post("/v1/experts", json=first).status_code == 201
        with Asking(app, "rolled") as asking:
            for version, package in zip(VERSIONS, packages, strict=True):
                answer = client.put("/v1/experts/rolled", json={"path": package.name})
                assert answer.status_code == 200, answer.text
                asking.from_now_on = version
                at = asking.counts.total()
                until(lambda at=at: asking.counts.total() > at + 3 * CLIENTS, 60)  # type: ignore[misc]
        assert not asking.failed, asking.failed[:3]
        words = list(asking.said.values())
        print(f"replaced three times: {dict(asking.counts)}")
        assert set(asking.said) == set(VERSIONS) and all(len(w) == 1 for w in words)
        assert len(set.union(*words)) == len(VERSIONS), "each version has words of its own"
