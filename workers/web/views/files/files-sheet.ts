/** The files of an environment: folders to go into, files to fetch, share, rename and delete, and sending others up. */
import type { FileEntry } from "../../api/file-calls.ts";
import { explain, Failed } from "../../api/problem.ts";
import type { App } from "../../app.ts";
import { el, setText } from "../../dom.ts";
import { icon } from "../../icons.ts";
import { agoWords } from "../../times.ts";
import { sizeOf } from "../../words.ts";
import { rowList, showRows } from "../account/fact-row.ts";
import { openSheet } from "../sheet.ts";
import { askAbout, type Named, newFolder } from "./file-deeds.ts";
import { type UploadList, uploadList } from "./upload-list.ts";

type Answer = { kind: "new" } | { kind: "about"; entry: Named };

/** Goes on until the person is done, in the folder where they were. */
export async function openFilesSheet(app: App, environment: { id: string; name: string }): Promise<void> {
  let path = "";
  let refresh = () => {};
  const uploads = uploadList(app, environment.id, () => refresh());
  for (;;) {
    const answer = await openSheet<Answer>(
      `Files of ${environment.name}`,
      (close) => {
        const folder = new Folder(app, environment.id, close, (entered) => {
          path = entered;
        });
        refresh = () => void folder.show(path);
        refresh();
        return folder.parts(uploads, () => path);
      },
      "files",
    );
    if (answer === null) return;
    if (answer.kind === "new") await newFolder(app, environment.id, path);
    else await askAbout(app, environment.id, answer.entry);
  }
}

class Folder {
  readonly #app: App;
  readonly #environmentId: string;
  readonly #close: (answer: Answer) => void;
  readonly #onEnter: (path: string) => void;
  readonly #list = rowList();
  readonly #note = el("p", { class: "lead", role: "status" }, "Loading…");
  readonly #crumbs = el("nav", { class: "crumbs", "aria-label": "Folder" });
  readonly #more = el("button", { class: "button wide", type: "button", hidden: true }, "Show more");
  /** Of several answers the one that was asked for last is shown. */
  #asked = 0;
  #entries: FileEntry[] = [];

  constructor(app: App, environmentId: string, close: (answer: Answer) => void, onEnter: (path: string) => void) {
    this.#app = app;
    this.#environmentId = environmentId;
    this.#close = close;
    this.#onEnter = onEnter;
  }

  parts(uploads: UploadList, path: () => string): HTMLElement[] {
    const picker = el("input", { type: "file", multiple: true, hidden: true, "aria-label": "Files to upload" });
    picker.addEventListener("change", () => {
      uploads.add(path(), [...(picker.files ?? [])]);
      picker.value = "";
    });
    const button = (label: string, act: () => void, more = "") =>
      el("button", { class: `button ${more}`, type: "button", onclick: act }, label);
    const actions = el(
      "div",
      { class: "sheet-actions" },
      button("New folder", () => this.#close({ kind: "new" })),
      button("Upload", () => picker.click(), "primary"),
    );
    return [this.#crumbs, this.#note, this.#list, this.#more, uploads.element, picker, actions];
  }

  /** Shows a folder, or more of it from `offset` on. */
  async show(path: string, offset = 0): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    this.#showCrumbs(path);
    try {
      const { files, pagination } = await this.#app.calls.files(this.#environmentId, path, offset);
      if (asked !== this.#asked) return;
      this.#entries = [...this.#entries.slice(0, offset), ...files];
      showRows(
        this.#list,
        this.#entries.map((entry) => this.#row(entry)),
      );
      setText(this.#note, this.#entries.length === 0 ? "Nothing is in this folder." : "");
      this.#more.hidden = !pagination.has_more;
      this.#more.onclick = () => void this.show(path, this.#entries.length);
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      if (asked !== this.#asked) return;
      showRows(this.#list, []);
      setText(this.#note, explain(error.failure));
    }
  }

  #enter(path: string): void {
    this.#onEnter(path);
    void this.show(path);
  }

  #showCrumbs(path: string): void {
    const names = path === "" ? [] : path.split("/");
    const crumbs = ["workspace", ...names].map((name, at) => {
      const target = names.slice(0, at).join("/");
      const isHere = at === names.length;
      if (isHere) return el("span", { "aria-current": "true" }, name);
      return el("button", { class: "crumb", type: "button", onclick: () => this.#enter(target) }, name);
    });
    this.#crumbs.replaceChildren(...crumbs);
  }

  #row(entry: FileEntry): HTMLElement {
    const { kind, name, path } = entry;
    const facts =
      kind === "file" ? `${sizeOf(entry.size)} · ${agoWords(entry.modified_at, Date.now())}` : kindWords[kind];
    const text = el("span", { class: "file-text" }, el("strong", {}, name), el("span", {}, facts));
    if (path === null) return el("li", { class: "file" }, icon("file"), text);
    const isFolder = kind === "directory" || kind === "link";
    const act = () => (isFolder ? this.#enter(path) : this.#close({ kind: "about", entry: { ...entry, path } }));
    const open = el(
      "button",
      { class: "file-open", type: "button", onclick: act },
      icon(isFolder ? "folder" : "file"),
      text,
    );
    const about = () => this.#close({ kind: "about", entry: { ...entry, path } });
    const more = el(
      "button",
      { class: "button icon-only plain", type: "button", "aria-label": `More about ${name}`, onclick: about },
      icon("more"),
    );
    return el("li", { class: "file" }, open, more);
  }
}

const kindWords = { directory: "Folder", link: "Link", other: "Neither file nor folder" } as const;
