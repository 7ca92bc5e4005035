/** What people do with the windows of an environment. The tabs hear of it from the terminal's own line. */
import { Failed, type Failure } from "../api/problem.ts";
import type { App } from "../app.ts";
import { field } from "./field.ts";
import { form } from "./form.ts";
import { choose, confirm, openSheet } from "./sheet.ts";
import { toastFailure } from "./toast.ts";
import type { WindowTab } from "./window-tabs.ts";

export interface WindowDeedsOptions {
  tabs(): readonly WindowTab[];
  /** Does what selects another window, and resolves with whether it did (TerminalLine). */
  turn(deed: () => Promise<boolean>): Promise<boolean>;
}

export interface WindowDeeds {
  /** Resolves with whether it was done. */
  select(tab: WindowTab): Promise<boolean>;
  add(): Promise<void>;
  /** Resolves with whether it was done. */
  move(tab: WindowTab, by: number): Promise<boolean>;
  close(tab: WindowTab): Promise<void>;
  menu(tab: WindowTab): Promise<void>;
}

/** As many characters as a name may have. */
const maxNameLength = 64;

export function windowDeeds(app: App, environmentId: string, { tabs, turn }: WindowDeedsOptions): WindowDeeds {
  const { calls } = app;
  const placeOf = ({ id }: WindowTab) => tabs().findIndex((tab) => tab.id === id);

  const move = (tab: WindowTab, by: number) =>
    isDone(calls.changeWindow(environmentId, tab.id, { position: placeOf(tab) + by }));

  async function close(tab: WindowTab): Promise<void> {
    const question = { title: `Close ${tab.name}?`, text: "What runs in it ends.", action: "Close", isDangerous: true };
    if (!(await confirm(question))) return;
    const isShown = tabs().some(({ id, is_active }) => id === tab.id && is_active);
    const done = () => isDone(calls.closeWindow(environmentId, tab.id));
    // What is typed next is for the neighbour.
    await (isShown ? turn(done) : done());
  }

  async function rename(tab: WindowTab): Promise<void> {
    const name = field({ name: "name", label: "Name", value: tab.name, maxLength: maxNameLength });
    await openSheet<true>("Rename window", (done) => [
      form({
        fields: [name],
        action: "Rename",
        busyAction: "Renaming…",
        async submit() {
          await calls.changeWindow(environmentId, tab.id, { name: name.value() });
          done(true);
        },
      }),
    ]);
  }

  const deeds = { rename, close, left: (tab: WindowTab) => move(tab, -1), right: (tab: WindowTab) => move(tab, 1) };

  async function menu(tab: WindowTab): Promise<void> {
    const place = placeOf(tab);
    const last = tabs().length - 1;
    const deed = await choose<keyof typeof deeds>(tab.name, [
      { label: "Rename", value: "rename" },
      ...(place > 0 ? [{ label: "Move left", value: "left" as const }] : []),
      ...(place < last ? [{ label: "Move right", value: "right" as const }] : []),
      ...(last > 0 ? [{ label: "Close", value: "close" as const, isDangerous: true }] : []),
    ]);
    if (deed !== null) await deeds[deed](tab);
  }

  return {
    select: ({ id }) => turn(() => isDone(insist(() => calls.changeWindow(environmentId, id, { is_active: true })))),
    add: async () => void (await turn(() => isDone(calls.openWindow(environmentId)))),
    move,
    close,
    menu,
  };
}

function isDone(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => true,
    (error: unknown) => {
      toastFailure(error);
      return false;
    },
  );
}

const mostTries = 4;
const tryAgainAfterMs = 1_000;

/** For what may be asked for twice: without an answer nobody knows whether it was done. */
async function insist<Answer>(call: () => Promise<Answer>, tries = 1): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    if (tries === mostTries || !(error instanceof Failed) || !isUnanswered(error.failure)) throw error;
    await new Promise((resolve) => setTimeout(resolve, tryAgainAfterMs));
    return insist(call, tries + 1);
  }
}

function isUnanswered(failure: Failure): boolean {
  return failure.kind === "offline" || (failure.kind !== "signed_out" && failure.status >= 500);
}
