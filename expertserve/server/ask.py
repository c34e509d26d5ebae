"""What the core is asked, whichever API it came by."""

from __future__ import annotations

import json
from dataclasses import dataclass

from expertserve.request import GenerateArgs

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Ask:
    """One call of the core.

    Args:
        text: A text to be read as it stands, in the tokens of whichever expert answers.
        scored: Whether the prompt alone is wanted, and nothing of the one token after it.
    """

    model: str
    prompt: str | None
    args: GenerateArgs
    text: str | None = None
    scored: bool = False

    @property
    def answers(self) -> int:
        return self.args.get("n") or 1

    @property
    def chars(self) -> int:
        """How long everything is that has to be read."""
        args = self.args
        texts = [self.prompt, self.text, *(m["content"] for m in args.get("messages") or ())]
        texts += [args.get("schema"), args.get("dialect"), args.get("regex")]
        texts += [args.get("prediction")]
        texts += [*(args.get("choice") or ()), *(args.get("bad_words") or ())]
        grammar, schema = args.get("grammar"), args.get("json_schema")
        texts += [
            grammar if isinstance(grammar, str) else None,
            json.dumps(schema) if schema else None,
        ]
        variables = args.get("template_args")
        texts += [json.dumps(variables, default=str) if variables else None]
        tokens = len(args.get("prompt_token_ids") or ())
        return sum(len(t) for t in texts if t) + tokens


def has_grammar(args: GenerateArgs, own: bool) -> bool:
    """Whether an answer follows a grammar, the call's or the expert's own."""
    if any(args.get(kind) is not None for kind in ("grammar", "json_schema", "regex", "choice")):
        return True
    return own and "grammar" not in args
