"""How answers are written in OpenAI's two older APIs: chat completions and completions.

https://platform.openai.com/docs/api-reference
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from expertserve.result import Chunk, Completion, InferenceResult, TokenLogprob
from expertserve.server.ask import Json
from expertserve.server.shape import Shape, proof
from expertserve.server.tokens import TokenTexts
from expertserve.server.tools import Call, HeldBack, Tool, find_call
from expertserve.server.wire import ChatRequest, TextRequest


def usage(results: Sequence[InferenceResult], *, scored: bool = False) -> Json:
    read = sum(r.usage.prompt_tokens for r in results)
    written = 0 if scored else sum(r.usage.completion_tokens for r in results)
    thought = sum(r.usage.reasoning_tokens for r in results)
    cached = sum(r.usage.cached_tokens for r in results)
    predicted = [r.usage.prediction for r in results]
    return _usage(read, written, cached) | {
        "completion_tokens_details": {
            "reasoning_tokens": thought,
            "accepted_prediction_tokens": sum(p.accepted for p in predicted),
            "rejected_prediction_tokens": sum(p.drafted - p.accepted for p in predicted),
        }
    }


def _usage(read: int, written: int, cached: int) -> Json:
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def reason_of(completion: Completion, *, called: str = "") -> str:
    """OpenAI's word for why it ended; a cancelled one was cut."""
    if called:
        return called
    return "stop" if completion.finish_reason == "stop" else "length"


@dataclass(slots=True)
class _Answer:
    """What every object of one answer repeats, and what it may show beside the text.

    Args:
        asked: The model's name in the request.
        as_ids: Tokens are written by their ids.
        show_ids: Token ids are shown beside the text.
        counted: Every event has the usage so far.
    """

    id: str
    model: str
    asked: str
    texts: Callable[[], TokenTexts]
    include_usage: bool = False
    counted: bool = False
    as_ids: bool = False
    show_ids: bool = False
    created: int = field(default_factory=lambda: int(time.time()))
    read: int = 0
    cached: int = 0
    written: int = 0

    @classmethod
    def of(
        cls,
        body: ChatRequest | TextRequest,
        id: str,
        model: str,
        texts: Callable[[], TokenTexts],
    ) -> _Answer:
        return cls(
            id,
            model,
            body.model,
            texts,
            body.include_usage,
            body.continuous_usage,
            bool(body.return_tokens_as_token_ids),
            bool(body.return_token_ids),
        )

    def head(self, kind: str) -> Json:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": None,
        }

    def event(self, kind: str, choice: Json) -> Json:
        made = self.head(kind) | {"choices": [choice]}
        if self.counted:
            return made | {"usage": _usage(self.read, self.written, self.cached)}
        return made | {"usage": None} if self.include_usage else made

    def tail(
        self, kind: str, results: Sequence[InferenceResult], *, scored: bool = False
    ) -> list[Json]:
        """The event with the usage, where it was asked for."""
        if not self.include_usage:
            return []
        last = self.head(kind) | {"choices": [], "usage": usage(results, scored=scored)}
        return [last | {"expertserve": proof(results[0], self.asked)}]

    def token(self, token: int) -> str:
        return f"token_id:{token}" if self.as_ids else self.texts().text(token)

    def scores(self, result: InferenceResult) -> list[Json | None] | None:
        """vLLM's `prompt_logprobs`: by position, then by token id."""
        if result.prompt_logprobs is None:
            return None
        return [None, *(self._score(t) for t in result.prompt_logprobs)]

    def _score(self, token: TokenLogprob) -> Json:
        found = {token.token_id: token.logprob, **dict(token.top)}
        ranks = {i: rank for rank, (i, _) in enumerate(token.top, 1)}
        return {
            str(i): {"logprob": _finite(p), "rank": ranks.get(i), "decoded_token": self.token(i)}
            for i, p in found.items()
        }


