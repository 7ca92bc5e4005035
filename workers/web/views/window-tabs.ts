/**
 * The environment's windows as a row of tabs above the terminal. Focus moves by the arrow keys and selects nothing by
 * itself: everybody who watches the terminal sees what is selected. It shows what it is told and asks for the rest.
 */
import { el, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import { followTabDrag } from "./tab-drag.ts";

export interface WindowTab {
  id: string;
  name: string;
  is_active: boolean;
}

export interface WindowTabsOptions {
  /** The terminal's own element, which the tabs are of. */
  panelId: string;
  onSelect(tab: WindowTab): void;
  /** A long press, a right click, or one more press of the selected tab by finger or key. */
  onMenu(tab: WindowTab): void;
  /** To the place `by` further on, from where it is shown now. Resolves with whether it was done. */
  onMove(tab: WindowTab, by: number): Promise<boolean>;
  onClose(tab: WindowTab): void;
  onAdd(): void;
}

export interface WindowTabs {
  element: HTMLElement;
  show(tabs: readonly WindowTab[]): void;
  /** What was shown last, in order. */
  tabs(): readonly WindowTab[];
  /** While there is no shell there is nothing to select. */
  setUsable(isUsable: boolean): void;
}

const help = "Arrow keys go along the windows, Enter selects, Shift F10 opens a menu.";

export function windowTabs(options: WindowTabsOptions): WindowTabs {
  const list = el("div", { class: "tabs-list", role: "tablist", "aria-label": "Windows", "aria-description": help });
  const add = el("button", { class: "tab-add", type: "button", "aria-label": "New window", title: "New window" });
  const element = el("div", { class: "tabs" }, list, add);
  const buttons = new Map<string, HTMLButtonElement>();
  let tabs: readonly WindowTab[] = [];

  add.append(icon("plus"));
  keepFocus(add);
  add.addEventListener("click", options.onAdd);
  list.addEventListener("keydown", onKey);
  // A wheel turns one way only, and so does the row.
  list.addEventListener("wheel", ({ deltaX, deltaY }) => list.scrollBy(deltaX === 0 ? deltaY : 0, 0), {
    passive: true,
  });

  function show(next: readonly WindowTab[]): void {
    const before = activeOf(tabs)?.id;
    const focused = document.activeElement;
    tabs = next;
    for (const [id, button] of buttons) {
      if (next.some((tab) => tab.id === id)) continue;
      if (button === document.activeElement) add.focus();
      button.remove();
      buttons.delete(id);
    }
    for (const [index, tab] of next.entries()) place(tab, index);
    // What was moved has lost it.
    if (focused instanceof HTMLElement && list.contains(focused)) focused.focus();
    const active = activeOf(next);
    if (active !== undefined && active.id !== before)
      buttons.get(active.id)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function place(tab: WindowTab, index: number): void {
    const button = buttons.get(tab.id) ?? make(tab.id);
    const [number, name] = button.children as unknown as [HTMLElement, HTMLElement];
    setText(number, String(index + 1));
    setText(name, tab.name);
    button.title = tab.name;
    button.setAttribute("aria-selected", String(tab.is_active));
    button.tabIndex = tab.is_active ? 0 : -1;
    if (list.children[index] !== button) list.insertBefore(button, list.children[index] ?? null);
  }

  function make(id: string): HTMLButtonElement {
    const parts = [el("span", { class: "tab-number", "aria-hidden": "true" }), el("span", { class: "tab-name" })];
    const attributes = { class: "tab", type: "button", role: "tab", "aria-controls": options.panelId };
    const button = el("button", attributes, ...parts);
    keepFocus(button);
    button.addEventListener("click", (event) => withTab(id, (tab) => press(tab, event)));
    const onMenu = () => withTab(id, options.onMenu);
    followTabDrag(button, { list, onMenu, onDrop: (by) => withTab(id, (tab) => void move(tab, by)) });
    buttons.set(id, button);
    return button;
  }

  /** Shown at once, and taken back where it could not be done. */
  async function move(tab: WindowTab, by: number): Promise<void> {
    const before = tabs;
    const at = before.indexOf(tab) + by;
    if (at < 0 || at >= before.length) return;
    const moved = options.onMove(tab, by);
    show(before.filter((one) => one !== tab).toSpliced(at, 0, tab));
    const shown = tabs;
    if (!(await moved) && tabs === shown) show(before);
  }

  /** A mouse has another button for the menu, and of a double tap the second one means nothing. */
  function press(tab: WindowTab, event: MouseEvent): void {
    const isMouse = event instanceof PointerEvent && event.pointerType === "mouse";
    if (!tab.is_active) options.onSelect(tab);
    else if (!isMouse && event.detail < 2) options.onMenu(tab);
  }

  function withTab(id: string, act: (tab: WindowTab) => void): void {
    const tab = tabs.find((each) => each.id === id);
    if (tab !== undefined) act(tab);
  }

  function onKey(event: KeyboardEvent): void {
    const index = tabs.findIndex(({ id }) => buttons.get(id) === document.activeElement);
    const tab = tabs[index];
    if (tab === undefined) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key] as 1 | -1 | undefined;
    if (step !== undefined && event.shiftKey) void move(tab, step);
    else if (step !== undefined) focus((index + step + tabs.length) % tabs.length);
    else if (event.key === "Home") focus(0);
    else if (event.key === "End") focus(tabs.length - 1);
    else if (event.key === "Delete") options.onClose(tab);
    else return;
    event.preventDefault();
  }

  function focus(index: number): void {
    const button = buttons.get(tabs[index]?.id ?? "");
    button?.focus();
    button?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  return {
    element,
    show,
    tabs: () => tabs,
    setUsable: (isUsable) => element.toggleAttribute("inert", !isUsable),
  };
}

/** By touch and mouse the focus stays in the terminal, and with it a soft keyboard where it is. */
function keepFocus(button: HTMLElement): void {
  button.addEventListener("mousedown", (event) => event.preventDefault());
}

function activeOf(tabs: readonly WindowTab[]): WindowTab | undefined {
  return tabs.find((tab) => tab.is_active);
}
