"""`expertserve serve`: packages in, an OpenAI-compatible server out."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from expertserve._version import __version__
from expertserve.cli import engine_options, http
from expertserve.cli.options import (
    BaseModel,
    CacheDir,
    CacheSize,
    Device,
    MaxModelLen,
    ModelsDir,
    Precision,
    Trust,
    TrustedKey,
    manager_options,
)
from expertserve.cli.output import printable
from expertserve.errors import ConfigError
from expertserve.package.source import split_name

if TYPE_CHECKING:
    from expertserve.core.registering import Registration
    from expertserve.manager import AsyncExpertManager
    from expertserve.server.parts import Parts

Sources = Annotated[
    list[str] | None,
    typer.Argument(
        help=(
            "`.expert` files, unpacked folders, or folders of them; each file with a name of yours"
            " if you like: NAME=PATH."
        ),
        metavar="[PACKAGE|DIR]...",
    ),
]
WIDTH = 72
SHOWN = 20
"""Experts that are named at the start."""


Host = Annotated[
    str,
    typer.Option(
        envvar="EXPERTSERVE_HOST", help="Where to listen; beyond this machine with --keys."
    ),
]
Port = Annotated[int, typer.Option(envvar="EXPERTSERVE_PORT", help="0 takes a free one.")]
Watch = Annotated[
    bool, typer.Option("--watch", help="Replace packages whose files change, load new ones.")
]
Keys = Annotated[
    Path | None,
    typer.Option(envvar="EXPERTSERVE_KEYS", help="A TOML file with hashed keys and their rights."),
]
ExpertsFolder = Annotated[
    Path | None, typer.Option(help="What administrators may load over HTTP, and where uploads go.")
]
StateDir = Annotated[
    Path | None,
    typer.Option(
        help="Where the list of experts loaded over HTTP is stored, to survive a restart."
    ),
]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="Listen beyond this machine without keys.")
]
OpenAdmin = Annotated[
    bool, typer.Option("--open-admin", help="Without --keys, let everybody administrate.")
]
Drain = Annotated[
    float, typer.Option(help="Seconds that running requests get after SIGTERM or Ctrl-C.")
]
LogPrompts = Annotated[
    bool, typer.Option("--log-prompts", help="Write prompts and answers to the log.")
]
LogJson = Annotated[
    bool | None,
    typer.Option("--log-json/--log-plain", help="By default plain on a terminal, else JSON."),
]
RequestTimeout = Annotated[float, typer.Option(help="Seconds for a whole request.")]
MaxPending = Annotated[
    int, typer.Option(help="Answers running and waiting together; more are refused.")
]
MaxLoadedExperts = Annotated[int | None, typer.Option(help="Adapters kept in the engine.")]
OtlpTracesEndpoint = Annotated[
    str | None,
    typer.Option(help="Where vLLM sends a span for each request, by OpenTelemetry's protocol."),
]


def serve(
    ctx: typer.Context,
    packages: Sources = None,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    watch: Watch = False,
    preload: http.Preload = "16",
    strict: http.Strict = False,
    keys: Keys = None,
    experts_folder: ExpertsFolder = None,
    state_dir: StateDir = None,
    insecure: Insecure = False,
    open_admin: OpenAdmin = False,
    drain: Drain = 30.0,
    log_prompts: LogPrompts = False,
    log_json: LogJson = None,
    request_timeout: RequestTimeout = 600.0,
    max_pending: MaxPending = 512,
    strict_fields: http.StrictFields = False,
    allowed_origin: http.AllowedOrigin = None,
    root_path: http.RootPath = "",
    uds: http.Uds = None,
    ssl_certfile: http.SslCertfile = None,
    ssl_keyfile: http.SslKeyfile = None,
    forwarded_allow_ips: http.ForwardedAllowIps = None,
    base_model: BaseModel = None,
    device: Device = None,
    dtype: Precision = None,
    max_model_len: MaxModelLen = None,
    max_slots: engine_options.MaxSlots = None,
    max_lora_rank: engine_options.MaxLoraRank = None,
    max_loaded_experts: MaxLoadedExperts = None,
    kv_cache_bytes: engine_options.KvCacheBytes = None,
    threads: engine_options.Threads = None,
    soft_prompts: engine_options.SoftPrompts = False,
    no_prefix_caching: engine_options.NoPrefixCaching = False,
    drafts: engine_options.Drafts = None,
    draft_history: engine_options.DraftHistory = None,
    max_num_seqs: engine_options.MaxNumSeqs = None,
    tensor_parallel_size: engine_options.TensorParallelSize = None,
    gpu_memory_utilization: engine_options.GpuMemoryUtilization = None,
    max_num_batched_tokens: engine_options.MaxNumBatchedTokens = None,
    quantization: engine_options.Quantization = None,
    kv_cache_dtype: engine_options.KvCacheDtype = None,
    enforce_eager: engine_options.EnforceEager = False,
    speculative_config: engine_options.SpeculativeConfig = None,
    vllm_option: engine_options.VllmOption = None,
    vllm_config: engine_options.VllmConfig = None,
    otlp_traces_endpoint: OtlpTracesEndpoint = None,
    trust: Trust = None,
    trusted_key: TrustedKey = None,
    cache_dir: CacheDir = None,
    cache_size: CacheSize = None,
    models_dir: ModelsDir = None,
) -> None:
    """Serve experts over OpenAI's API, each by its name."""
    from expertserve.server.run import serve as run

    settings = http.settings_of(ctx)
    places = [Path(p) for p in packages or () if Path(p).exists()]
    sources = expand(packages or [])
    if not sources and not (watch and places) and not (experts_folder or state_dir or base_model):
        hint = "name .expert files or a folder of them, or pass --experts-folder"
        raise ConfigError("there is nothing to serve", hint=hint, code="no_packages")
    run(
        partial(_manager, ctx),
        settings,
        sources,
        watch=[*places, *(Path(s.path) for s in sources)] if watch else (),
        strict=strict,
        preload=http.preload_of(preload),
        listening=welcome,
        ready=tell_ready,
    )


