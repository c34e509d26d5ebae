"""`test`: the tests that a package brings, on the real engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, cast

import typer

from expertserve.cli import engine_options, options, output
from expertserve.cli.commands import group

if TYPE_CHECKING:
    from expertserve.core.jobs import Job
    from expertserve.package.cases import Case
    from expertserve.request import GenerateArgs

app = group()
NAME = "expert"


@dataclass(frozen=True, slots=True)
class Judged:
    """A case, the answer, and what doesn't hold of it."""

    case: Case
    answer: str
    wrong: list[str]

    def facts(self) -> dict[str, object]:
        return {
            "name": self.case.name,
            "prompt": self.case.prompt,
            "answer": self.answer,
            "passed": not self.wrong,
            "wrong": self.wrong,
        }


@app.command(
    "test",
    epilog="Examples: `expertserve test sql.expert`, `expertserve test sql.expert --limit 9`",
)
def test_package(
    ctx: typer.Context,
    package: options.Package,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Ask the first so many.", show_default=False)
    ] = None,
    base_model: options.BaseModel = None,
    device: options.Device = None,
    dtype: options.Precision = None,
    max_model_len: options.MaxModelLen = None,
    kv_cache_bytes: engine_options.KvCacheBytes = None,
    threads: engine_options.Threads = None,
    vllm_option: engine_options.VllmOption = None,
    vllm_config: engine_options.VllmConfig = None,
    trust: options.Trust = None,
    trusted_key: options.TrustedKey = None,
    cache_dir: options.CacheDir = None,
    models_dir: options.ModelsDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Ask a package's own cases and judge the answers. Exit status 1 where one fails."""
    from expertserve.facade.manager import ExpertManager
    from expertserve.package.cases import read_cases

    with (
        output.messages.status(f"reading {package} …") as status,
        ExpertManager(options=options.manager_options(ctx)) as manager,
    ):
        output.warn(manager.load_expert(NAME, package).warnings)
        cases = read_cases(manager.get(NAME).package.folder)[:limit]
        status.update(f"asking {len(cases)} questions …")
        answers = manager.generate_many(list(map(_job, cases)), return_exceptions=True)
    judged = [_judged(case, answer) for case, answer in zip(cases, answers, strict=True)]
    failed = sum(bool(j.wrong) for j in judged)
    if as_json:
        output.as_json({"cases": [j.facts() for j in judged], "failed": failed})
    else:
        for one in judged:
            _print(one)
        typer.echo(f"passed {len(judged) - failed}, failed {failed}")
    if failed or not judged:
        raise typer.Exit(1)


def _job(case: Case) -> Job:
    words = {"system": case.system, "schema": case.schema_text, "dialect": case.dialect}
    args = {name: value for name, value in words.items() if value is not None}
    return NAME, case.prompt, cast("GenerateArgs", args)


def _judged(case: Case, answer: object) -> Judged:
    from expertserve.decoding.judge import judge
    from expertserve.result import InferenceResult

    if not isinstance(answer, InferenceResult):
        return Judged(case, "", [str(answer)])
    text = answer.completions[0].answer
    return Judged(case, text, judge(case, text))


def _print(one: Judged) -> None:
    mark = "FAIL" if one.wrong else "ok"
    typer.echo(output.printable(f"{mark:4}  {one.case.name or one.case.prompt[:60]}"))
    if one.wrong:
        typer.echo(output.printable(f"      answer: {one.answer[:200]}"))
        for reason in one.wrong:
            typer.echo(output.printable(f"      {reason}"))
