"""Semantic Kernel's chat completion service."""

import checks
import openai
from semantic_kernel.connectors.ai.open_ai import (
    OpenAIChatCompletion,
    OpenAIChatPromptExecutionSettings,
)
from semantic_kernel.contents import ChatHistory


def service(model=checks.MODEL):
    client = openai.AsyncOpenAI(base_url=checks.V1, api_key=checks.KEY, max_retries=0)
    return OpenAIChatCompletion(ai_model_id=model, async_client=client)


def history(text):
    made = ChatHistory()
    made.add_user_message(text)
    return made


settings = OpenAIChatPromptExecutionSettings()


async def chat():
    made = await service().get_chat_message_content(history(checks.QUESTION), settings)
    checks.same(str(made), checks.ANSWER)


async def stream():
    parts = service().get_streaming_chat_message_content(history(checks.QUESTION), settings)
    checks.same("".join([str(p) async for p in parts]), checks.ANSWER)


def long():
    checks.fails(
        lambda: service().get_chat_message_content(history(checks.LONG), settings),
        "maximum context length is",
    )


def error():
    checks.fails(
        lambda: service("no").get_chat_message_content(history("x"), settings), "there are sql"
    )


checks.run(chat=chat, stream=stream, long=long, error=error)
