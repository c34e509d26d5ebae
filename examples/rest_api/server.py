"""A REST service of your own around the async manager: POST /ask, and GET /experts.

python examples/rest_api/server.py          # listens on 127.0.0.1:8100
python examples/rest_api/client.py "How many lighthouses are in Norway?"

`expertserve serve` is OpenAI's API, with keys, limits and metrics; this is for services that have
routes of their own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel

from expertserve import AsyncExpertManager, ExpertError

EXPERTS = Path(__file__).parents[1] / "experts"
PORT = 8100


class Question(BaseModel):
    """The body of POST /ask; without `expert`, the one whose manifest fits answers."""

    question: str
    context: str | None = None
    expert: str = "auto"
    stream: bool = False


def make_app(manager: AsyncExpertManager, packages: list[Path]) -> FastAPI:
    """The service; it loads the packages when it starts, and closes the manager when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with manager:
            for package in packages:
                await manager.load_expert(manager_name(package), package)
            await manager.start()
            yield

    app = FastAPI(title="Ask an expert", lifespan=lifespan)

    @app.exception_handler(ExpertError)
    async def failed(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ExpertError)
        return JSONResponse(
            {"error": error.code, "message": error.message, "hint": error.hint}, status_code=422
        )

    @app.get("/experts")
    async def experts() -> list[dict[str, object]]:
        return [
            {"name": e.name, "version": e.version, "adapter": e.adapter_type}
            for e in await manager.list_loaded_experts()
        ]

    @app.post("/ask", response_model=None)
    async def ask(body: Question) -> dict[str, object] | StreamingResponse:
        options = {"schema": body.context} if body.context else {}
        if body.stream:
            stream = manager.generate_stream(body.expert, body.question, **options)
            return StreamingResponse(
                (chunk.text async for chunk in stream), media_type="text/plain"
            )
        result = await manager.generate(body.expert, body.question, **options)
        return {
            "answer": result.text,
            "expert": result.expert.name,
            "tokens": result.usage.total_tokens,
        }

    return app


def manager_name(package: Path) -> str:
    """`expert-sql-smollm2….expert` → `sql`."""
    return package.name.split("-")[1]


if __name__ == "__main__":
    uvicorn.run(make_app(AsyncExpertManager(), sorted(EXPERTS.glob("*.expert"))), port=PORT)
