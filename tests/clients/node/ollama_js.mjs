import { Ollama } from "ollama";
import * as c from "./checks.mjs";

const client = new Ollama({ host: c.URL });
const ask = (text, more = {}) => ({ model: c.MODEL, messages: [{ role: "user", content: text }], ...more });
const weather = { type: "function", function: { name: "weather", description: "", parameters: { type: "object", properties: { city: { type: "string" } } } } };

await c.run({
  chat: async () => {
    c.same((await client.chat(ask(c.QUESTION))).message.content, c.ANSWER);
    c.same((await client.generate({ model: c.MODEL, prompt: c.QUESTION })).response, c.ANSWER);
  },
  stream: async () => {
    let text = "";
    for await (const part of await client.chat(ask(c.QUESTION, { stream: true }))) text += part.message.content;
    c.same(text, c.ANSWER);
  },
  structured: async () => c.same(JSON.parse((await client.chat(ask(c.COUNTRY, { format: "json" }))).message.content).people, 5),
  tools: async () => c.same((await client.chat(ask(c.WEATHER, { tools: [weather] }))).message.tool_calls[0].function.arguments, { city: "Norway" }),
  models: async () => c.same((await client.list()).models.some((m) => m.name === c.MODEL), true),
  long: () => c.fails(() => client.chat(ask(c.LONG)), "maximum context length is"),
  error: () => c.fails(() => client.chat({ ...ask("x"), model: "no" }), "there are sql"),
});
