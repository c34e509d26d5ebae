"""`cache`: what the cache holds, and making it smaller."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from expertserve.cli import options, output
from expertserve.cli.commands import group
from expertserve.config import cache_dir as users_cache

app = group(help="What the cache holds: unpacked packages, adapters, masks, downloads.")


@app.command(epilog="Example: `du -sh $(expertserve cache path)`")
def path(cache_dir: options.CacheDir = None, as_json: options.AsJson = False) -> None:
    """Print the folder."""
    found = str(_root(cache_dir))
    output.as_json({"path": found}) if as_json else output.answer(found)


@app.command("list", epilog="Examples: `expertserve cache list`, `expertserve cache list --json`")
def list_entries(cache_dir: options.CacheDir = None, as_json: options.AsJson = False) -> None:
    """List its entries, least recently used first, with their sizes."""
    from expertserve.package.cache import default_bound, entries

    root = _root(cache_dir)
    found = entries(root)
    total, bound = sum(e.bytes for e in found), default_bound(root)
    if as_json:
        rows = [
            {"entry": e.key, "bytes": e.bytes, "last_used": e.used, "in_use": e.in_use}
            for e in found
        ]
        facts = {"path": str(root), "bytes": total, "default_bound": bound, "entries": rows}
        output.as_json(facts)
        return
    output.table(
        {e.key: f"{shown(e.bytes)}  {_when(e.used)}{'  in use' if e.in_use else ''}" for e in found}
        | {"together": f"{shown(total)} of {shown(bound)}"}
    )


@app.command(epilog="Examples: `expertserve cache prune`, `expertserve cache prune --cache-size 0`")
def prune(
    cache_size: options.CacheSize = None,
    cache_dir: options.CacheDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Remove what was used least recently until the rest is within the bound.

    What a process uses stays, and so does what was used within the last minute.
    """
    from expertserve.package import cache

    root, wanted = _root(cache_dir), options.size(cache_size)
    removed = cache.prune(root, cache.default_bound(root) if wanted is None else wanted)
    total = sum(e.bytes for e in removed)
    if as_json:
        output.as_json({"removed": [e.key for e in removed], "bytes": total})
    else:
        output.answer(f"removed {len(removed)} entries, {shown(total)}")


def _root(given: Path | None) -> Path:
    return Path(given) if given else users_cache()


def shown(size: float) -> str:
    """Bytes for people.

    Example:
        >>> shown(1234567)
        '1.2 MB'
    """
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
