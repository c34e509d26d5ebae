// The AI SDK: @ai-sdk/openai in its default mode (the Responses API), and @ai-sdk/openai-compatible.
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateObject, generateText, jsonSchema, streamText, tool } from "ai";
import * as c from "./checks.mjs";

const which = process.argv[2];
const make = which === "openai" ? createOpenAI({ baseURL: c.V1, apiKey: c.KEY }) : createOpenAICompatible({ name: "expertserve", baseURL: c.V1, apiKey: c.KEY, supportsStructuredOutputs: true });
const model = make(c.MODEL);
const country = jsonSchema({ type: "object", properties: { name: { type: "string" }, people: { type: "integer" } }, required: ["name", "people"], additionalProperties: false });
const weather = tool({ description: "The weather", inputSchema: jsonSchema({ type: "object", properties: { city: { type: "string" } }, additionalProperties: false }) });

await c.run({
  chat: async () => c.same((await generateText({ model, prompt: c.QUESTION, maxRetries: 0 })).text, c.ANSWER),
  stream: async () => {
    let text = "";
    for await (const part of streamText({ model, prompt: c.QUESTION, maxRetries: 0 }).textStream) text += part;
    c.same(text, c.ANSWER);
  },
  structured: async () => c.same((await generateObject({ model, prompt: c.COUNTRY, schema: country, maxRetries: 0 })).object.people, 5),
  tools: async () => {
    const made = await generateText({ model, prompt: c.WEATHER, tools: { weather }, maxRetries: 0 });
    c.same([made.toolCalls[0].toolName, made.toolCalls[0].input], ["weather", { city: "Norway" }]);
  },
  long: () => c.fails(() => generateText({ model, prompt: c.LONG, maxRetries: 0 }), "maximum context length is"),
  error: () => c.fails(() => generateText({ model: make("no"), prompt: "x", maxRetries: 0 }), "there are sql"),
});
