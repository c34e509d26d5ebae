"use strict";
// The playground: no library, nothing from elsewhere. Everything that the server says is written as text, never as HTML.

const BASE = new URL("..", document.currentScript.src);
const at = (path) => new URL(path, BASE);
const $ = (id) => document.getElementById(id);
const running = new Set();
let models = [];
let takesSchema = false;

const headers = () => {
  const key = sessionStorage.getItem("key");
  return { "content-type": "application/json", ...(key ? { authorization: `Bearer ${key}` } : {}) };
};

async function problemOf(response) {
  try {
    return (await response.json()).error;
  } catch {
    return { message: `the server answered ${response.status}`, code: "", hint: "" };
  }
}

// ── what there is ────────────────────────────────────────────────────────────────────────────────────────────────────────

async function loadModels() {
  const response = await fetch(at("v1/models"), { headers: headers() });
  if (response.status === 401) return askKey((await problemOf(response)).message);
  if (!response.ok) return setStatus("failed", (await problemOf(response)).message);
  models = (await response.json()).data;
  showModels();
}

function showModels() {
  const chosen = selected();
  const cards = $("cards");
  cards.querySelectorAll(".card").forEach((card) => card.remove());
  $("other").length = 1;
  for (const model of models) {
    cards.append(cardOf(model));
    $("other").add(new Option(model.id, model.id));
  }
  const fitting = models.find((m) => m.expertserve.examples?.length) ?? models[0];
  const card = (id) => cards.querySelector(`input[value="${CSS.escape(id ?? "")}"]`);
  const first = card(chosen) ?? card(fitting?.id);
  if (first) first.checked = true;
  $("none").hidden = models.some((m) => m.expertserve.kind === "expert");
  $("ask").disabled = !first;
  fitSchema();
}

function cardOf(model) {
  const card = $("card").content.cloneNode(true).firstElementChild;
  const facts = model.expertserve;
  const adapter = facts.adapter_type ? `${facts.adapter_type} rank ${facts.adapter_rank}` : "";
  const words = facts.kind === "expert" ? [facts.version && `v${facts.version}`, adapter, facts.grammar && "grammar", facts.pinned && "pinned"] : [];
  card.querySelector("input").value = model.id;
  card.querySelector(".name").textContent = model.id;
  card.querySelector(".what").textContent = facts.description;
  card.querySelector(".tags").textContent = words.filter(Boolean).join(", ");
  if (facts.digest) card.title = `digest ${facts.digest}`;
  return card;
}

const selected = () => document.querySelector("input[name=expert]:checked")?.value;

function fitSchema() {
  const example = models.find((m) => m.id === selected())?.expertserve.examples?.[0];
  $("prompt").placeholder = example?.prompt || "Ask the expert a question";
  $("schema").placeholder = example?.schema || "Context for the question, such as table definitions";
  const wanted = [selected(), $("other").value].some((id) => {
    const facts = models.find((m) => m.id === id)?.expertserve;
    return facts && (facts.takes_schema || facts.kind === "router");
  });
  if (wanted) $("schema-box").open = true;
  else if (!$("schema").value) $("schema-box").open = false;
  takesSchema = Boolean(models.find((m) => m.id === selected())?.expertserve.takes_schema);
  const limits = [selected(), $("other").value].map((id) => models.find((m) => m.id === id)?.max_model_len).filter(Boolean);
  $("limit").textContent = limits.length ? `of ${Math.min(...limits)} tokens, the question's included` : "tokens";
  hintSchema();
}

// A schema that would help is asked for before the question is, and not after a wrong answer.
function hintSchema() {
  $("schema-hint").hidden = !takesSchema || Boolean($("schema").value.trim());
  $("restrict").disabled = !$("schema").value.trim();
}

function setStatus(kind, text) {
  $("status").className = kind;
  $("status-text").textContent = text;
}

async function watchStatus() {
  try {
    const response = await fetch(at("ready"));
    const bases = models.filter((m) => m.expertserve.kind === "base").map((m) => m.id).join(", ");
    if (response.ok) setStatus("ready", bases ? `ready, on ${bases}` : "ready");
    else setStatus("failed", (await problemOf(response)).message);
  } catch {
    setStatus("failed", "the server does not answer");
  }
  setTimeout(watchStatus, document.hidden ? 30000 : 5000);
}

// ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function ask(event) {
  event.preventDefault();
  stop();
  const names = [...new Set([selected(), $("other").value].filter(Boolean))];
  remember();
  $("answers").replaceChildren();
  $("ask").hidden = true;
  $("cancel").hidden = false;
  const answers = Promise.all(names.map(answerOf));
  $("answers").scrollIntoView({ block: "nearest" });
  await answers;
  if (!running.size) {
    $("ask").hidden = false;
    $("cancel").hidden = true;
  }
}

function stop() {
  running.forEach((controller) => controller.abort());
}

async function answerOf(name) {
  const article = $("answer").content.cloneNode(true).firstElementChild;
  const controller = new AbortController();
  const began = performance.now();
  article.querySelector("h3").textContent = name;
  $("answers").append(article);
  running.add(controller);
  try {
    await stream(name, article, controller.signal);
  } catch (error) {
    if (controller.signal.aborted) fact(article, "stopped", "warn");
    else fail(article, { message: error.message || "the connection broke", hint: "" });
  } finally {
    running.delete(controller);
    article.setAttribute("aria-busy", "false");
    fact(article, `${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
}

async function stream(name, article, signal) {
  const body = bodyFor(name);
  offerCode(article, body);
  const response = await fetch(at("v1/chat/completions"), { method: "POST", headers: headers(), body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }), signal });
  if (!response.ok) {
    const problem = await problemOf(response);
    fail(article, problem);
    if (response.status === 401) askKey(problem.message);
    return;
  }
  for await (const event of events(response.body)) show(article, name, event);
}

function bodyFor(name) {
  const [schema, system] = [$("schema").value.trim(), $("system").value.trim()];
  const messages = [{ role: "user", content: $("prompt").value }];
  if (system) messages.unshift({ role: "system", content: system });
  const body = { model: name, messages };
  if (schema && $("schema-box").open) {
    body.schema = schema;
    if ($("restrict").checked) body.restrict_to_schema = true;
  }
  if ($("max").value) body.max_tokens = Number($("max").value);
  if ($("temperature").value) body.temperature = Number($("temperature").value);
  return body;
}

// ── what was asked, as code ──────────────────────────────────────────────────────────────────────────────────────────────

const SNIPPETS = {
  curl: (body, keyed) => [
    `curl ${at("v1/chat/completions")} \\`,
    ...(keyed ? ['  -H "Authorization: Bearer $KEY" \\'] : []),
    `  -d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`,
  ].join("\n"),
  Python: (body, keyed) => {
    const { model, messages, max_tokens, temperature, ...extra } = body;
    const value = (v) => JSON.stringify(v).replaceAll("true", "True");
    return [
      "import os", "from openai import OpenAI", "",
      `client = OpenAI(base_url="${at("v1")}", api_key=${keyed ? 'os.environ["KEY"]' : '"none"'})`,
      "answer = client.chat.completions.create(", `    model=${value(model)},`, `    messages=${value(messages)},`,
      ...(max_tokens ? [`    max_tokens=${max_tokens},`] : []), ...(temperature === undefined ? [] : [`    temperature=${temperature},`]),
      ...(Object.keys(extra).length ? [`    extra_body=${value(extra)},`] : []), ")", "print(answer.choices[0].message.content)",
    ].join("\n");
  },
  JavaScript: (body, keyed) => [
    'import OpenAI from "openai";', "",
    `const client = new OpenAI({ baseURL: "${at("v1")}", apiKey: ${keyed ? "process.env.KEY" : '"none"'} });`,
    `const answer = await client.chat.completions.create(${JSON.stringify(body, null, 2)});`, "console.log(answer.choices[0].message.content);",
  ].join("\n"),
};

function offerCode(article, body) {
  const shown = article.querySelector(".snippet");
  article.querySelector(".code").addEventListener("change", (event) => {
    const write = SNIPPETS[event.target.value];
    shown.textContent = write ? write(body, Boolean(sessionStorage.getItem("key"))) : "";
    shown.hidden = !write;
  });
  article.querySelector(".copy").addEventListener("click", async (event) => {
    const text = shown.hidden ? article.querySelector("pre").textContent : shown.textContent;
    await navigator.clipboard.writeText(text).then(() => (event.target.textContent = "Copied"), () => (event.target.textContent = "Select it by hand"));
  });
}

// The last questions, for this tab alone.
function remember() {
  const now = { prompt: $("prompt").value, schema: $("schema").value };
  const before = JSON.parse(sessionStorage.getItem("asked") ?? "[]").filter((q) => q.prompt !== now.prompt);
  sessionStorage.setItem("asked", JSON.stringify([now, ...before].slice(0, 20)));
  showAsked();
}

function showAsked() {
  const asked = JSON.parse(sessionStorage.getItem("asked") ?? "[]");
  $("history").hidden = !asked.length;
  $("asked").replaceChildren(...asked.map((question) => {
    const [item, button] = [document.createElement("li"), document.createElement("button")];
    button.type = "button";
    button.className = "quiet";
    button.textContent = question.prompt;
    button.addEventListener("click", () => {
      $("prompt").value = question.prompt;
      $("schema").value = question.schema;
      hintSchema();
      $("prompt").focus();
    });
    item.append(button);
    return item;
  }));
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) if (part.startsWith("data: {")) yield JSON.parse(part.slice(6));
  }
}

function show(article, name, event) {
  if (event.error) return fail(article, event.error);
  const text = event.choices[0]?.delta?.content;
  if (text) article.querySelector("pre").append(text);
  if (event.choices[0]?.finish_reason === "length") fact(article, "cut at the token limit", "warn");
  if (event.model !== name) article.querySelector("h3").textContent = `${name} → ${event.model}`;
  if (event.usage) measure(article, event);
}

function measure(article, { usage, expertserve: proof }) {
  const { timing, grammar } = proof;
  verdict(article, grammar[0]);
  const seconds = timing.total - timing.first_token;
  if (usage.completion_tokens > 1 && seconds > 0) fact(article, `${rounded((usage.completion_tokens - 1) / seconds)} tokens/s`);
  fact(article, `${usage.prompt_tokens} + ${usage.completion_tokens} tokens`);
  fact(article, `first after ${Math.round(timing.first_token * 1000)} ms`);
  digest(article, "expert", proof.expert.digest);
  digest(article, "adapter", proof.expert.adapter?.digest);
  digest(article, "base", proof.base_model.digest);
  digest(article, "grammar", grammar[0]?.digest);
}

const rounded = (rate) => rate.toFixed(rate < 100 ? 1 : 0);

function verdict(article, found) {
  if (!found) return fact(article, "no grammar");
  if (found.valid === false) return fact(article, `${found.parser ?? "parser"}: ${found.message ?? "invalid"}`, "bad");
  if (!found.complete) return fact(article, "grammar: incomplete", "warn");
  if (found.forced_suffix) return fact(article, `follows the grammar, ended by force with ${found.forced_suffix}`, "warn");
  fact(article, found.valid ? `follows the grammar; ${found.parser ?? "a parser"} reads it` : "follows the grammar", "good");
}

function fact(article, text, kind = "") {
  const item = document.createElement("li");
  item.textContent = text;
  item.className = kind;
  article.querySelector(".facts").append(item);
}

function digest(article, name, value) {
  if (!value) return;
  const [term, text] = [document.createElement("dt"), document.createElement("dd")];
  term.textContent = name;
  text.textContent = text.title = value;
  article.querySelector(".digests").append(term, text);
}

function fail(article, problem) {
  const place = article.querySelector(".problem");
  place.textContent = problem.message; // its last sentence is the hint
  place.hidden = false;
}

// ── the key ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

function askKey(why) {
  setStatus("failed", why);
  $("key-why").textContent = `${why} It stays in this tab and is forgotten with it.`;
  if (!$("key-dialog").open) $("key-dialog").showModal();
}

$("key-dialog").addEventListener("close", () => {
  if ($("key-dialog").returnValue !== "ok") return;
  sessionStorage.setItem("key", $("key").value.trim());
  $("key").value = "";
  loadModels();
});
$("key-open").addEventListener("click", () => $("key-dialog").showModal());

// ── keys and hands ───────────────────────────────────────────────────────────────────────────────────────────────────────

$("form").addEventListener("submit", ask);
$("cancel").addEventListener("click", stop);
$("cards").addEventListener("change", fitSchema);
$("other").addEventListener("change", fitSchema);
$("schema").addEventListener("input", hintSchema);
showAsked();
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !$("key-dialog").open) $("form").requestSubmit();
  if (event.key === "Escape" && running.size) stop();
});

loadModels().then(watchStatus, () => setStatus("failed", "the server does not answer"));
