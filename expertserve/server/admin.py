"""Loading, replacing, unloading and pinning over HTTP, within the experts folder."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, Response

from expertserve.core.entry import ExpertInfo
from expertserve.errors import ConfigError, ExpertNotLoadedError, LoadError
from expertserve.files import move_file, part_path
from expertserve.server.ask import Json
from expertserve.server.auth import Key
from expertserve.server.edge import is_upload
from expertserve.server.generation import AUTO
from expertserve.server.models import Page, expert_model, list_models
from expertserve.server.parts import After, Limit, Parts, administrator, parts_of
from expertserve.server.problems import Refusal
from expertserve.server.state import StateEntry

UPLOADS = ".uploads"
BLOCK = 1 << 20
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
S = TypeVar("S", bound="Source")
Name = Annotated[str, Field(pattern=NAME)]
Admin = Annotated[Key, Depends(administrator)]
router = APIRouter(prefix="/v1/experts", tags=["administration"])


class Source(BaseModel):
    """Which package, and how. `path` is relative to the experts folder."""

    model_config = ConfigDict(extra="forbid")

    path: Annotated[
        str, Field(min_length=1, max_length=1000, description="Below the experts folder.")
    ]
    pin: Annotated[bool | None, Field(description="Never evict it.")] = None
    checksum: Annotated[
        str | None, Field(max_length=80, description="The file's SHA-256; another is refused.")
    ] = None
    checkpoint: Annotated[
        str | None, Field(max_length=200, description="One of the package's checkpoints.")
    ] = None


class NamedSource(Source):
    """And under which name."""

    name: Annotated[Name, Field(description="What requests will call it.")]


class Pin(BaseModel):
    model_config = ConfigDict(extra="forbid")

    pinned: Annotated[bool, Field(description="False lets it be evicted again.")] = True


LOAD_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": NamedSource.model_json_schema()},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "name": {
                            "type": "string",
                            "description": "What requests will call it.",
                        },
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "The package.",
                        },
                    },
                    "required": ["file"],
                }
            },
        },
    }
}


@router.post("", status_code=201, openapi_extra=LOAD_BODY, summary="Load an expert")
async def load(
    request: Request,
    key: Admin,
    name: Annotated[str | None, Query(description="For a raw upload.")] = None,
) -> Json:
    """From the experts folder (JSON body), or from an upload (form, or the bytes)."""
    parts = parts_of(request)
    if not is_upload(request.scope):
        body = await _json(request, NamedSource)
        async with parts.changing(body.name):
            return await _load(parts, _entry(body.name, inside(parts, body.path), body))
    async with _Upload(parts) as upload:
        given = await upload.read(request)
        async with parts.changing(name := _checked(name or given)):
            return await _load(parts, _entry(name, upload.path), upload)


@router.put("/{name}", openapi_extra=LOAD_BODY, summary="Replace an expert")
async def replace(request: Request, name: str, key: Admin) -> Json:
    """Requests in flight finish on the old weights. Loads an expert if none is there."""
    parts = parts_of(request)
    if not is_upload(request.scope):
        body = await _json(request, Source)
        async with parts.changing(_checked(name)):
            entry = _entry(name, inside(parts, body.path), body)
            return await _replace(parts, entry, body.pin)
    async with _Upload(parts) as upload:
        await upload.read(request)
        async with parts.changing(_checked(name)):
            return await _replace(parts, _entry(name, upload.path), None, upload)


@router.delete("/{name}", summary="Unload an expert")
async def unload(request: Request, name: str, key: Admin, force: bool = False) -> Json:
    """Waits for its requests to end; with `force` aborts them."""
    parts = parts_of(request)
    async with parts.changing(name):
        parts.service.registered(name)  # 404 before anything is stored
        known = parts.state.find(name)
        parts.state.drop(name)
        await parts.service.unload_expert(name, force=force)
        parts.metrics.loaded(name, "unload")
        _forget_upload(parts, known)
    return {"name": name, "deleted": True}


@router.post("/{name}/pin", summary="Pin an expert")
async def pin(request: Request, name: str, key: Admin, body: Pin | None = None) -> Json:
    """A pinned expert is never evicted; `{"pinned": false}` lets it go again."""
    parts = parts_of(request)
    wanted = body.pinned if body else True
    async with parts.changing(name):
        info = await parts.service.pin_expert(name, wanted)
        if known := parts.state.find(name):
            parts.state.put(known.model_copy(update={"pin": wanted}))
    return expert_model(parts, info)


@router.get("", summary="List experts, and what is broken")
async def list_all(
    request: Request, key: Admin, limit: Limit = None, after: After = None
) -> Response:
    """As `/v1/models`, and under `broken` each package that can't be served, with the reason."""
    parts = parts_of(request)
    found = json.loads(await list_models(parts, key, Page(limit, after)))
    found["data"] = [m for m in found["data"] if m["expertserve"]["kind"] == "expert"]
    found["broken"] = [asdict(b) for b in parts.service.broken_packages()]
    return JSONResponse(found)


@router.get("/{name}", summary="Describe an expert")
async def show(request: Request, name: str, key: Admin) -> Json:
    """Everything that is known of it, with where it came from."""
    parts = parts_of(request)
    for info in await parts.service.list_loaded_experts():
        if info.name == name:
            known = parts.state.find(name)
            return expert_model(parts, info) | {"path": known.path if known else None}
    raise ExpertNotLoadedError(
        "no expert is loaded under that name", hint="GET /v1/models lists those that are"
    )


# ── places ──────────────────────────────────────────────────────────────────────────────────────


