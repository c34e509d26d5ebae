import Anthropic from "@anthropic-ai/sdk";
import * as c from "./checks.mjs";

const client = new Anthropic({ baseURL: c.URL, apiKey: c.KEY, maxRetries: 0 });
const ask = (text, more = {}) => ({ model: c.MODEL, max_tokens: 99, messages: [{ role: "user", content: text }], ...more });
const weather = { name: "weather", input_schema: { type: "object", properties: { city: { type: "string" } } } };

await c.run({
  chat: async () => c.same((await client.messages.create(ask(c.QUESTION))).content[0].text, c.ANSWER),
  stream: async () => c.same(await client.messages.stream(ask(c.QUESTION)).finalText(), c.ANSWER),
  tools: async () => c.same((await client.messages.create(ask(c.WEATHER, { tools: [weather] }))).content[0].input, { city: "Norway" }),
  count: async () => {
    if (!((await client.messages.countTokens({ model: c.MODEL, messages: ask("x").messages })).input_tokens > 0)) throw new Error("no tokens");
  },
  long: () => c.fails(() => client.messages.create(ask(c.LONG)), "maximum context length is"),
  error: () => c.fails(() => client.messages.create({ ...ask("x"), model: "no" }), "there are sql"),
});
