/** Input before it has a number, and while it is open (protocol/README.md, "Clients, version 2"). Pure. */
import type { ClientMessage2 } from "../../../durable-objects/protocol/client-2.ts";
import { limits } from "../../../durable-objects/protocol/timing.ts";
import { textParts } from "./text-parts.ts";

export type Draft = { type: "input"; data: string } | { type: "paste"; id: string; data: string; last: boolean };
export type InputMessage = Extract<ClientMessage2, { type: "input" | "paste" }>;

export interface OpenInput {
  message: InputMessage;
  /** UTF-8; 0 for what carries nothing. */
  bytes: number;
  /** When it was sent first. */
  sentAtMs: number;
  /** Copies on the socket that is open now which no error has answered. */
  onWay: number;
}

/** Waiting keystrokes become one frame up to this size, so that a long cut does not end in a flood of frames. */
const mostJoinedUnits = 4_096;

export function typedDrafts(text: string): Draft[] {
  return textParts(text, limits.maxPastePartBytes).map((data) => ({ type: "input", data }));
}

/** In the form that terminals paste in: Enter is `\r`. The bridge sets the brackets. */
export function pastedDrafts(text: string, id: string): Draft[] {
  const parts = textParts(text.replace(/\r?\n/g, "\r"), limits.maxPastePartBytes);
  return parts.map((data, at) => ({ type: "paste", id, data, last: at === parts.length - 1 }));
}

/** Appends a draft, to the last one where both are keystrokes and fit a frame. */
export function appendDraft(drafts: Draft[], draft: Draft): void {
  const end = drafts.at(-1);
  const fits = end?.type === "input" && draft.type === "input" && end.data.length + draft.data.length < mostJoinedUnits;
  if (fits) drafts[drafts.length - 1] = { type: "input", data: end.data + draft.data };
  else drafts.push(draft);
}

/** The server knows numbers without gaps, so what must not arrive becomes input of nothing. */
export function emptyInput(i: number, sentAtMs: number): OpenInput {
  return { message: { type: "input", data: "", i }, bytes: 0, sentAtMs, onWay: 0 };
}

export function makeEmpty(input: OpenInput): void {
  input.message = { type: "input", data: "", i: input.message.i };
  input.bytes = 0;
}

export function totalBytes(inputs: readonly OpenInput[]): number {
  return inputs.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** What they carry, without numbers. */
export function draftsOf(inputs: readonly OpenInput[]): Draft[] {
  return inputs.flatMap(({ message: { i: _, ...draft }, bytes }) => (bytes > 0 ? [draft] : []));
}

/** The newest of them, as many as may be open. */
export function newestInputs(inputs: OpenInput[]): OpenInput[] {
  let bytes = 0;
  let from = inputs.length;
  while (from > 0 && bytes <= limits.maxOpenInputBytes) bytes += inputs[--from]?.bytes ?? 0;
  return inputs.slice(from);
}

/** What was typed or pasted, in order and in one piece each: to be shown, and to be given again. */
export interface Piece {
  kind: "typed" | "pasted";
  text: string;
}

export function piecesOf(drafts: readonly Draft[]): Piece[] {
  const pieces: Array<Piece & { id: string | null }> = [];
  for (const draft of drafts) {
    const id = draft.type === "paste" ? draft.id : null;
    const end = pieces.at(-1);
    if (end?.id === id) end.text += draft.data;
    else pieces.push({ kind: id === null ? "typed" : "pasted", text: draft.data, id });
  }
  return pieces.map(({ kind, text }) => ({ kind, text }));
}
