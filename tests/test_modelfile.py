"""An Ollama Modelfile becomes a package that says the same, or is refused by name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from expertserve.errors import ConfigError
from expertserve.init.modelfile import import_modelfile, read_modelfile, to_jinja
from expertserve.prompt.template import render
from tests import tiny
from tests.cli.conftest import run

CHATML = '''"""{{ if .System }}<|im_start|>system
{{ .System }}<|im_end|>
{{ end }}{{ if .Prompt }}<|im_start|>user
{{ .Prompt }}<|im_end|>
{{ end }}<|im_start|>assistant
{{ .Response }}<|im_end|>
"""'''
WHOLE = """{{- if .System }}[S]{{ .System }}[/S]
{{- end }}
{{- range .Messages }}
{{- if eq .Role "user" }}[U]{{ .Content }}[/U]
{{- else if eq .Role "assistant" }}{{ .Content }}</s>
{{- end }}
{{- end }}"""
ASKED = [{"role": "user", "content": "How many?"}]
LONG = [
    {"role": "system", "content": "Be brief."},
    *ASKED,
    {"role": "assistant", "content": "One."},
    {"role": "user", "content": "And now?"},
]


def written(template: str, messages: list[Any]) -> str:
    return render(
        to_jinja(template),
        messages=messages,
        add_generation_prompt=True,
        bos_token="",
        eos_token="",
    )


@pytest.fixture
def folder(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> Path:
    """A Modelfile's folder with an adapter beside it."""
    shutil.copytree(tiny_lora, tmp_path / "lamps" / "adapter")
    return tmp_path / "lamps"


def imported(
    folder: Path, models: Path, text: str, **given: Any
) -> tuple[dict[str, Any], list[str]]:
    (folder / "Modelfile").write_text(text)
    target = folder.parent / "made"
    made, remarks = import_modelfile(folder / "Modelfile", target, models_dir=models, **given)
    return json.loads((made / "manifest.json").read_text()), remarks


def test_each_line_finds_its_place(folder: Path, tiny_base: Path) -> None:
    manifest, remarks = imported(
        folder,
        tiny_base.parent,
        "# lamps\nFROM ./tiny.Q4_K_M.gguf\nadapter ./adapter\n"
        f"TEMPLATE {CHATML}\n"
        'SYSTEM """Answer in\nSQL."""\n'
        'PARAMETER temperature 0.2\nPARAMETER top_k 20\nPARAMETER stop ";"\nPARAMETER stop "\\n\\n"\n'
        "PARAMETER num_predict 160\nPARAMETER repeat_penalty 1.1\nPARAMETER num_ctx 4096\n"
        "LICENSE MIT\n",
    )
    (base,) = manifest["base_models"]
    assert (manifest["name"], manifest["license"]) == ("expert-lamps", "MIT")
    assert (base["name"], base["prompt_template"]) == ("tiny", "chatml")
    assert base["adapters"][0]["type"] == "lora"
    assert manifest["prompt"] == {"system": "Answer in\nSQL."}
    assert manifest["training"]["decoding"] == {
        "temperature": 0.2,
        "top_k": 20,
        "max_tokens": 160,
        "repetition_penalty": 1.1,
        "stop_sequences": [";", "\n\n"],
    }
    assert remarks == ["PARAMETER num_ctx is left out: the engine's: --max-model-len"]


def test_what_ollama_would_do_unasked_is_said(folder: Path, tiny_base: Path) -> None:
    text = "FROM tiny\nADAPTER adapter\nPARAMETER num_predict -1\nPARAMETER mirostat 1\n"
    manifest, remarks = imported(folder, tiny_base.parent, text, template="chatml")
    assert manifest["training"]["decoding"]["temperature"] == 0.0
    said = " ".join(remarks)
    assert "num_predict -1" in said and "mirostat" in said and "names no temperature" in said


def test_the_command_makes_a_package_that_passes_check(folder: Path, tiny_base: Path) -> None:
    (folder / "Modelfile").write_text(f"FROM tiny\nADAPTER adapter\nTEMPLATE {CHATML}\n")
    where = ["--models-dir", tiny_base.parent, "--cache-dir", folder / "cache"]
    made = folder / "made"
    done = run("import", folder / "Modelfile", "-o", made, "--json", *where)
    facts = json.loads(done.stdout)
    assert done.exit_code == 0 and facts["folder"] == str(made) and len(facts["remarks"]) == 1
    assert run("pack", made, "-o", folder / "x.expert").exit_code == 0
    again = run("import", folder / "Modelfile", "-o", made, *where)
    assert again.exit_code == 2 and "exists already" in again.stderr


