"""Routes of other APIs. Each turns its request into a chat completion, and writes the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from expertserve._version import __version__
from expertserve.register import FrontExpert
from expertserve.request import PromptArgs, split_args
from expertserve.server.anthropic import MessagesRequest, MessagesShape
from expertserve.server.ask import Ask, Json
from expertserve.server.auth import Key
from expertserve.server.fields import Fields, Wire
from expertserve.server.generation import answer, choose
from expertserve.server.messages import WireMessage, WireTool
from expertserve.server.ollama import (
    ModelRequest,
    OllamaChatRequest,
    OllamaGenerateRequest,
    OllamaShape,
    described,
    loaded,
    tag,
)
from expertserve.server.parts import caller, parts_of
from expertserve.server.problems import Refusal
from expertserve.server.responses import ResponsesRequest
from expertserve.server.responses_shape import ResponsesShape, new_id
from expertserve.server.settle import note_ignored, settle
from expertserve.server.shape import Shape
from expertserve.server.tokens import TokenTexts, token_texts
from expertserve.server.wire import ChatRequest

Caller = Annotated[Key, Depends(caller)]
responses = APIRouter(prefix="/v1/responses", tags=["OpenAI"])
anthropic = APIRouter(prefix="/v1/messages", tags=["Anthropic"])
tokens = APIRouter(tags=["tokens"])
ollama = APIRouter(prefix="/api", tags=["Ollama"])


# ── OpenAI's responses ──────────────────────────────────────────────────────────────────────────


@responses.post("", summary="Answer, and be followed up")
async def respond(request: Request, body: ResponsesRequest, key: Caller) -> Response:
    """The Responses API: items in and out, tools, structured output, `previous_response_id`."""
    kept = parts_of(request).kept
    last = body.previous_response_id
    before = kept.get(key.name, last).items if last else ()
    chat, id = body.chat(before), new_id("resp")

    def keep(response: Json) -> None:
        if body.store:
            output = response["output"]
            assert isinstance(output, list)
            items = [*before, *body.items]
            kept.put(key.name, id, response, body.items, [*items, *output])

    def shape(_: str, model: str, texts: Callable[[], TokenTexts]) -> Shape:
        return ResponsesShape(body, id, model, texts, chat.offered, keep)

    return await answer(request, key, [chat.ask()], shape, body=body)


@responses.get("/{id}", summary="An answer that is kept")
async def response(request: Request, id: str, key: Caller) -> Json:
    return parts_of(request).kept.get(key.name, id).response


@responses.delete("/{id}", summary="Forget an answer")
async def forget(request: Request, id: str, key: Caller) -> Json:
    parts_of(request).kept.drop(key.name, id)
    return {"id": id, "object": "response", "deleted": True}


@responses.get("/{id}/input_items", summary="What an answer answered")
async def input_items(request: Request, id: str, key: Caller) -> Json:
    items = list(parts_of(request).kept.get(key.name, id).given)
    return {"object": "list", "data": items, "has_more": False}


# ── Anthropic's messages ────────────────────────────────────────────────────────────────────────


@anthropic.post("", summary="Answer a conversation")
async def messages(request: Request, body: MessagesRequest, key: Caller) -> Response:
    """Anthropic's API: blocks in and out, tools, structured output, a begun last turn."""
    chat = body.chat()
    ask = chat.ask()

    def shape(id: str, model: str, texts: Callable[[], TokenTexts]) -> Shape:
        stops = body.stop_sequences or ()
        return MessagesShape(f"msg_{id}", model, body.model, chat.offered, stops)

    return await answer(request, key, [ask], shape, body=body)


@anthropic.post("/count_tokens", summary="Count a conversation's tokens")
async def count_tokens(request: Request, body: MessagesRequest, key: Caller) -> Json:
    """As many as the expert's prompt format makes of it."""
    _, ids = await _tokens_of(request, key, body.chat().ask(), body)
    return {"input_tokens": len(ids)}


# ── tokens ──────────────────────────────────────────────────────────────────────────────────────


class TokenizeRequest(Wire):
    """`POST /tokenize`: a text as it stands, or a conversation in the expert's format."""

    model: Annotated[
        str | None, Field(max_length=300, description="By default the only expert.")
    ] = None
    prompt: Annotated[str | None, Field(description="A text, read as it stands.")] = None
    content: Annotated[str | None, Field(description="llama.cpp's name for it.")] = None
    messages: Annotated[
        list[WireMessage] | None,
        Field(min_length=1, max_length=1000, description="A conversation instead."),
    ] = None
    tools: Annotated[list[WireTool] | None, Field(description="What may be called.")] = None
    add_generation_prompt: Annotated[
        bool | None, Field(description="False leaves out the beginning of an answer.")
    ] = None
    continue_final_message: Annotated[
        bool | None, Field(description="The last message is to be continued.")
    ] = None
    chat_template_kwargs: Annotated[
        dict[str, Any] | None, Field(description="Further variables of the chat template.")
    ] = None
    add_special_tokens: Annotated[bool | None, Field(description="Ignored.")] = None
    return_token_strs: Annotated[bool | None, Field(description="And each token's text.")] = None
    with_pieces: Annotated[bool | None, Field(description="llama.cpp's name for it.")] = None

    @property
    def text(self) -> str | None:
        return self.prompt if self.prompt is not None else self.content


class DetokenizeRequest(Wire):
    """`POST /detokenize`."""

    model: Annotated[
        str | None, Field(max_length=300, description="By default the only expert.")
    ] = None
    tokens: Annotated[list[int], Field(max_length=1_000_000, description="Token ids.")]


