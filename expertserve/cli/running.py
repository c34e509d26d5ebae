"""A server that runs on this machine already, asked over the socket that it leaves for its user."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from expertserve.config import runtime_dir
from expertserve.errors import ConfigError, ExpertError, GrammarError, InferenceError
from expertserve.files import file_digest
from expertserve.server.local import sockets_in

if TYPE_CHECKING:
    from expertserve.prompt.format import Message

SECONDS = 2.0
"""How long a server may take to say what it serves; one that is busy starting is passed over."""
PATIENCE = 3600.0
"""How long an answer may take; the server has its own bound."""


class _Connection(HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that serves what is wanted.

    Args:
        path: Its socket.
        models: The name of each package there, in the order asked for.
        base: The base model that they run on.
    """

    path: Path
    models: tuple[str, ...]
    base: str

    def generate(
        self, model: str, messages: Sequence[Message], args: Mapping[str, object]
    ) -> dict[str, object]:
        """An answer, in the shape of `InferenceResult.to_dict`.

        Raises:
            ExpertError: The server's, with its code.
        """
        with self._asked(_body(model, messages, args)) as response:
            return _result(json.loads(response.read()))

    def generate_stream(
        self, model: str, messages: Sequence[Message], args: Mapping[str, object]
    ) -> ServerStream:
        """The text as it comes; see `ServerStream`."""
        return ServerStream(self, _body(model, messages, args) | {"stream": True})

    @contextmanager
    def _asked(self, body: Mapping[str, object]) -> Iterator[HTTPResponse]:
        connection = _Connection(self.path, PATIENCE)
        try:
            data = json.dumps(body).encode()
            connection.request(
                "POST", "/v1/chat/completions", data, {"content-type": "application/json"}
            )
            response = connection.getresponse()
            if response.status != 200:
                raise _error(response.status, response.read())
            yield response
        except (OSError, HTTPException) as error:
            raise InferenceError(
                f"the server at {self.path} went away: {error or type(error).__name__}",
                hint="ask again, or pass --no-server",
                code="http",
            ) from error
        finally:
            connection.close()


@dataclass(slots=True)
class ServerStream:
    """A running answer: a context manager that gives its texts. Leaving it early aborts it."""

    server: RunningServer
    body: dict[str, object]
    text: str = ""
    _texts: Iterator[str] = field(default_factory=lambda: iter(()))

    def __enter__(self) -> Self:
        self._texts = self._read()
        return self

    def __iter__(self) -> Iterator[str]:
        for text in self._texts:
            self.text += text
            yield text

    def _read(self) -> Iterator[str]:
        with self.server._asked(self.body) as response:
            for line in response:
                event = line.removeprefix(b"data:").strip()
                if not line.startswith(b"data:") or event == b"[DONE]":
                    continue
                chunk = json.loads(event)
                if "error" in chunk:
                    raise _error(500, event)
                for choice in chunk["choices"]:
                    if text := choice["delta"].get("content"):
                        yield text

    def __exit__(self, *failure: object) -> None:
        close = getattr(self._texts, "close", None)
        if close:
            close()


def find_server(packages: Sequence[Path], folder: Path | None = None) -> RunningServer | None:
    """The youngest server on this machine that is ready and serves all of these packages.

    Args:
        packages: `.expert` files; an unpacked folder is served under no digest that could be
            compared cheaply, so there is no server for it.
        folder: Where servers leave their sockets, instead of the user's.
    """
    sockets = sockets_in(folder or runtime_dir())
    if not sockets or not all(p.is_file() for p in packages):
        return None
    wanted = [file_digest(p) for p in packages]
    for path in sockets:
        with suppress(OSError, HTTPException, ValueError, KeyError, TypeError):
            found = {
                facts["digest"]: (model["id"], facts["base_model"])
                for model in _served(path)
                if (facts := model["expertserve"])["kind"] == "expert"
            }
            if all(digest in found for digest in wanted):
                names = tuple(found[digest][0] for digest in wanted)
                return RunningServer(path, names, found[wanted[0]][1])
    return None


def _served(path: Path) -> list[dict[str, Any]]:
    """What a server lists, if it is ready.

    Raises:
        OSError, HTTPException, ValueError, KeyError: It isn't, or is no server of ours.
    """
    connection = _Connection(path, SECONDS)
    try:
        for route in ("/ready", "/v1/models"):
            connection.request("GET", route)
            response = connection.getresponse()
            data = response.read()
            if response.status != 200:
                raise HTTPException(f"{route}: {response.status}")
        found: list[dict[str, Any]] = json.loads(data)["data"]
        return found
    finally:
        connection.close()


def _body(model: str, messages: Sequence[Message], args: Mapping[str, object]) -> dict[str, object]:
    """A chat request: `generate`'s arguments have the same names there, but for `system`."""
    own = dict(args)
    system = own.pop("system", None)
    turns = [{"role": "system", "content": system}] if system is not None else []
    return {"model": model, "messages": [*turns, *messages], "return_token_ids": True, **own}


WHAT_BECAME = ("accepted", "rejected")


def _result(answer: dict[str, Any]) -> dict[str, object]:
    """A chat completion → what `InferenceResult.to_dict` gives, without what is None."""
    proof, usage = answer["expertserve"], answer["usage"]
    for details in ("completion_tokens_details", "prompt_tokens_details"):
        usage |= usage.pop(details, {})
    for what in WHAT_BECAME:
        usage.pop(f"{what}_prediction_tokens")
    usage["drafts"] = proof["drafts"]
    completions = [
        _completion(choice, verdict)
        for choice, verdict in zip(answer["choices"], proof["grammar"], strict=True)
    ]
    first = completions[0] | {"usage": usage}
    first |= {name: _plain(proof[name]) for name in ("expert", "base_model", "timing")}
    first["request_id"] = proof["request_id"]
    return first | ({"completions": completions} if len(completions) > 1 else {})


def _completion(choice: dict[str, Any], verdict: object) -> dict[str, object]:
    message = choice["message"]
    found = {
        "text": message["content"],
        "token_ids": choice["token_ids"],
        "finish_reason": choice["finish_reason"],
        "grammar": _plain(verdict) if verdict else None,
        "reasoning": message.get("reasoning_content"),
        "stop": choice["stop_reason"],
    }
    return {name: value for name, value in found.items() if value is not None}


def _plain(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return {name: v for name, v in value.items() if v is not None}


def _error(status: int, body: bytes) -> ExpertError:
    """A server's error under its own code."""
    try:
        told = json.loads(body)["error"]
        message, code = str(told["message"]), str(told["code"])
    except (ValueError, KeyError, TypeError):
        return InferenceError(f"the server answered {status}", code="http")
    kind = GrammarError if "grammar" in code else ConfigError if status < 500 else InferenceError
    return kind(message, code=code)
