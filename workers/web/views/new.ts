/** Creating an environment: the templates as cards, then its name in a sheet. */
import type { Environment, Template } from "../api/model.ts";
import { explain, Failed } from "../api/problem.ts";
import type { App, View } from "../app.ts";
import { el, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import { linkTo } from "../router.ts";
import { monogram, sizeWords, suggestName } from "../words.ts";
import { field, form } from "./form.ts";
import { openSheet } from "./sheet.ts";

export const newView: View = (app, signal) => {
  const list = el("ul", { class: "templates", "aria-busy": "true" });
  const problem = el("p", { class: "banner error", role: "alert", hidden: true });

  async function load(): Promise<void> {
    try {
      const [templates, environments] = await Promise.all([app.calls.templates(), app.calls.environments()]);
      const taken = environments.map(({ name }) => name);
      list.replaceChildren(
        ...templates.map((template) => templateCard(template, () => void name(app, template, taken))),
      );
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      setText(problem, explain(error.failure));
      problem.hidden = false;
    } finally {
      list.removeAttribute("aria-busy");
    }
  }

  if (!signal.aborted) void load();
  const back = el(
    "a",
    { class: "button icon-only plain", href: linkTo({ view: "environments" }), "aria-label": "Back to environments" },
    icon("back"),
  );
  return el(
    "div",
    { class: "shell" },
    el("header", { class: "top-bar" }, back),
    el("div", { class: "heading" }, el("h1", { tabindex: -1, "data-focus": true }, "New environment")),
    el("p", { class: "lead" }, "What would you like to work with?"),
    problem,
    list,
  );
};

function templateCard(template: Template, pick: () => void): HTMLElement {
  return el(
    "li",
    {},
    el(
      "button",
      { class: "template", type: "button", onclick: pick },
      el("span", { class: "monogram", "aria-hidden": "true" }, monogram(template.id)),
      el(
        "span",
        { class: "template-text" },
        el("strong", {}, template.display_name),
        el("span", {}, template.description),
        el("small", {}, sizeWords(template.default_resources)),
      ),
    ),
  );
}

/** Asks for the name and creates; the sheet stays with its error until it worked or was dismissed. */
async function name(app: App, template: Template, taken: readonly string[]): Promise<void> {
  const created = await openSheet<Environment>(template.display_name, (close) => {
    const nameField = field({ name: "name", label: "Name", value: suggestName(template.id, taken), maxLength: 50 });
    const fields = form({
      fields: [nameField],
      action: "Create",
      busyAction: "Creating, this takes a few seconds…",
      submit: async () => close(await app.calls.create(nameField.value().trim(), template.id)),
    });
    return [el("p", { class: "lead" }, sizeWords(template.default_resources)), fields];
  });
  if (created !== null) app.router.go({ view: "terminal", environmentId: created.id }, true);
}
