/** "Send again" for mails: the button rests for a minute after each, as the server does. */
import { explain, Failed } from "../api/problem.ts";
import { el, setText } from "../dom.ts";
import { toast } from "./toast.ts";

const restSeconds = 60;
/** When the next mail may be asked for; kept while the page is, so that another view's button rests as well. */
let restsUntilMs = 0;

/** A mail was sent by other means just now. */
export function noteMailSent(seconds = restSeconds): void {
  restsUntilMs = Date.now() + seconds * 1000;
}

function secondsLeft(): number {
  return Math.ceil((restsUntilMs - Date.now()) / 1000);
}

export interface ResendOptions {
  /** Throws `Failed`. */
  send(): Promise<void>;
  signal: AbortSignal;
}

export function resendButton({ send, signal }: ResendOptions): HTMLElement {
  const button = el("button", { class: "button", type: "button", onclick: sendAgain }, "Send again");

  function show(): void {
    const seconds = secondsLeft();
    const isResting = seconds > 0;
    // Not `disabled`, which would take the focus from whoever has just pressed it.
    button.setAttribute("aria-disabled", String(isResting));
    setText(button, isResting ? `Send again in ${seconds} s` : "Send again");
  }

  async function sendAgain(): Promise<void> {
    if (secondsLeft() > 0) return;
    noteMailSent();
    show();
    try {
      await send();
      toast("Sent. It may take a minute to arrive.");
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      noteMailSent(waitSeconds(error));
      toast(explain(error.failure));
    }
    show();
  }

  const timer = setInterval(show, 1000);
  signal.addEventListener("abort", () => clearInterval(timer));
  show();
  return button;
}

function waitSeconds({ failure }: Failed): number {
  return failure.kind === "problem" ? (failure.retryAfterSeconds ?? 0) : 0;
}
