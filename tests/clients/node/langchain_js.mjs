import { tool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { z } from "zod";
import * as c from "./checks.mjs";

const make = (model, more = {}) => new ChatOpenAI({ model, apiKey: c.KEY, maxRetries: 0, configuration: { baseURL: c.V1 }, ...more });
const country = z.object({ name: z.string(), people: z.number().int() });
const weather = tool(() => "sunny", { name: "weather", description: "The weather", schema: z.object({ city: z.string() }) });

await c.run({
  chat: async () => c.same((await make(c.MODEL).invoke(c.QUESTION)).content, c.ANSWER),
  stream: async () => {
    let text = "";
    for await (const part of await make(c.MODEL).stream(c.QUESTION)) text += part.content;
    c.same(text, c.ANSWER);
  },
  structured: async () => c.same((await make(c.MODEL).withStructuredOutput(country).invoke(c.COUNTRY)).people, 5),
  tools: async () => c.same((await make(c.MODEL).bindTools([weather]).invoke(c.WEATHER)).tool_calls[0].args, { city: "Norway" }),
  long: () => c.fails(() => make(c.MODEL).invoke(c.LONG), "maximum context length is"),
  error: () => c.fails(() => make("no").invoke("x"), "there are sql"),
});
