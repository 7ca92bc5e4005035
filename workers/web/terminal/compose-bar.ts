/**
 * Whole lines for the shell: composing, autocorrect and dictation garble what is sent key by key, so the line is
 * edited here and sent at once. The history lives as long as the view, never in storage: lines may hold secrets.
 */
import { el } from "../dom.ts";
import { icon } from "../icons.ts";

export interface ComposeBarOptions {
  /** False when the line could not be sent; it then stays. */
  onLine(line: string): boolean;
  /** A character was typed; true where it was taken for a key with Ctrl or Alt. */
  onCharacter(character: string): boolean;
  onPaste(): void;
}

export interface ComposeBar {
  element: HTMLElement;
  /** Puts text in for editing. */
  insert(text: string): void;
}

const longestHistory = 100;

export function composeBar({ onLine, onCharacter, onPaste }: ComposeBarOptions): ComposeBar {
  const history: string[] = [];
  let at = 0;
  let draft = "";
  const input = el("input", {
    class: "compose-input",
    type: "text",
    placeholder: "Type a line",
    "aria-label": "Line for the shell",
    autocomplete: "off",
    autocapitalize: "none",
    autocorrect: "off",
    spellcheck: "false",
    enterkeyhint: "send",
  });

  function send(event: Event): void {
    event.preventDefault();
    const line = input.value;
    if (!onLine(line)) return;
    if (line !== "" && history.at(-1) !== line) history.push(line);
    if (history.length > longestHistory) history.shift();
    at = history.length;
    input.value = "";
  }

  /** Steps through the history; past its newest line stands what was being typed. */
  function recall(step: -1 | 1): void {
    if (at === history.length) draft = input.value;
    at = Math.min(history.length, Math.max(0, at + step));
    input.value = history[at] ?? draft;
    input.setSelectionRange(input.value.length, input.value.length);
  }

  function onKey(event: KeyboardEvent): void {
    if (event.isComposing || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    recall(event.key === "ArrowUp" ? -1 : 1);
  }

  /** Behind the input: before it, keyboards that compose words cannot be stopped. */
  function onInput({ data }: InputEvent): void {
    const character = [...(data ?? "")].at(-1);
    const end = input.selectionStart ?? input.value.length;
    if (character === undefined || !onCharacter(character)) return;
    input.setRangeText("", end - character.length, end, "end");
  }

  function side(name: "recall" | "paste", label: string, onPress: () => void): HTMLElement {
    const attributes = { class: "compose-side", type: "button", "aria-label": label, onclick: onPress };
    const button = el("button", attributes, icon(name));
    button.addEventListener("mousedown", (event) => event.preventDefault());
    return button;
  }

  input.addEventListener("keydown", onKey);
  input.addEventListener("input", (event) => event instanceof InputEvent && onInput(event));
  const submit = el("button", { class: "compose-send", type: "submit", "aria-label": "Send line" }, icon("send"));
  submit.addEventListener("mousedown", (event) => event.preventDefault());
  return {
    element: el(
      "form",
      { class: "compose", onsubmit: send },
      side("recall", "Previous line", () => recall(-1)),
      side("paste", "Paste", onPaste),
      input,
      submit,
    ),
    insert(text) {
      input.setRangeText(
        text,
        input.selectionStart ?? input.value.length,
        input.selectionEnd ?? input.value.length,
        "end",
      );
      input.focus();
    },
  };
}
