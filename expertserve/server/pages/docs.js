"use strict";
// The routes, written from the server's own OpenAPI document; no outside resource.

const BASE = new URL("..", document.currentScript.src);
const make = (tag, text, ...children) => {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  element.append(...children);
  return element;
};
let spec;

const resolve = (schema) => (schema?.$ref ? spec.components.schemas[schema.$ref.split("/").pop()] : schema ?? {});

// What a field takes, in people's words: the names of our classes say nothing to them.
function kind(schema) {
  if (schema.$ref) return kind(resolve(schema));
  if (schema.anyOf) return [...new Set(schema.anyOf.map(kind))].filter((k) => k !== "null").join(" or ");
  if (schema.enum) return schema.enum.map((v) => JSON.stringify(v)).join(", ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === "array") return `list of ${kind(schema.items ?? {})}`;
  return { string: "text", integer: "whole number", boolean: "true or false" }[schema.type] ?? schema.type ?? "anything";
}

// The objects that a field may be, or be a list of.
function inner(schema) {
  if (schema.$ref) return [resolve(schema)].filter((s) => s.properties);
  if (schema.items) return inner(schema.items);
  return (schema.anyOf ?? []).flatMap(inner);
}

function table(rows) {
  const head = make("tr", "", ...["name", "type", ""].map((h) => make("th", h)));
  const body = rows.map(([name, type, text]) => make("tr", "", make("td", "", make("code", name)), make("td", type), make("td", text)));
  return make("table", "", make("tbody", "", head, ...body));
}

function bodyRows(schema, before = "") {
  const required = schema.required ?? [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    [before + name + (required.includes(name) ? " *" : ""), kind(field), field.description ?? resolve(field).description ?? ""],
    ...(before.split(".").length > 3 ? [] : inner(field).flatMap((one) => bodyRows(one, `${before}${name}.`))),
  ]);
}

const answered = (operation) => Object.entries(operation.responses ?? {}).find(([status]) => status.startsWith("2"))?.[1];

function route(method, path, operation) {
  const summary = make("summary", "", make("b", method.toUpperCase()), make("code", path), operation.summary ?? "");
  const details = make("details", "", summary);
  if (operation.description) details.append(make("p", operation.description));
  if (operation.parameters) details.append(table(operation.parameters.map((p) => [p.name, kind(p.schema), p.description ?? `in the ${p.in}`])));
  for (const [type, content] of Object.entries(operation.requestBody?.content ?? {})) {
    details.append(make("p", type));
    const rows = bodyRows(resolve(content.schema));
    if (rows.length) details.append(table(rows));
  }
  for (const [title, content] of [["for example", operation.requestBody?.content], ["an answer", answered(operation)?.content]]) {
    const example = content?.["application/json"]?.example;
    if (example) details.append(make("p", title), make("pre", JSON.stringify(example, null, 2)));
  }
  const told = Object.entries(operation.responses ?? {}).filter(([, r]) => r.description && r.description !== "Successful Response");
  if (told.length) details.append(make("p", "answers"), table(told.map(([status, r]) => [status, "", r.description])));
  return details;
}

async function load() {
  spec = await (await fetch(new URL("openapi.json", BASE))).json();
  const groups = new Map();
  for (const [path, methods] of Object.entries(spec.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] ?? "other";
      groups.set(tag, [...(groups.get(tag) ?? []), route(method, path, operation)]);
    }
  }
  const sections = [...groups].flatMap(([tag, routes]) => [make("h2", tag), ...routes]);
  document.getElementById("routes").replaceChildren(...sections);
}

load();