def _manager(ctx: typer.Context) -> AsyncExpertManager:
    from expertserve.manager import AsyncExpertManager

    options = manager_options(ctx)
    return AsyncExpertManager(options=replace(options, config=replace(options.config, stats=True)))


def expand(packages: list[str]) -> list[Registration]:
    """`NAME=PATH` or `PATH`; and folders of packages → the packages in them."""
    from expertserve.core.registering import Registration
    from expertserve.server.watch import packages_in

    found = []
    for given in packages:
        name, source = split_name(given)
        path = Path(source)
        if name is None and path.is_dir():
            inside = list(packages_in(path))
            found += [Registration(p, found=p != path) for p in inside]
        else:
            found.append(Registration(path, name))
    return found


def welcome(url: str, parts: Parts) -> None:
    """What people see first: where, which models, and something to paste."""
    info, entries = parts.service.info(), parts.state.entries
    bases = ", ".join(info.base_models) or "no base model yet"
    count = f"{info.experts} expert{'s' if info.experts != 1 else ''}"
    lines = [
        f"expertserve {__version__}: {count} on {bases}",
        "",
        f"  {url}/      playground",
        f"  {url}/v1    OpenAI API",
    ]
    lines += [f"  {url}/docs  routes", ""]
    rows = [
        (e.name, parts.service.registered(e.name).manifest.description)
        for e in entries[:SHOWN]
        if parts.has(e.name)
    ]
    if len(entries) > SHOWN:
        rows.append(("…", f"and {len(entries) - SHOWN:,} more, see {url}/v1/models"))
    rows += [(b, "the base model alone") for b in info.base_models] + (
        [("auto", "the expert that fits the prompt")] if rows else []
    )
    width = max((len(name) for name, _ in rows), default=0)
    lines += [
        f"  {printable(name, keep=''):{width}}  {printable(_short(text), keep='')}"
        for name, text in rows
    ]
    if entries:
        lines += ["", *example(url, *question(parts, entries[0].name), keys=parts.keys.required)]
    typer.echo(
        "\n".join(
            [
                "",
                *lines,
                *_broken(parts),
                "",
                "starting the engine …" if entries else "waiting for experts …",
            ]
        )
    )


def _broken(parts: Parts) -> list[str]:
    """What of the folders isn't served."""
    found = parts.service.broken_packages()
    lines = [f"  {printable(f'{Path(b.path).name}: {b.error}', keep='')}" for b in found[:SHOWN]]
    more = [f"  and {len(found) - SHOWN:,} more"] if len(found) > SHOWN else []
    return ["", f"{len(found)} broken:", *lines, *more] if found else []


def question(parts: Parts, name: str) -> tuple[str, str, str]:
    """An expert to ask, and an example from its manifest: prompt and schema."""
    examples = parts.service.registered(name).manifest.examples if parts.has(name) else ()
    first = examples[0] if examples else None
    return (name, first.prompt, first.schema_text) if first else (name, "What can you do?", "")


def example(url: str, name: str, prompt: str, schema: str = "", *, keys: bool) -> list[str]:
    """A curl command for the shell."""
    body = json.dumps(
        {"model": name, "messages": [{"role": "user", "content": prompt}]}
        | ({"schema": schema} if schema else {})
    ).replace("'", "'\\''")
    key = ['       -H "Authorization: Bearer $KEY" \\'] if keys else []
    return [
        f"  curl {url}/v1/chat/completions -H 'Content-Type: application/json' \\",
        *key,
        f"       -d '{body}'",
    ]


def tell_ready(url: str, parts: Parts) -> None:
    typer.echo(f"ready at {url}  (Ctrl-C stops)")


def _short(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
