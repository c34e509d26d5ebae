"""The playground in a real browser: Debian's chromium, driven by playwright."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.conftest import Running, Serve, keys_file, until

ROOT = Path(__file__).parents[2]
QUESTION = "How many lighthouses are in Norway?"
ANSWER = "SELECT COUNT(*) FROM lighthouses WHERE country = 'Norway'"


def test_the_pages_bring_everything_themselves(server: Running) -> None:
    http = server.http()
    for path in (
        "/",
        "/docs",
        "/static/playground.css",
        "/static/playground.js",
        "/static/docs.js",
    ):
        response = http.get(path)
        assert (
            response.status_code == 200
            and "http://" not in response.text
            and "https://" not in response.text
        ), path
    assert "default-src 'none'" in http.get("/").headers["content-security-policy"]
    assert "innerHTML" not in http.get("/static/playground.js").text
    for path in (
        "/static/nothing",
        "/static/../app.py",
        "/static/%2e%2e%2fapp.py",
        "/static/playground.html",
    ):
        assert http.get(path).status_code == 404


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, "apt-get install chromium"
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 1280, "height": 820})
    page.set_default_timeout(15_000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text) if "Content Security Policy" in message.text else None
        ),
    )
    yield page
    page.close()
    assert complaints == []


def _open(page: Any, server: Running) -> None:
    page.goto(server.url)
    page.wait_for_selector(".card")


def _until(page: Any, script: str) -> None:
    """Playwright's own waiting needs eval, which the page's policy forbids."""
    for _ in range(500):
        if page.evaluate(script):
            return
        page.wait_for_timeout(30)
    raise AssertionError(script)


@pytest.mark.long
def test_it_lists_experts_and_streams_an_answer_with_its_proof(page: Any, server: Running) -> None:
    _open(page, server)
    assert page.locator(".card .name").all_inner_texts() == ["sql", "json", "tiny", "auto"]
    assert "answers as sql" in page.locator(".card").first.inner_text()
    page.fill("#prompt", QUESTION)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".answer[aria-busy=false] dd", state="attached")
    assert page.locator(".answer pre").inner_text() == ANSWER
    facts = page.locator(".facts").inner_text()
    assert "tokens/s" in facts and "no grammar" in facts and "first after" in facts
    assert len(page.locator(".digests dd").first.text_content()) == 64


@pytest.mark.long
def test_two_experts_are_compared_side_by_side_and_auto_names_its_choice(
    page: Any, server: Running
) -> None:
    _open(page, server)
    page.fill("#prompt", QUESTION)
    page.select_option("#other", "auto")
    page.click("#ask")
    _until(page, "document.querySelectorAll('.answer[aria-busy=false] dd').length >= 6")
    assert page.locator(".answer h3").all_inner_texts() == ["sql", "auto → sql"]
    left, right = (page.locator(".answer").nth(i).bounding_box() for i in (0, 1))
    assert left["y"] == right["y"] and left["x"] < right["x"]
    page.set_viewport_size({"width": 380, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 380


@pytest.mark.long
def test_stopping_aborts_in_the_engine(page: Any, serve: Serve, package: Any) -> None:
    server = serve({"sql": package("sql")}, lambda prompt: ANSWER * 5, delay=0.1)
    _open(page, server)
    page.fill("#prompt", QUESTION)
    page.click("#ask")
    _until(page, "document.querySelector('.answer pre')?.textContent.length > 3")
    page.keyboard.press("Escape")
    page.wait_for_selector(".answer[aria-busy=false]")
    assert "stopped" in page.locator(".facts").inner_text()
    until(lambda: len(server.engine.aborted) == 1)
    assert page.is_visible("#ask") and not page.is_visible("#cancel")


@pytest.mark.long
def test_an_error_is_shown_with_its_hint_and_packages_can_not_write_html(
    page: Any, serve: Serve, package: Any
) -> None:
    evil = "<img src=x onerror=document.title='owned'>"
    server = serve({"sql": package("sql", description=evil)}, lambda prompt: evil)
    _open(page, server)
    page.fill("#prompt", QUESTION)
    page.fill("#max", "4096")
    page.click("#ask")
    page.wait_for_selector(".problem:not([hidden])")
    assert "4,096" in page.locator(".problem").inner_text()
    page.fill("#max", "200")
    page.click("#ask")
    page.wait_for_selector(".answer[aria-busy=false] dd", state="attached")
    assert (
        page.locator(".answer pre").inner_text() == evil
        and evil in page.locator(".card").first.inner_text()
    )
    assert page.title() == "expertserve playground"


@pytest.mark.long
def test_a_key_is_asked_for_and_then_used(
    page: Any, serve: Serve, package: Any, tmp_path: Path
) -> None:
    server = serve(
        {"sql": package("sql")},
        lambda prompt: ANSWER,
        keys=keys_file(tmp_path / "keys.toml", me={}),
    )
    page.goto(server.url)
    page.wait_for_selector("#key-dialog[open]")
    page.fill("#key", "wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("#key-dialog[open]")
    _until(page, "document.getElementById('status-text').textContent.includes('not valid')")
    page.fill("#key", "me-secret")
    page.keyboard.press("Enter")
    page.wait_for_selector(".card")
    page.fill("#prompt", QUESTION)
    page.click("#ask")
    page.wait_for_selector(".answer[aria-busy=false] dd", state="attached")
    assert page.locator(".answer pre").inner_text() == ANSWER


@pytest.mark.long
def test_a_first_visit_finds_an_expert_with_an_example(
    page: Any, serve: Serve, package: Any
) -> None:
    example = {"prompt": "How many?", "schema": "CREATE TABLE t (id INT);"}
    experts = {"json": package("json"), "sql": package("sql", takes="schema", examples=[example])}
    server = serve(experts, lambda prompt: ANSWER)
    _open(page, server)
    assert page.locator("input[name=expert]:checked").get_attribute("value") == "sql"
    assert page.get_attribute("#prompt", "placeholder") == "How many?"
    assert page.is_visible("#schema-hint") and page.is_disabled("#restrict")
    limit = server.http().get("/v1/models/sql").json()["max_model_len"]
    assert f"of {limit} tokens" in page.locator("#limit").inner_text()
    page.check("input[value=json]")
    assert not page.is_visible("#schema-hint")


@pytest.mark.long
def test_a_question_with_schema_restriction_and_settings(
    page: Any, serve: Serve, package: Any
) -> None:
    own = {"temperature": 0, "use_grammar": True, "grammar_type": "sql"}
    sql = package("sql", takes="schema", training={"decoding": own})
    server = serve({"sql": sql}, lambda prompt: "SELECT id FROM t")
    _open(page, server)
    page.fill("#prompt", QUESTION)
    page.fill("#schema", "CREATE TABLE t (id INT);")
    page.check("#restrict")
    page.click("#more summary")
    page.fill("#system", "Be brief.")
    page.fill("#temperature", "0.5")
    page.click("#ask")
    page.wait_for_selector(".answer[aria-busy=false] dd", state="attached")
    assert page.locator(".answer pre").inner_text() == "SELECT id FROM t"
    facts = page.locator(".facts").inner_text()
    assert "follows the grammar" in facts and "valid" not in facts
    request = server.engine.requests[-1]
    assert request.sampling.temperature == 0.5 and request.constraint is not None
    assert not page.is_visible(".digests")
    page.click(".proof summary")
    assert page.is_visible(".digests")
    for kind, word in (("curl", "curl http"), ("Python", "from openai import"), ("JavaScript", "new OpenAI")):  # fmt: skip
        page.select_option(".code", kind)
        code = page.locator(".snippet").inner_text()
        assert word in code and "restrict_to_schema" in code and "Be brief." in code
    page.fill("#prompt", "another")
    page.click("#history summary")
    page.click("#asked button")
    assert page.input_value("#prompt") == QUESTION


@pytest.mark.long
def test_the_code_it_shows_runs(page: Any, server: Running) -> None:
    _open(page, server)
    page.fill("#prompt", "How many 'lighthouses' are \"there\"?")
    page.click("#ask")
    page.wait_for_selector(".answer[aria-busy=false] dd", state="attached")
    for kind, command in (("curl", ["bash", "-c"]), ("Python", [sys.executable, "-c"])):
        page.select_option(".code", kind)
        code = page.locator(".snippet").text_content()
        made = subprocess.run([*command, code], capture_output=True, text=True, timeout=60)
        assert ANSWER in made.stdout, made.stderr


@pytest.mark.long
def test_a_rate_limit_is_told_where_the_answer_would_be(
    page: Any, serve: Serve, package: Any, tmp_path: Path
) -> None:
    keys = keys_file(tmp_path / "keys.toml", me={"requests_per_minute": 1})
    server = serve({"sql": package("sql")}, lambda prompt: ANSWER, keys=keys)
    page.goto(server.url)
    page.wait_for_selector("#key-dialog[open]")
    page.fill("#key", "me-secret")
    page.keyboard.press("Enter")
    page.wait_for_selector(".card")
    page.fill("#prompt", QUESTION)
    for _ in range(2):
        page.click("#ask")
        page.wait_for_selector(".answer[aria-busy=false]")
    assert "times a minute" in page.locator(".answer .problem").inner_text()


@pytest.mark.long
def test_on_a_phone_the_answer_is_in_view(page: Any, server: Running) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    _open(page, server)
    page.fill("#prompt", QUESTION)
    page.click("#ask")
    page.wait_for_selector(".answer[aria-busy=false] dd", state="attached")
    box = page.locator(".answer pre").bounding_box()
    assert box["y"] >= 0 and box["y"] + 40 <= 844, box
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.long
@pytest.mark.parametrize("at", ["/team/experts/", "/team/experts"])
def test_behind_a_prefix_it_works_too(page: Any, serve: Serve, package: Any, at: str) -> None:
    server = serve({"sql": package("sql")}, lambda prompt: ANSWER, root_path="/team/experts")
    page.goto(server.url + at)
    page.wait_for_selector(".card")
    page.fill("#prompt", QUESTION)
    page.click("#ask")
    page.wait_for_selector(".answer[aria-busy=false] dd", state="attached")
    assert page.locator(".answer pre").inner_text() == ANSWER
    page.click("nav a")
    page.wait_for_selector("summary")
    assert page.url.endswith("/team/experts/docs")


@pytest.mark.long
def test_everything_can_be_reached_by_keyboard(page: Any, server: Running) -> None:
    _open(page, server)
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "document.activeElement.id || document.activeElement.name || document.activeElement.tagName"
            )
        )
    for wanted in ("key-open", "expert", "prompt", "schema", "ask", "other", "max"):
        assert wanted in reached, (wanted, reached)


@pytest.mark.long
def test_the_routes_page_lists_every_route(page: Any, server: Running) -> None:
    page.goto(f"{server.url}/docs")
    page.wait_for_selector("summary")
    shown = page.locator("summary").all_inner_texts()
    spec = server.http().get("/openapi.json").json()
    assert len(shown) == sum(len(methods) for methods in spec["paths"].values())
    assert any("/v1/chat/completions" in s for s in shown)
    chat = page.locator("details", has_text="/v1/chat/completions").first
    chat.locator("summary").click()
    text = chat.inner_text()
    for words in ("for example", "an answer", "lighthouses", "Choose among the likeliest", "429"):
        assert words in text, words
    assert not any(
        name in page.content() for name in spec["components"]["schemas"] if len(name) > 8
    )


@pytest.mark.long
def test_the_picture_in_the_docs_is_what_it_looks_like(
    page: Any, serve: Serve, package: Any
) -> None:
    """Writes docs/images/playground.png, where EXPERTSERVE_SCREENSHOT says so; else only that it
    can be taken.
    """
    texts = {
        "sql": "Questions about a relational schema → one SELECT that SQLite and PostgreSQL both read.",
        "cypher": "Questions about a property graph → one Cypher query.",
        "json-extract": "Text and a JSON schema → the object that the text describes.",
    }
    experts = {name: package(name, description=text) for name, text in texts.items()}
    loose = "Norway has many lighthouses along its coast."
    server = serve(experts, lambda prompt: ANSWER if "Dialect" in prompt else loose, delay=0.03)
    _open(page, server)
    page.fill("#prompt", QUESTION)
    page.click("#schema-box summary")
    page.fill(
        "#schema",
        "CREATE TABLE lighthouses (id INTEGER PRIMARY KEY, name TEXT, country TEXT, height INTEGER);",
    )
    page.select_option("#other", "tiny")
    page.keyboard.press("Control+Enter")
    _until(page, "document.querySelectorAll('.answer[aria-busy=false] dd').length >= 5")
    page.evaluate("document.activeElement.blur()")
    picture = page.screenshot()
    box = page.locator("#restrict").bounding_box()
    assert picture.startswith(b"\x89PNG") and box["width"] == box["height"]
    if os.environ.get("EXPERTSERVE_SCREENSHOT"):
        target = ROOT / "docs" / "images" / "playground.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(picture)
