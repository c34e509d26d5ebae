"""The HTTP server: OpenAI's API over the async core. The only place that knows FastAPI and uvicorn."""