@pytest.mark.parametrize("messages", [ASKED, LONG])
def test_a_template_of_turns_writes_what_ollama_writes(messages: list[Any]) -> None:
    template = CHATML.strip('"')
    turns = [f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages]
    assert written(template, messages) == "".join(turns) + "<|im_start|>assistant\n"


def test_a_template_of_messages_writes_what_ollama_writes() -> None:
    assert written(WHOLE, LONG) == "[S]Be brief.[/S][U]How many?[/U]One.</s>[U]And now?[/U]"
    assert written(WHOLE, ASKED) == "[U]How many?[/U]"


def test_braces_and_quotes_of_a_template_are_text() -> None:
    text = 'say "x" {% if %} {# no #} \\ and é: {{ .Prompt }}!'
    assert written(text, ASKED) == 'say "x" {% if %} {# no #} \\ and é: How many?!'


def test_messages_of_one_role_that_follow_each_other_are_joined() -> None:
    assert written("[{{ .Prompt }}]", [*ASKED, *ASKED]) == "[How many?\n\nHow many?]"


@pytest.mark.parametrize(
    "template",
    [
        "{{ range $i, $m := .Messages }}{{ end }}",
        "{{ .Tools }}",
        "{{ if .Prompt }}{{ .Response }}{{ end }}",
        "{{ if .Prompt }}",
        "{{ end }}",
        '{{ if (and .System (eq .Role "x")) }}{{ end }}',
        "{{ .Role }}",
        "{{ slice .Messages 1 }}",
    ],
)
def test_what_is_not_translated_is_refused_by_name(template: str) -> None:
    with pytest.raises(ConfigError) as caught:
        to_jinja(template)
    assert caught.value.code == "modelfile_template" and "--template" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("FROM tiny\nADAPTER adapter\nHELLO x\n", "modelfile"),
        ("FROM tiny\nADAPTER adapter\nMESSAGE user hi\n", "modelfile"),
        ("FROM tiny\nADAPTER adapter\nPARAMETER temperature warm\n", "modelfile"),
        ("FROM llama3.2:3b\nADAPTER adapter\n", "modelfile_base"),
        ("FROM tiny\n", "modelfile_adapter"),
        ("FROM tiny\nADAPTER ./lora.gguf\n", "modelfile_adapter"),
        ("FROM tiny\nADAPTER adapter\nTEMPLATE {{ .Tools }}\n", "modelfile_template"),
    ],
)
def test_what_cannot_be_taken_over_is_refused_and_leaves_nothing(
    text: str, code: str, folder: Path, tiny_base: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        imported(folder, tiny_base.parent, text)
    assert caught.value.code == code and not (folder.parent / "made").exists()


def test_a_caller_answers_what_the_file_leaves_open(
    folder: Path, tiny_base: Path, tmp_path: Path
) -> None:
    dora = tiny.peft_adapter(tiny_base, tmp_path / "dora", "dora")
    manifest, _ = imported(
        folder,
        tiny_base.parent,
        "FROM llama3.2:3b\nADAPTER ./lora.gguf\nLICENSE Do what\nTEMPLATE {{ .Tools }}\n",
        base="tiny",
        adapter=dora,
        template="chatml",
    )
    assert manifest["base_models"][0]["adapters"][0]["type"] == "dora"
    assert manifest["license"] == "see LICENSE"
    assert (folder.parent / "made" / "LICENSE").read_text() == "Do what\n"


def test_quotes_comments_and_windows_lines_are_read(tmp_path: Path) -> None:
    file = tmp_path / "Modelfile"
    file.write_bytes(
        b'\xef\xbb\xbf# x\r\nFROM  a b.gguf\r\n\r\nSYSTEM "one ""\r\nPARAMETER stop "\\""\r\n'
    )
    found = read_modelfile(file)
    assert (found.base, found.parameters) == ("a b.gguf", (("stop", '"'),))