@tokens.post("/tokenize", summary="A text's tokens")
async def tokenize(request: Request, body: TokenizeRequest, key: Caller) -> Json:
    """vLLM's and llama.cpp's routes in one."""
    model = _only(request, key, body.model)
    if body.text is None and body.messages is None:
        raise Refusal(
            "there is nothing to tokenize",
            status=400,
            hint="pass prompt, or messages",
            code="bad_argument",
            param="prompt",
        )
    if body.messages is not None:
        names = ("add_generation_prompt", "continue_final_message", "chat_template_kwargs")
        more = {name: getattr(body, name) for name in names}
        chat = ChatRequest(model=model, messages=body.messages, tools=body.tools, **more)
        expert, ids = await _tokens_of(request, key, chat.ask(), chat)
    else:
        ask = Ask(model, None, {}, text=body.text)
        parts = parts_of(request)
        expert = await parts.service.front(choose(parts, key, ask))
        ids = await asyncio.to_thread(expert.tokenizer.encode_plain, body.text or "")
    texts = token_texts(expert.tokenizer.folder)
    named = [texts.text(i) for i in ids] if body.return_token_strs or body.with_pieces else None
    pieces = [{"id": i, "piece": t} for i, t in zip(ids, named or (), strict=False)]
    return {
        "count": len(ids),
        "max_model_len": expert.known.base.context_length,
        "tokens": pieces if body.with_pieces else ids,
        "token_strs": named if body.return_token_strs else None,
    }


@tokens.post("/detokenize", summary="The text of tokens")
async def detokenize(request: Request, body: DetokenizeRequest, key: Caller) -> Json:
    parts = parts_of(request)
    name = choose(parts, key, Ask(_only(request, key, body.model), None, {}))
    expert = await parts.service.front(name)
    last = expert.tokenizer.last_id
    wrong = next((i for i in body.tokens if not 0 <= i <= last), None)
    if wrong is not None:
        raise Refusal(
            f"{wrong} is no token of this model; they go from 0 to {last}",
            status=400,
            code="bad_argument",
            param="tokens",
        )
    text = await asyncio.to_thread(expert.tokenizer.decode_whole, body.tokens)
    return {"prompt": text, "content": text}


@tokens.post("/v1/embeddings", summary="Not served: this server's models write")
async def embeddings(request: Request, key: Caller) -> Json:
    """Answers 501, since vLLM can't pool and generate in one engine."""
    raise Refusal(
        "embeddings are not served: an engine either writes or embeds, and this one writes",
        status=501,
        hint="run an embedding model in another server, such as vLLM with --runner pooling",
        code="not_implemented",
    )


def _only(request: Request, key: Key, model: str | None) -> str:
    """The model that is named, or the only expert."""
    if model:
        return model
    parts = parts_of(request)
    names = [e.name for e in parts.state.entries if parts.has(e.name) and key.allows(e.name)]
    if len(names) != 1:
        raise Refusal(
            f"there are {len(names)} experts, and none is named",
            status=400,
            hint="pass model; GET /v1/models lists them",
            code="bad_argument",
            param="model",
        )
    return names[0]


async def _tokens_of(
    request: Request, key: Key, ask: Ask, body: Fields
) -> tuple[FrontExpert, list[int]]:
    """A request's prompt as the expert reads it."""
    parts = parts_of(request)
    name = choose(parts, key, ask)
    expert = await parts.service.front(name)
    (settled,), others = await settle([ask], expert)
    note_ignored(request, body, others)
    words: PromptArgs = split_args(settled.args)[0]
    return expert, await parts.service.prompt_tokens(name, settled.prompt, words)


# ── Ollama ──────────────────────────────────────────────────────────────────────────────────────


@ollama.post("/chat", summary="Answer a conversation")
async def ollama_chat(request: Request, body: OllamaChatRequest, key: Caller) -> Response:
    """Ollama's chat: lines of JSON, tools, `format`, `think`."""
    return await _ollama(request, key, body, body.chat(), single=False)


@ollama.post("/generate", summary="Answer a question")
async def ollama_generate(request: Request, body: OllamaGenerateRequest, key: Caller) -> Response:
    """Ollama's generate: the prompt is a question in the expert's format."""
    return await _ollama(request, key, body, body.chat(), single=True)


async def _ollama(
    request: Request,
    key: Key,
    body: OllamaChatRequest | OllamaGenerateRequest,
    chat: ChatRequest | None,
    *,
    single: bool,
) -> Response:
    if chat is None:
        choose(parts_of(request), key, Ask(body.model.removesuffix(":latest"), None, {}))
        parts_of(request).wake()
        return JSONResponse(loaded(body.model, single=single))
    ready = chat

    def shape(id: str, model: str, texts: Callable[[], TokenTexts]) -> Shape:
        return OllamaShape(body.model, single, ready.offered)

    return await answer(request, key, [chat.ask()], shape, body=chat)


@ollama.get("/tags", summary="What can be asked")
async def tags(request: Request, key: Caller) -> Json:
    parts = parts_of(request)
    names: Sequence[str] = [e.name for e in await parts.service.list_loaded_experts()]
    names = [n for n in (*names, *parts.service.info().base_models) if key.allows(n)]
    found = [(n, parts.service.registered(n)) for n in names if parts.has(n)]
    return {"models": [tag(n, expert, parts.started) for n, expert in found]}


@ollama.get("/ps", summary="What is loaded")
async def ps(request: Request, key: Caller) -> Json:
    return await tags(request, key)


@ollama.post("/show", summary="Describe one of them")
async def show(request: Request, body: ModelRequest, key: Caller) -> Json:
    parts = parts_of(request)
    name = choose(parts, key, Ask(body.wanted, None, {}))
    return described(await parts.service.front(name))


@ollama.get("/version", summary="This server's version")
async def ollama_version() -> Json:
    return {"version": __version__}
