"""A key's limits against three ingress processes."""

from __future__ import annotations

import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from expertserve.server.auth import hash_of
from tests.ray.conftest import LITTLE, Deploy, body
from tests.ray.test_serving import kill

pytestmark = [pytest.mark.long, pytest.mark.timeout(180)]
A_MINUTE = 120
SECONDS = 20.0


def test_a_keys_rate_holds_over_all_ingresses_also_while_who_counts_is_killed(
    deploy: Deploy, fifty: list[Path], tmp_path: Path
) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text(
        f'[[keys]]\nname = "reports"\nsha256 = "{hash_of("secret")}"\n'
        f"requests_per_minute = {A_MINUTE}\n"
    )
    app = deploy(
        "limits",
        experts=[str(fifty[0])],
        ingress={"number": 3, "resources": LITTLE},
        server={"keys": str(keys)},
    )
    answers: Counter[int] = Counter()
    end = time.monotonic() + SECONDS

    def ask() -> None:
        with app.http(headers={"authorization": "Bearer secret"}) as client:
            while time.monotonic() < end:
                answers[client.post("/v1/chat/completions", json=body("e00")).status_code] += 1

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(SECONDS / 2)
    kill("limits:catalogue")
    for thread in threads:
        thread.join()
    app.delete()
    print(f"{dict(answers)} in {SECONDS:g} s; its minute is {A_MINUTE}")
    assert set(answers) == {200, 429}
    most = A_MINUTE + 1.1 * SECONDS * A_MINUTE / 60
    assert A_MINUTE <= answers[200] <= most + 3, "three of them would have let 400 in"
