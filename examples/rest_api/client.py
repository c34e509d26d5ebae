"""Asks the service in server.py; needs nothing but Python.

python examples/rest_api/client.py "How many lighthouses are in Norway?" ["CREATE TABLE …"]
"""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request

URL = "http://127.0.0.1:8100"
SCHEMA = (
    "CREATE TABLE lighthouses (id INTEGER PRIMARY KEY, name TEXT, country TEXT, height INTEGER);"
)


def ask(question: str, context: str = SCHEMA, *, url: str = URL) -> dict[str, object]:
    """The service's answer, or its error, as a dictionary."""
    body = json.dumps({"question": question, "context": context}).encode()
    request = urllib.request.Request(f"{url}/ask", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            answer: dict[str, object] = json.load(response)
    except urllib.error.HTTPError as error:
        answer = json.load(error)
    return answer


if __name__ == "__main__":
    print(
        json.dumps(
            ask(*sys.argv[1:3]) if sys.argv[1:] else ask("How many lighthouses are in Norway?"),
            indent=2,
        )
    )