def folder_of(parts: Parts) -> Path:
    """The experts folder, without links.

    Raises:
        Refusal: There is none.
    """
    folder = parts.settings.experts_folder
    if folder is None:
        raise Refusal(
            "this server has no experts folder",
            status=403,
            hint="start it with --experts-folder",
            code="no_experts_folder",
        )
    return folder.resolve()


def inside(parts: Parts, path: str) -> Path:
    """A path of the experts folder, followed through every link.

    Raises:
        Refusal: 403 `outside_folder`, whether or not anything is there.
        ConfigError: Nothing is there, or it can't be a path.
    """
    folder = folder_of(parts)
    if any(not c.isprintable() for c in path) or len(path.encode("utf-8", "replace")) > 1000:
        raise ConfigError("that isn't a path", code="bad_path")
    try:
        found = (folder / path).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigError("that isn't a path", code="bad_path") from error
    if Path(path).is_absolute() or found == folder or not found.is_relative_to(folder):
        raise Refusal(
            "the path leads out of the experts folder",
            status=403,
            hint="paths are relative to it",
            code="outside_folder",
        )
    try:
        there = found.exists()
    except OSError:  # a name that is too long for any file
        there = False
    if not there:
        raise ConfigError("the experts folder has no such package", code="no_such_package")
    return found


def _checked(name: str | None) -> str:
    if not name or not re.fullmatch(NAME[1:-1], name) or name == AUTO:
        raise ConfigError(
            "a name is 1 to 100 letters, digits, '.', '_' and '-', and not auto", code="bad_name"
        )
    return name


async def _json(request: Request, kind: type[S]) -> S:
    try:
        return kind.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "body"
        raise Refusal(
            f"{place}: {first['msg']}", status=400, code="bad_argument", param=place
        ) from None


class _Upload:
    """A package on its way into the experts folder. What isn't kept is removed."""

    def __init__(self, parts: Parts) -> None:
        self._folder = folder_of(parts) / UPLOADS
        self._limit = parts.settings.max_upload_bytes
        self.path = Path()
        self.kept = False

    async def __aenter__(self) -> _Upload:
        return self

    async def __aexit__(self, *failure: object) -> None:
        if not self.kept and self.path != Path():
            self.path.unlink(missing_ok=True)

    async def read(self, request: Request) -> str | None:
        """Stores the body under its digest; returns the form's name, if it is a form.

        Raises:
            LoadError: `io`, where the disk doesn't take them.
        """
        try:
            return await self._read(request)
        except OSError as error:
            raise LoadError(
                f"the upload can't be written: {error.strerror or error}", code="io"
            ) from error

    async def _read(self, request: Request) -> str | None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self.path = part_path(self._folder)
        sha, size = hashlib.sha256(), 0
        given: str | None = None
        with self.path.open("wb") as file:
            if request.headers.get("content-type", "").startswith("multipart/form-data"):
                given = await self._form(request, file.write, sha.update)
            else:
                async for block in request.stream():
                    sha.update(block)
                    await asyncio.to_thread(file.write, block)
            size = file.tell()
        if not size:
            raise ConfigError(
                "the upload is empty", hint="send the package's bytes", code="empty_upload"
            )
        final = self._folder / f"{sha.hexdigest()}.expert"
        self.kept = final.exists()  # the same bytes came before: a failure must not remove them
        move_file(self.path, final)
        self.path = final
        return given

    async def _form(
        self, request: Request, write: Callable[[bytes], object], update: Callable[[bytes], object]
    ) -> str | None:
        async with request.form(max_files=1, max_fields=4) as form:
            file, name = form.get("file"), form.get("name")
            if not isinstance(file, UploadFile):
                raise ConfigError(
                    "the form has no file",
                    hint="-F file=@PACKAGE -F name=NAME",
                    code="bad_argument",
                )
            while block := await file.read(BLOCK):
                update(block)
                await asyncio.to_thread(write, block)
            return name if isinstance(name, str) else None


def _entry(name: str, path: Path, source: Source | None = None) -> StateEntry:
    given = source.model_dump(exclude={"name", "path"}, exclude_none=True) if source else {}
    return StateEntry(name=name, path=str(path), **given)


async def _load(parts: Parts, entry: StateEntry, upload: _Upload | None = None) -> Json:
    there = parts.has(_checked(entry.name))
    info = await entry.load(parts.service)
    try:
        _done(parts, entry, info, "load", upload)
    except LoadError:  # what can't be stored isn't loaded either
        if not there:
            await parts.service.unload_expert(entry.name)
        raise
    return expert_model(parts, info)


async def _replace(
    parts: Parts, entry: StateEntry, pin: bool | None, upload: _Upload | None = None
) -> Json:
    old = parts.state.find(entry.name)
    try:
        info = await entry.exchange(parts.service)
    except ExpertNotLoadedError:
        return await _load(parts, entry, upload)
    if pin is not None:
        info = await parts.service.pin_expert(entry.name, pin)
    _done(parts, entry, info, "replace", upload)
    _forget_upload(parts, old)
    return expert_model(parts, info)


def _done(
    parts: Parts, entry: StateEntry, info: ExpertInfo, action: str, upload: _Upload | None
) -> None:
    """Stores it, pinned as it is: it may have been there, and pinned."""
    parts.state.put(entry.model_copy(update={"pin": info.pinned}))
    parts.metrics.loaded(entry.name, action)
    parts.wake()
    if upload:
        upload.kept = True


def _forget_upload(parts: Parts, entry: StateEntry | None) -> None:
    """Removes an uploaded package that no expert uses; other files stay."""
    folder = parts.settings.experts_folder
    if entry is None or folder is None:
        return
    path = Path(entry.path)
    if path.parent == folder.resolve() / UPLOADS and all(
        e.path != entry.path for e in parts.state.entries
    ):
        path.unlink(missing_ok=True)
