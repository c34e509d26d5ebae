"""Structured logs: a JSON object or a short line; prompts only when asked for."""

from __future__ import annotations

import json
import logging
import time

ROOT = "expertserve"


def facts_of(record: logging.LogRecord) -> dict[str, object]:
    """What a line says beside its name: the `facts` that the caller passed in `extra`."""
    found = getattr(record, "facts", None)
    return dict(found) if isinstance(found, dict) else {}


class JsonLines(logging.Formatter):
    """`{"time", "level", "event", …}`. JSON escapes keep control characters out."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = (
            time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z"
        )
        line: dict[str, object] = {
            "time": stamp,
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line |= facts_of(record)
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class Plain(logging.Formatter):
    """`12:30:05 request 200 expert=sql …`, with control characters made visible."""

    def format(self, record: logging.LogRecord) -> str:
        facts = " ".join(f"{k}={_short(v)}" for k, v in facts_of(record).items() if v is not None)
        text = (
            f"{time.strftime('%H:%M:%S', time.localtime(record.created))} {record.getMessage()}"
            f" {facts}".rstrip()
        )
        line = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _short(value: object) -> str:
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    return text[:12] if len(text) == 64 and text.isalnum() else text  # a digest


def configure(*, as_json: bool = True) -> None:
    """Sends expertserve's and uvicorn's log lines to standard error, once."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if as_json else Plain())
    for name, level in ((ROOT, logging.INFO), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level)
        logger.propagate = False
