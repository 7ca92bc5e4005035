/** Shows one operation: who may call it, what it takes, what it answers. */
import { type Child, el } from "../dom.ts";
import type { Body, Operation } from "./document.ts";
import { paragraphs, prose } from "./prose.ts";
import { schemaView } from "./schema-view.ts";

export function operationView(method: string, path: string, operation: Operation): HTMLElement {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  return el(
    "article",
    { id: operationId, "data-words": `${method} ${path} ${summary} ${operationId}`.toLowerCase() },
    el("h3", {}, el("a", { href: `#${operationId}`, class: "call" }, ...call(method, path))),
    el("p", { class: "summary" }, ...prose(summary)),
    ...paragraphs(description ?? ""),
    el("p", { class: "told" }, callers(operation.security)),
    ...part("Parameters", parameters.length === 0 ? null : el("ul", {}, ...parameters.map(parameterView))),
    ...part("Body", requestBody === undefined ? null : bodyView(requestBody)),
    ...part("Answers", el("div", {}, ...Object.entries(responses).map(([status, body]) => answerView(status, body)))),
  );
}

/** A method and a path, which may break between its parts. */
export function call(method: string, path: string): Child[] {
  const parts = path.split("/").flatMap((part, at) => (at === 0 ? [] : [el("wbr"), `/${part}`]));
  return [el("b", { class: `method ${method}` }, method.toUpperCase()), " ", el("code", {}, ...parts)];
}

function part(title: string, content: HTMLElement | null): HTMLElement[] {
  return content === null ? [] : [el("h4", {}, title), content];
}

function callers(security: Operation["security"]): string {
  if (security.length === 0) return "Anybody may call this.";
  const ways = security.flatMap((way) =>
    Object.entries(way).map(([name, scopes]) => {
      const scope = scopes.length === 0 ? "" : ` with the scope ${scopes.join(", ")}`;
      return `${words[name] ?? name}${scope}`;
    }),
  );
  return `Wants ${ways.join(", or ")}.`;
}

const words: Readonly<Record<string, string>> = {
  session: "the access token of a session",
  personalToken: "a personal token",
  queryToken: "a token in the query",
};

function parameterView({
  name,
  in: place,
  required,
  description,
  schema,
}: NonNullable<Operation["parameters"]>[number]) {
  const necessity = required === true ? place : `${place}, optional`;
  const text = description === undefined ? [] : [" ", ...prose(description)];
  const told = el("span", { class: "told" }, `${necessity} `);
  return el("li", {}, el("code", {}, name), " ", told, schemaView(schema ?? {}), ...text);
}

function answerView(status: string, body: Body): HTMLElement {
  const isProblem = body.content?.["application/problem+json"] !== undefined;
  const head = [el("b", {}, status), " ", ...prose(body.description ?? "")];
  if (isProblem || body.content === undefined) return el("p", { class: "answer" }, ...head);
  return el("details", { class: "answer", open: status.startsWith("2") }, el("summary", {}, ...head), bodyView(body));
}

function bodyView({ content = {} }: Body): HTMLElement {
  const views = Object.entries(content).flatMap(([type, { schema, example }]) => [
    el("p", { class: "told" }, type),
    schema === undefined ? null : schemaView(schema),
    example === undefined ? null : exampleView(example),
  ]);
  return el("div", {}, ...views);
}

/** A value as JSON; long ones scroll inside themselves. */
export function exampleView(example: unknown): HTMLElement {
  return el("pre", { tabindex: 0 }, JSON.stringify(example, null, 2));
}
