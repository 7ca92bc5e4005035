/** The devices that are signed in to the account, each with a way to end its session. */
import type { Session } from "../../api/account-model.ts";
import type { App, View } from "../../app.ts";
import { deviceWords } from "../../devices.ts";
import { el } from "../../dom.ts";
import { keepFresh } from "../../poll.ts";
import { agoWords } from "../../times.ts";
import { leadToSignIn } from "../gate.ts";
import { problemLine, screen } from "../screen.ts";
import { confirm, type Question } from "../sheet.ts";
import { toast, toastFailure } from "../toast.ts";
import { factRow, rowButton, rowList, showRows } from "./fact-row.ts";

export const sessionsView: View = (app, signal) => {
  const problem = problemLine();
  const list = rowList();
  const others = el("button", { class: "button", type: "button", hidden: true }, "End all others");
  const all = el("button", { class: "button", type: "button" }, "Sign out everywhere");
  others.addEventListener("click", () => void ask(endOthers, app.calls.endOtherSessions));
  all.addEventListener("click", () => void signOutEverywhere(app).catch(toastFailure));

  async function look(): Promise<boolean> {
    try {
      const sessions = await app.calls.sessions();
      problem.hide();
      const rows = sessions.map((session) => sessionRow(session, () => void ask(endOne(session), end(session))));
      showRows(list, rows);
      others.hidden = sessions.every(({ current }) => current);
    } catch (error) {
      problem.show(error);
    }
    return false;
  }

  const end = (session: Session) => () => app.calls.endSession(session.id);

  async function ask(question: Question, act: () => Promise<void>): Promise<void> {
    if (!(await confirm(question))) return;
    await act().then(() => toast("Done."), toastFailure);
    lookNow();
  }

  const lookNow = keepFresh(look, signal);
  return screen(
    { title: "Sessions", back: { view: "account" }, backLabel: "Back to account" },
    el("p", { class: "lead" }, "Devices and programs that are signed in to your account."),
    problem.element,
    list,
    el("div", { class: "list-actions" }, others, all),
  );
};

function sessionRow(session: Session, onEnd: () => void): HTMLElement {
  const device = deviceWords(session.user_agent ?? null);
  const facts = [`Active ${agoWords(session.last_seen, Date.now())}`, session.address ?? null, methodWords(session)];
  const action = session.current
    ? el("span", { class: "chip", "data-tone": "live" }, "This device")
    : rowButton("End", device, onEnd);
  return factRow(device, [el("span", {}, facts.filter((fact) => fact !== null).join(" · "))], action);
}

function methodWords({ method }: Session): string | null {
  return method === "google" ? "Google" : null;
}

function endOne({ user_agent }: Session): Question {
  return {
    title: `End ${deviceWords(user_agent ?? null)}?`,
    text: "It is signed out within seconds, its open terminals too. Your environments go on.",
    action: "End session",
    isDangerous: true,
  };
}

const endOthers: Question = {
  title: "End all other sessions?",
  text: "Every device but this one is signed out within seconds. Your environments go on.",
  action: "End others",
  isDangerous: true,
};

async function signOutEverywhere(app: App): Promise<void> {
  const isMeant = await confirm({
    title: "Sign out everywhere?",
    text: "Every device is signed out, this one too. Your environments go on.",
    action: "Sign out",
    isDangerous: true,
  });
  if (!isMeant) return;
  await app.calls.signOutEverywhere();
  leadToSignIn(app, "You are signed out everywhere.");
}
