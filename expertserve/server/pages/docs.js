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

function kind(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.anyOf) return schema.anyOf.map(kind).filter((k) => k !== "null").join(" or ");
  if (schema.enum) return schema.enum.map((v) => JSON.stringify(v)).join(", ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  return schema.type === "array" ? `list of ${kind(schema.items ?? {})}` : schema.type ?? "any";
}

function table(rows) {
  const head = make("tr", "", ...["name", "type", ""].map((h) => make("th", h)));
  const body = rows.map(([name, type, text]) => make("tr", "", make("td", "", make("code", name)), make("td", type), make("td", text)));
  return make("table", "", make("tbody", "", head, ...body));
}

function bodyRows(schema) {
  const required = schema.required ?? [];
  return Object.entries(schema.properties ?? {}).map(([name, field]) => [
    name + (required.includes(name) ? " *" : ""), kind(field), field.description ?? "",
  ]);
}

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
