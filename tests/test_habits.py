"""`habits.jsonl`: a package's member, and the files that it is built from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expertserve.decoding.drafts.examples import read_examples, read_questions
from expertserve.errors import ConfigError, LoadError
from expertserve.expert import prepare
from expertserve.package.archive import open_package
from expertserve.package.build import pack, put_member
from expertserve.package.habits import MAX_BYTES, NAME, AnswerShape, read_habits, write_habits
from tests import tiny

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(
    st.lists(
        st.builds(
            AnswerShape,
            st.integers(1, 10**6),
            st.lists(TEXTS, max_size=7).map(lambda p: (*p, *([] if len(p) % 2 else [""]))),
        ),
        max_size=8,
    )
)
def test_what_is_written_is_read_back(shapes: list[AnswerShape]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / NAME).write_bytes(write_habits(shapes))
        found = read_habits(Path(folder))
    assert sorted(found, key=repr) == sorted(shapes, key=repr)
    assert [s.times for s in found] == sorted((s.times for s in found), reverse=True)


def test_the_commonest_shapes_are_kept_within_the_limit() -> None:
    shapes = [AnswerShape(i, (f"answer {i}",)) for i in range(1, 200)]
    data = write_habits(shapes, 1000)
    assert 900 < len(data) <= 1000 and json.loads(data.split(b"\n")[0]) == [199, "answer 199"]


@pytest.mark.parametrize(
    "line",
    [
        '{"a": 1}',
        "[]",
        '[0, "a"]',
        '[true, "a"]',
        '[1, "a", "x"]',
        "[1, 2]",
        "[1",
        "\x80",
        "[" * 100_000,
        "[" + "1" * 5000 + ', "a"]',
    ],
    ids=range(10),
)
def test_a_line_of_another_form_is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    (tmp_path / NAME).write_bytes(b'[1, "fine"]\n' + line.encode("latin-1"))
    with pytest.raises(LoadError, match="line 2") as caught:
        read_habits(tmp_path)
    assert caught.value.code == "bad_habits"


def test_a_member_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / NAME).open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(LoadError, match="262,145") as caught:
        read_habits(tmp_path)
    assert caught.value.code == "bad_habits"


def test_a_package_with_habits_is_hashed_loaded_and_refused_if_they_are_damaged(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    plain = pack(tiny_package, tmp_path / "plain.expert")
    archive = put_member(plain, NAME, b'[3, "SELECT ", "x", ""]\n', tmp_path / "a.expert")
    again = put_member(plain, NAME, b'[3, "SELECT ", "x", ""]\n', tmp_path / "b.expert")
    assert archive.read_bytes() == again.read_bytes()
    opened = open_package(archive, cache_dir=tmp_path / "c")
    manifest = json.loads((opened.folder / "manifest.json").read_text())
    assert manifest["integrity"]["files"][NAME] == opened.files[NAME]
    where = {"models_dir": tiny_base.parent, "cache_dir": tmp_path / "c"}
    assert NAME in prepare(archive, **where).package.files  # type: ignore[arg-type]
    bad = put_member(plain, NAME, b"[3]\n", tmp_path / "bad.expert")
    with pytest.raises(LoadError) as caught:
        prepare(bad, **where)  # type: ignore[arg-type]
    assert caught.value.code == "bad_habits"


def test_a_folder_is_changed_in_place(tmp_path: Path, tiny_lora: Path, tiny_base: Path) -> None:
    folder = tiny.package(tmp_path / "own", tiny_lora, tiny_base)
    assert put_member(folder, NAME, b'[1, "a"]\n') == folder
    assert read_habits(folder) == (AnswerShape(1, ("a",)),)
    with pytest.raises(ConfigError):
        put_member(folder, NAME, b"", tmp_path / "x.expert")
    pack(folder, tmp_path / "y.expert")


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        ({"prompt": "p", "answer": "a"}, [("\np", "a")]),
        ({"question": "p", "answer": "a", "schema": "s"}, [("s\np", "a")]),
        ({"prompt": "p", "completion": "a"}, [("\np", "a")]),
        ({"instruction": "i", "input": "n", "output": "a"}, [("i\nn", "a")]),
        (
            {
                "messages": [
                    {"role": "system", "content": "s"},
                    {"role": "user", "content": "u"},
                    {"role": "assistant", "content": "a"},
                    {"role": "user", "content": "v"},
                    {"role": "assistant", "content": "b"},
                ]
            },
            [("s\nu", "a"), ("s\nu\na\nv", "b")],
        ),
        (
            {"conversations": [{"from": "human", "value": "u"}, {"from": "gpt", "value": "a"}]},
            [("u", "a")],
        ),
    ],
)
def test_training_files_are_read_as_they_are_common(
    tmp_path: Path, record: dict[str, object], wanted: list[tuple[str, str]]
) -> None:
    (tmp_path / "f.jsonl").write_text(f"{json.dumps(record)}\n\n")
    assert [(e.prompt, e.answer) for e in read_examples(tmp_path / "f.jsonl")] == wanted


@pytest.mark.parametrize("line", ["[]", "{", '{"text": "a"}', '{"messages": [1]}'])
def test_a_line_without_an_answer_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "f.jsonl").write_text(line)
    with pytest.raises(ConfigError, match="line 1"):
        list(read_examples(tmp_path / "f.jsonl"))


def test_questions_have_a_prompt(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text('{"prompt": "p", "schema": "s"}\n{"question": "q"}\n{}\n')
    found = read_questions(tmp_path / "q.jsonl")
    assert [next(found), next(found)] == [("p", "s"), ("q", "")]
    with pytest.raises(ConfigError, match="line 3"):
        next(found)
