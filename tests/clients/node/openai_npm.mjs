import OpenAI from "openai";
import * as c from "./checks.mjs";

const client = new OpenAI({ baseURL: c.V1, apiKey: c.KEY, maxRetries: 0 });
const ask = (text, more = {}) => ({ model: c.MODEL, messages: [{ role: "user", content: text }], ...more });
const schema = { type: "object", properties: { name: { type: "string" }, people: { type: "integer" } }, required: ["name", "people"], additionalProperties: false };
const tool = { type: "function", function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } } };

await c.run({
  chat: async () => c.same((await client.chat.completions.create(ask(c.QUESTION))).choices[0].message.content, c.ANSWER),
  stream: async () => {
    let text = "";
    for await (const chunk of await client.chat.completions.create(ask(c.QUESTION, { stream: true }))) text += chunk.choices[0]?.delta?.content ?? "";
    c.same(text, c.ANSWER);
  },
  structured: async () => {
    const format = { type: "json_schema", json_schema: { name: "country", strict: true, schema } };
    const made = await client.chat.completions.create(ask(c.COUNTRY, { response_format: format }));
    c.same(JSON.parse(made.choices[0].message.content).people, 5);
  },
  tools: async () => {
    const made = await client.chat.completions.create(ask(c.WEATHER, { tools: [tool] }));
    c.same(made.choices[0].message.tool_calls[0].function.name, "weather");
  },
  responses: async () => {
    c.same((await client.responses.create({ model: c.MODEL, input: c.QUESTION })).output_text, c.ANSWER);
    const stream = client.responses.stream({ model: c.MODEL, input: c.QUESTION });
    c.same((await stream.finalResponse()).output_text, c.ANSWER);
  },
  long: () => c.fails(() => client.chat.completions.create(ask(c.LONG)), "maximum context length is"),
  error: () => c.fails(() => client.chat.completions.create({ ...ask("x"), model: "no" }), "there are sql"),
});
