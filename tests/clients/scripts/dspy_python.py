"""dspy, which asks for fields of its own."""

import checks
import dspy

model = dspy.LM(f"openai/{checks.MODEL}", api_base=checks.V1, api_key=checks.KEY, cache=False)


def chat():
    checks.same(model(messages=[{"role": "user", "content": checks.QUESTION}])[0], checks.ANSWER)


def structured():
    class Ask(dspy.Signature):
        """Name a country."""

        question: str = dspy.InputField()
        name: str = dspy.OutputField()
        people: int = dspy.OutputField()

    with dspy.context(lm=model, adapter=dspy.JSONAdapter()):
        assert dspy.Predict(Ask)(question=checks.COUNTRY).people == 5


def error():
    other = dspy.LM("openai/no", api_base=checks.V1, api_key=checks.KEY, cache=False, num_retries=0)
    checks.fails(lambda: other("x"), "there are sql")


checks.run(chat=chat, structured=structured, error=error)
