/** The words of every mail, as plain text and as simple HTML. A name is escaped: people choose it themselves. */

import type { GuestRole } from "../../durable-objects/protocol/vocabulary.ts";

export interface MailText {
  subject: string;
  text: string;
  html: string;
}

/** One paragraph; a link or a code stands alone in it. */
type Paragraph = string | { link: string; label: string } | { code: string };

/** Verifies an address by its link, or by typing the code. */
export function verificationMail(about: { username: string; link: string; code: string }): MailText {
  return write("Verify your e-mail address", about.username, [
    "Welcome to DevPocket. Open this link to verify your e-mail address:",
    { link: about.link, label: "Verify my address" },
    "or type this code where you are signed in:",
    { code: about.code },
    "The code works for 30 minutes, the link for 24 hours. If you did not make an account, ignore this mail.",
  ]);
}

/** Chooses a new password by its link. */
export function resetMail(about: { username: string; link: string }): MailText {
  return write("Choose a new password", about.username, [
    "Somebody, hopefully you, asked for a new password. Open this link to choose one:",
    { link: about.link, label: "Choose a new password" },
    "It works once, for one hour. Every device is signed out when you use it.",
    "If you did not ask for it, ignore this mail: your password stays as it is.",
  ]);
}

/** Tells of a lock; holds no secret. */
export function lockMail(about: { username: string; minutes: number; publicUrl: string }): MailText {
  return write("Your account was locked for a while", about.username, [
    `After several wrong passwords in a row, signing in is locked for ${about.minutes} minutes where they were typed. ` +
      "Devices that are signed in go on, and those you used within 30 days can still sign in.",
    "If it was you and you forgot your password, choose a new one; that ends the lock at once:",
    { link: `${about.publicUrl}/#/forgot`, label: "I forgot my password" },
    "If it was not you, nobody got in, and there is nothing you need to do.",
  ]);
}

/**
 * Invites to somebody's environment. Whoever gets it may have no account and did not ask for it: it says nothing that the
 * sender could have written, but their user name.
 */
export function invitationMail(about: { from: string; role: GuestRole; link: string; expiresAt: Date }): MailText {
  const deed = about.role === "driver" ? "watch and type in" : "watch";
  return write(`${about.from} shares a terminal with you`, null, [
    `${about.from} invites you to ${deed} one of their development environments on DevPocket. Open this link to accept:`,
    { link: about.link, label: "Open the shared environment" },
    `It works for this e-mail address only, until ${about.expiresAt.toUTCString()}. Sign in with it, or make an account first.`,
    "If you do not know who this is, ignore this mail: nothing happens.",
  ]);
}

function write(subject: string, username: string | null, paragraphs: readonly Paragraph[]): MailText {
  const all = [username === null ? "Hello," : `Hello ${username},`, ...paragraphs, "DevPocket"];
  const text = `${all.map(plain).join("\n\n")}\n`;
  return {
    subject: `${subject} - DevPocket`,
    text,
    html: `<!doctype html><html lang="en"><body>${all.map(html).join("")}</body></html>`,
  };
}

function plain(paragraph: Paragraph): string {
  if (typeof paragraph === "string") return paragraph;
  return "link" in paragraph ? paragraph.link : paragraph.code;
}

function html(paragraph: Paragraph): string {
  if (typeof paragraph === "string") return `<p>${escapeHtml(paragraph)}</p>`;
  if ("code" in paragraph) return `<p><strong>${escapeHtml(paragraph.code)}</strong></p>`;
  return `<p><a href="${escapeHtml(paragraph.link)}">${escapeHtml(paragraph.label)}</a></p>`;
}

/** Text that may stand between tags and in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
