/** Creating an environment: the templates as cards, then its name in a sheet. */
import type { Environment, Template } from "../api/model.ts";
import { Failed } from "../api/problem.ts";
import type { App, View } from "../app.ts";
import { el } from "../dom.ts";
import { monogram, sizeWords, suggestName } from "../words.ts";
import { field } from "./field.ts";
import { form } from "./form.ts";
import { problemLine, screen } from "./screen.ts";
import { openSheet } from "./sheet.ts";

export const newView: View = (app, signal) => {
  const list = el("ul", { class: "templates", "aria-busy": "true" });
  const problem = problemLine();

  async function load(): Promise<void> {
    try {
      const [templates, environments] = await Promise.all([app.calls.templates(), app.calls.environments()]);
      const taken = environments.map(({ name }) => name);
      list.replaceChildren(
        ...templates.map((template) => templateCard(template, () => void name(app, template, taken))),
      );
    } catch (error) {
      problem.show(error);
    } finally {
      list.removeAttribute("aria-busy");
    }
  }

  if (!signal.aborted) void load();
  return screen(
    { title: "New environment", back: { view: "environments" }, backLabel: "Back to environments" },
    el("p", { class: "lead" }, "What would you like to work with?"),
    problem.element,
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
      submit: async () => close(await create(app, nameField.value().trim(), template.id)),
    });
    return [el("p", { class: "lead" }, sizeWords(template.default_resources)), fields];
  });
  if (created !== null) app.router.go({ view: "terminal", environmentId: created.id }, true);
}

/** Whoever has to verify their address first is led to where that is done, and back afterwards. */
async function create(app: App, name: string, templateId: string): Promise<Environment> {
  try {
    return await app.calls.create(name, templateId);
  } catch (error) {
    if (error instanceof Failed && error.failure.kind === "problem" && error.failure.code === "email_not_verified") {
      app.interrupted = { route: { view: "new" }, why: "One step before your first environment:" };
      app.router.go({ view: "verify", secret: null });
    }
    throw error;
  }
}
