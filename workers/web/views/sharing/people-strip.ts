/** Who is at the terminal, who may type, and taking control of the environment; not there while one is alone and may type. */
import type { Participant } from "../../../../durable-objects/protocol/client-2.ts";
import type { Role } from "../../../../durable-objects/protocol/vocabulary.ts";
import { el, setText } from "../../dom.ts";

export interface PeopleStrip {
  element: HTMLElement;
  /** What one is here; the server says so anew with every socket. */
  showRole(role: Role): void;
  showPeople(list: readonly Participant[], total: number): void;
  /** Who has control, at this terminal or another one of the environment; undefined: the server has not said. */
  showHolder(holder: Holder | null | undefined): void;
  /** Who one is has become known. */
  know(): void;
  /** What one may wish of control and the strip does not offer, for nobody else is here: others may be at other windows. */
  hiddenWish(): ControlWish | null;
  /** Whether what is typed now would be taken; says why not where it would not. */
  mayType(): boolean;
  isWatching(): boolean;
  /** Whether somebody else has control. */
  isHeld(): boolean;
  isOwner(): boolean;
}

type Holder = Pick<Participant, "id" | "name">;
export type ControlWish = "take" | "release";
export const controlWords: Readonly<Record<ControlWish, string>> = {
  take: "Take control",
  release: "Release control",
};

export interface PeopleStripOptions {
  /** Who one is; null while that is not known. */
  ownId(): string | null;
  control(action: ControlWish): void;
  /** Whether one may type has changed. */
  onRole(): void;
  say(text: string): void;
}

export function peopleStrip({ ownId, control, onRole, say }: PeopleStripOptions): PeopleStrip {
  let role: Role = "owner";
  let people: readonly Participant[] = [];
  let count = 0;
  let isOwn = false;
  let told: Holder | null | undefined;
  let wasHeld = false;
  // It scrolls, so it can have the focus; by touch and mouse that stays where it is.
  const chips = el("ul", { class: "people-chips", "aria-label": "People here", tabindex: 0 });
  chips.addEventListener("mousedown", (event) => event.preventDefault());
  const who = el("span", { class: "people-name" });
  const does = el("span", {});
  const note = el("span", { class: "people-note", role: "status" }, who, does);
  const button = el("button", { class: "button small", type: "button" });
  const element = el("div", { class: "people", hidden: true }, chips, note, button);
  button.addEventListener("click", () => control(isOwn ? "release" : "take"));
  const isAlone = () => people.length < 2 && holder() === null;

  /** An old server says it of who is at this terminal only. */
  const holder = (): Holder | null =>
    told === undefined ? (people.find(({ has_control }) => has_control) ?? null) : told;
  const isHeld = () => holder() !== null && !isOwn;

  /** From somebody else only its owner takes it. */
  function wish(): ControlWish | null {
    if (isOwn) return "release";
    return role === "viewer" || (isHeld() && role !== "owner") ? null : "take";
  }

  function show(): void {
    const held = holder();
    isOwn = held !== null && held.id === ownId();
    const more = count - people.length;
    const rest = more > 0 ? [el("li", { class: "person" }, `+${more}`)] : [];
    chips.replaceChildren(...people.map((person) => chip(person, person.id === ownId())), ...rest);
    element.hidden = isAlone() && role !== "viewer";
    setText(who, isOwn || held === null ? "" : held.name);
    setText(does, isOwn ? "" : noteFor(role, held));
    const offered = wish();
    button.hidden = offered === null || isAlone();
    if (offered !== null) setText(button, controlWords[offered]);
    if (wasHeld !== isHeld()) {
      wasHeld = !wasHeld;
      onRole();
    }
  }

  return {
    element,
    showRole(next) {
      const isNew = next !== role;
      role = next;
      show();
      if (isNew) onRole();
    },
    showPeople(list, total) {
      people = list;
      count = total;
      show();
    },
    showHolder(holder) {
      told = holder;
      show();
    },
    know: show,
    hiddenWish: () => (isAlone() ? wish() : null),
    mayType() {
      const held = holder();
      if (role === "viewer") say("You are watching: only its owner can let you type.");
      else if (held !== null && !isOwn) say(`${held.name} has control. What you typed was not sent.`);
      else return true;
      return false;
    },
    isHeld,
    isWatching: () => role === "viewer",
    isOwner: () => role === "owner",
  };
}

/** Behind the name of whoever has control, who themselves read so at the button that gives it back. */
function noteFor(role: Role, held: Holder | null): string {
  if (held !== null) return "\u00a0has control";
  return role === "viewer" ? "You are watching" : "";
}

const roleWords: Readonly<Record<Role, string>> = { owner: "owner", driver: "types", viewer: "watches" };

function chip({ name, role, visible, has_control }: Participant, isSelf: boolean): HTMLElement {
  const shown = isSelf ? "You" : name;
  const words = [shown, roleWords[role], visible ? "" : "away", has_control ? "in control" : ""].filter(Boolean);
  return el(
    "li",
    {
      class: "person",
      title: words.join(", "),
      "aria-label": words.join(", "),
      ...(has_control ? { "data-control": "" } : {}),
      ...(visible ? {} : { "data-away": "" }),
    },
    el("span", { class: "person-letter", "aria-hidden": "true" }, name.charAt(0).toUpperCase()),
    shown,
  );
}
