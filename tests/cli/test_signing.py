"""`expertserve keygen`, `sign` and `verify`, and `--trust`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.conftest import run


def test_a_publisher_signs_and_a_user_demands_it(
    ask: Any, tiny_package: Path, tmp_path: Path
) -> None:
    pem, archive, cache = (
        tmp_path / "k.pem",
        tmp_path / "x.expert",
        ["--cache-dir", tmp_path / "cache"],
    )
    public = run("keygen", pem).stdout.strip()
    assert public.startswith("ed25519:") and run("keygen", pem).exit_code == 2
    run("pack", tiny_package, "-o", archive)
    assert run("verify", archive, *cache).exit_code == 5
    assert (
        ask("generate", archive, "q", "--trust", "require", "--trusted-key", public).exit_code == 5
    )
    assert "not signed" in ask("generate", archive, "q", "--trust", "warn").stderr
    assert json.loads(run("sign", archive, "--key", pem, "--json").stdout)["status"] == "valid"
    assert run("verify", archive, *cache).exit_code == 0
    facts = json.loads(
        run("verify", archive, "--trusted-key", f"{pem}.pub", "--json", *cache).stdout
    )
    assert (facts["status"], facts["key"], facts["trusted"], facts["uncovered"]) == (
        "valid",
        public,
        True,
        [],
    )
    strangers = "ed25519:" + "ab" * 32
    assert run("verify", archive, "--trusted-key", strangers, *cache).exit_code == 5
    for command in (
        ["generate", archive, "q"],
        ["prepare", archive],
        ["inspect", archive],
        ["bench", archive, "-n", 1],
        ["chat", archive],
    ):
        assert ask(*command, "--trust", "require", "--trusted-key", public).exit_code == 0, command
        assert ask(*command, "--trust", "require", "--trusted-key", strangers).exit_code == 5, (
            command
        )
        assert (
            ask(
                *command,
                env={"EXPERTSERVE_TRUST": "require", "EXPERTSERVE_TRUSTED_KEYS": strangers},
            ).exit_code
            == 5
        ), command
    assert ask("inspect", archive, "--trust", "require").exit_code == 2, "nothing could be trusted"


def test_a_changed_package_is_refused_unless_trust_is_off(
    ask: Any, tiny_package: Path, tmp_path: Path
) -> None:
    run("keygen", tmp_path / "k.pem")
    assert run("sign", tiny_package, "--key", tmp_path / "k.pem").exit_code == 0
    path = tiny_package / "manifest.json"
    path.write_text(path.read_text().replace("a tiny expert", "another"))
    done = ask("generate", tiny_package, "q", "--json")
    assert done.exit_code == 5 and json.loads(done.stdout)["error"]["code"] == "signature_invalid"
    assert ask("generate", tiny_package, "q", "--trust", "off").exit_code == 0
    assert run("pack", tiny_package, "-o", tmp_path / "x.expert").exit_code == 5


def test_protected_keys_need_their_passphrase(tiny_package: Path, tmp_path: Path) -> None:
    pem = tmp_path / "k.pem"
    made = run("keygen", pem, "--encrypt", "--json", input="sesame\nsesame\n")
    assert (
        made.exit_code == 0
        and json.loads(made.stdout.splitlines()[-1])["encrypted"]
        and b"ENCRYPTED" in pem.read_bytes()
    )
    for env, code in (
        ({}, "passphrase_needed"),
        ({"EXPERTSERVE_KEY_PASSPHRASE": "no"}, "wrong_passphrase"),
    ):
        done = run("sign", tiny_package, "--key", pem, "--json", env=env)
        assert (done.exit_code, json.loads(done.stdout)["error"]["code"]) == (2, code)
    assert (
        run(
            "sign", tiny_package, "--key", pem, env={"EXPERTSERVE_KEY_PASSPHRASE": "sesame"}
        ).exit_code
        == 0
    )