@dataclass(slots=True)
class ChatShape(Shape):
    """`chat.completion` and its chunks. Text that may be a tool call is held back.

    Args:
        functional: Calls are written in the older form.
        begun: What is shown before the answer.
    """

    answer: _Answer
    n: int = 1
    tools: Sequence[Tool] = ()
    functional: bool = False
    logprobs: bool = False
    begun: str = ""
    _held: dict[int, HeldBack] = field(default_factory=dict)

    def whole(self, results: Sequence[InferenceResult]) -> Json:
        result, answer = results[0], self.answer
        made = answer.head("chat.completion") | {
            "choices": [self._choice(i, c) for i, c in enumerate(result.completions)],
            "usage": usage(results),
            "expertserve": proof(result, answer.asked),
        }
        if answer.show_ids:
            made["prompt_token_ids"] = list(result.prompt_token_ids)
        scores = answer.scores(result)
        return made if scores is None else made | {"prompt_logprobs": scores}

    def _choice(self, index: int, completion: Completion) -> Json:
        call = find_call(completion.answer, self.tools)
        message: Json = {
            "role": "assistant",
            "content": None if call else self.begun + completion.text,
            "refusal": None,
        }
        if completion.reasoning is not None:
            message["reasoning_content"] = completion.reasoning
        if call:
            message |= self._called(call)
        own = (completion.logprobs or ())[completion.reasoning_tokens :]
        made: Json = {
            "index": index,
            "message": message,
            "logprobs": self._logprobs(own) if self.logprobs else None,
            "finish_reason": reason_of(completion, called=self._word if call else ""),
            "stop_reason": completion.stop,
        }
        return made | {"token_ids": list(completion.token_ids)} if self.answer.show_ids else made

    @property
    def _word(self) -> str:
        return "function_call" if self.functional else "tool_calls"

    def _called(self, call: Call, **place: int) -> Json:
        said = {"name": call.name, "arguments": call.arguments}
        if self.functional:
            return {"function_call": said}
        return {"tool_calls": [{**place, "id": call.id, "type": "function", "function": said}]}

    def _logprobs(self, tokens: Sequence[TokenLogprob]) -> Json:
        content = [
            self._logprob(t.token_id, t.logprob)
            | {"top_logprobs": [self._logprob(i, p) for i, p in t.top]}
            for t in tokens
        ]
        return {"content": content, "refusal": None}

    def _logprob(self, token: int, logprob: float) -> Json:
        data = self.answer.texts().bytes(token)
        return {
            "token": self.answer.token(token),
            "logprob": _finite(logprob),
            "bytes": list(data),
        }

    def begin(self, result: InferenceResult) -> list[Json]:
        self.answer.read = result.usage.prompt_tokens
        self.answer.cached = result.usage.cached_tokens
        content = None if self.tools else self.begun
        first: Json = {"role": "assistant", "content": content, "refusal": None}
        events = [self._event(i, first) for i in range(self.n)]
        if self.answer.show_ids:
            events[0]["prompt_token_ids"] = list(result.prompt_token_ids)
        scores = self.answer.scores(result)
        if scores is not None:
            events[0]["prompt_logprobs"] = scores
        return events

    def delta(self, chunk: Chunk) -> list[Json]:
        self.answer.written += len(chunk.token_ids)
        thought: list[Json] = [{"reasoning_content": chunk.reasoning}] if chunk.reasoning else []
        events = [self._event(chunk.index, delta) for delta in thought]
        logprobs = chunk.logprobs[chunk.reasoning_tokens :]
        kept, text = chunk.text[: chunk.kept], chunk.text[chunk.kept :]
        text = kept + (self._held_back(chunk.index).feed(text) if self.tools and text else text)
        shown = (self.logprobs and logprobs) or (self.answer.show_ids and chunk.token_ids)
        if not text and not shown:
            return events
        told = self._logprobs(logprobs) if self.logprobs else None
        event = self._event(chunk.index, {"content": text}, told)
        if self.answer.show_ids:
            event["choices"][0]["token_ids"] = list(chunk.token_ids)  # type: ignore[index]
        return [*events, event]

    def _held_back(self, index: int) -> HeldBack:
        return self._held.setdefault(index, HeldBack(self.tools))

    def end(self, results: Sequence[InferenceResult]) -> list[Json]:
        events = []
        for i, completion in enumerate(results[0].completions):
            call, held = self._held_back(i).end()
            if call:
                events.append(self._event(i, self._called(call, index=0)))
            elif held:
                events.append(self._event(i, {"content": held}))
            word = self._word if call else ""
            events.append(self._event(i, {}, reason=reason_of(completion, called=word)))
        events[-1]["expertserve"] = proof(results[0], self.answer.asked)
        return events + self.answer.tail("chat.completion.chunk", results)

    def _event(
        self, index: int, delta: Json, logprobs: Json | None = None, reason: str | None = None
    ) -> Json:
        choice: Json = {
            "index": index,
            "delta": delta,
            "logprobs": logprobs,
            "finish_reason": reason,
        }
        return self.answer.event("chat.completion.chunk", choice)


def _finite(logprob: float) -> float:
    """JSON has no infinity; OpenAI writes −9999 for it."""
    return max(logprob, -9999.0)


