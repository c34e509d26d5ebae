"""The HTTP server: OpenAI's API over the async core. It alone imports FastAPI and uvicorn."""
