/** /redoc: the API as a text to read and search, on any screen, under the page's own content policy. */
import { el } from "../dom.ts";
import { loadDocument, type OpenApi, type Operation } from "./document.ts";
import { call, exampleView, operationView } from "./operation-view.ts";
import { paragraphs, prose } from "./prose.ts";
import { schemaId, schemaView } from "./schema-view.ts";

interface Entry {
  method: string;
  path: string;
  operation: Operation;
}

const api = await loadDocument();
const entries = Object.entries(api.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]): Entry => ({ method, path, operation })),
);
const search = el("input", { type: "search", placeholder: "Search calls", "aria-label": "Search calls" });
const contents = el("nav", { "aria-label": "Calls" }, search, ...api.tags.map(({ name }) => contentsOf(name)));
const text = el("main", {}, ...api.tags.map(sectionView), schemasView(api));
document.body.append(head(api), contents, text);
search.addEventListener("input", () => show(search.value.trim().toLowerCase()));
// What the address names came after the browser had looked for it.
if (location.hash !== "") document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();

function head({ info }: OpenApi): HTMLElement {
  const links = el(
    "p",
    {},
    el("a", { href: "/docs" }, "Try it"),
    " · ",
    el("a", { href: "/openapi.json" }, "openapi.json"),
  );
  return el("header", {}, el("h1", {}, `${info.title} ${info.version}`), ...paragraphs(info.description), links);
}

function contentsOf(tag: string): HTMLElement {
  const items = taggedWith(tag).map(({ method, path, operation }) =>
    el(
      "li",
      { "data-of": operation.operationId },
      el("a", { href: `#${operation.operationId}` }, ...call(method, path)),
    ),
  );
  return el(
    "details",
    { class: "group", open: isWide() },
    el("summary", {}, tag),
    el("ul", { class: "calls" }, ...items),
  );
}

function sectionView({ name, description }: OpenApi["tags"][number]): HTMLElement {
  const views = taggedWith(name).map(({ method, path, operation }) => operationView(method, path, operation));
  return el("section", {}, el("h2", { id: `tag-${name}` }, name), el("p", {}, ...prose(description)), ...views);
}

function schemasView({ components }: OpenApi): HTMLElement {
  const views = Object.entries(components.schemas).map(([name, schema]) => {
    const example = schema.example === undefined ? null : exampleView(schema.example);
    return el("article", { id: schemaId(name) }, el("h3", {}, name), schemaView(schema), example);
  });
  return el("section", {}, el("h2", { id: "schemas" }, "schemas"), ...views);
}

function taggedWith(tag: string): Entry[] {
  return entries.filter(({ operation }) => operation.tags.includes(tag));
}

function isWide(): boolean {
  return matchMedia("(min-width: 60rem)").matches;
}

/** Hides every call that does not have all the words in its method, path, summary or id. */
function show(wanted: string): void {
  const words = wanted.split(/\s+/);
  for (const article of text.querySelectorAll<HTMLElement>("article[data-words]")) {
    const isHit = words.every((word) => article.dataset["words"]?.includes(word));
    article.hidden = !isHit;
    const item = contents.querySelector<HTMLElement>(`[data-of="${article.id}"]`);
    if (item !== null) item.hidden = !isHit;
  }
  for (const group of contents.querySelectorAll("details")) {
    group.open = wanted === "" ? isWide() : true;
    group.hidden = group.querySelector("li:not([hidden])") === null;
  }
}