@dataclass(slots=True)
class TextShape(Shape):
    """`text_completion`, OpenAI's legacy shape.

    Args:
        prompts: What is shown before each prompt's answers, where that is asked for.
        scored: The prompt alone is shown.
    """

    answer: _Answer
    n: int = 1
    logprobs: bool = False
    prompts: Sequence[str] = ()
    scored: bool = False
    _offset: dict[int, int] = field(default_factory=dict)
    _ids: list[int] = field(default_factory=list)
    _told: set[int] = field(default_factory=set)

    def whole(self, results: Sequence[InferenceResult]) -> Json:
        made = self.answer.head("text_completion") | {
            "choices": [c for i, r in enumerate(results) for c in self._choices(i, r)],
            "usage": usage(results, scored=self.scored),
        }
        proofs = [proof(r, self.answer.asked) for r in results]
        return made | {"expertserve": proofs[0] if len(proofs) == 1 else proofs}

    def _choices(self, number: int, result: InferenceResult) -> list[Json]:
        """One prompt's."""
        made = []
        for i, completion in enumerate(result.completions):
            index = number * self.n + i
            tokens = () if self.scored else completion.logprobs or ()
            text = "" if self.scored else completion.text
            choice = self._choice(index, self._begun(number) + text, (), reason_of(completion))
            if self.logprobs:
                choice["logprobs"] = self._logprobs(index, tokens, result if self.prompts else None)
            if self.answer.show_ids:
                choice["prompt_token_ids"] = list(result.prompt_token_ids)
                choice["token_ids"] = [] if self.scored else list(completion.token_ids)
            scores = self.answer.scores(result)
            made.append(choice if scores is None else choice | {"prompt_logprobs": scores})
        return made

    def _begun(self, number: int) -> str:
        return self.prompts[number] if self.prompts else ""

    def _choice(
        self, index: int, text: str, tokens: Sequence[TokenLogprob], reason: str | None
    ) -> Json:
        return {
            "index": index,
            "text": text,
            "logprobs": self._logprobs(index, tokens) if self.logprobs else None,
            "finish_reason": reason,
        }

    def _logprobs(
        self, index: int, tokens: Sequence[TokenLogprob], result: InferenceResult | None = None
    ) -> Json:
        """The tokens' log-probabilities, those of the prompt before them."""
        before = (result.prompt_logprobs or ()) if result else ()
        first = result.prompt_token_ids[:1] if result and before else ()
        found = [*before, *tokens]
        names = [self.answer.token(t) for t in (*first, *(t.token_id for t in found))]
        offsets = []
        for name in names:
            offsets.append(self._offset.get(index, 0))
            self._offset[index] = offsets[-1] + len(name)
        none: list[None] = [None] * len(first)
        return {
            "tokens": names,
            "token_logprobs": [*none, *(_finite(t.logprob) for t in found)],
            "top_logprobs": [*none, *(self._top(t) for t in found)],
            "text_offset": offsets,
        }

    def _top(self, token: TokenLogprob) -> dict[str, float]:
        """The likeliest alternatives, the token itself among them."""
        top = {self.answer.token(i): _finite(p) for i, p in token.top}
        return top | {self.answer.token(token.token_id): _finite(token.logprob)}

    def begin(self, result: InferenceResult) -> list[Json]:
        self.answer.read = result.usage.prompt_tokens
        self.answer.cached = result.usage.cached_tokens
        self._ids = list(result.prompt_token_ids)
        events = []
        for index in range(len(self.prompts) * self.n):
            choice = self._choice(index, self._begun(index // self.n), (), None)
            if self.logprobs:
                choice["logprobs"] = self._logprobs(index, (), result)
            events.append(self.answer.event("text_completion", choice))
        return events

    def delta(self, chunk: Chunk) -> list[Json]:
        self.answer.written += 0 if self.scored else len(chunk.token_ids)
        shown = (self.logprobs and chunk.logprobs) or (self.answer.show_ids and chunk.token_ids)
        if self.scored or (not chunk.text and not shown):
            return []
        choice = self._choice(chunk.index, chunk.text, chunk.logprobs, None)
        if self.answer.show_ids:
            choice["token_ids"] = list(chunk.token_ids)
            if chunk.index < self.n and chunk.index not in self._told:
                choice["prompt_token_ids"] = self._ids
                self._told.add(chunk.index)
        return [self.answer.event("text_completion", choice)]

    def end(self, results: Sequence[InferenceResult]) -> list[Json]:
        events = []
        for i, (result, completion) in enumerate((r, c) for r in results for c in r.completions):
            choice = self._choice(i, "", (), reason_of(completion))
            if self.answer.show_ids and i not in self._told:
                choice["prompt_token_ids"] = list(result.prompt_token_ids)
            events.append(self.answer.event("text_completion", choice))
        events[-1]["expertserve"] = proof(results[0], self.answer.asked)
        return events + self.answer.tail("text_completion", results, scored=self.scored)


def chat_shape(
    body: ChatRequest, *, id: str, model: str, texts: Callable[[], TokenTexts]
) -> ChatShape:
    last = body.messages[-1].message("messages")["content"] if body.echo else ""
    return ChatShape(
        _Answer.of(body, f"chatcmpl-{id}", model, texts),
        body.n or 1,
        body.offered,
        body.functional,
        bool(body.logprobs),
        last if body.continue_final_message else "",
    )


def text_shape(
    body: TextRequest, *, id: str, model: str, texts: Callable[[], TokenTexts]
) -> TextShape:
    shown = [p if isinstance(p, str) else texts().join(p) for p in body.prompts]
    return TextShape(
        _Answer.of(body, f"cmpl-{id}", model, texts),
        body.n or 1,
        body.logprobs is not None,
        shown if body.echo else (),
        body.max_tokens == 0,
    )
