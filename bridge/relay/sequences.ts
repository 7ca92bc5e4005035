/**
 * Cuts a terminal's bytes only between characters and escape sequences, and takes the questions out that a
 * terminal would answer (DA, DSR, DECRQM, XTVERSION, XTGETTCAP, colours, window size, keyboard). So it does with
 * torn characters: tmux drops its backlog wherever it is, draws everything anew, and half a character stays behind.
 *
 * Who answers: tmux answers the programs in its panes by itself, none of their questions reaches its client. What
 * is left are tmux's own, at attach (`CSI > c`, `CSI > q`). They go unanswered: our features are set in tmux.conf,
 * and an answer that comes late (a frozen bridge) would be typed into the shell. So nobody answers anything.
 */
import { isUtf8 } from "node:buffer";

const esc = 0x1b;
const bell = 0x07;
/** A longer sequence is let through in pieces; no question is that long. */
const maxHeldBytes = 4_096;

export class SequenceFilter {
  #held = new Uint8Array(0);
  #isPassingLong = false;

  /** What may be passed on of everything seen so far: whole characters and sequences, without questions. */
  push(chunk: Uint8Array): Uint8Array {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const kept: Uint8Array[] = [];
    let from = 0;
    let at = this.#isPassingLong ? this.#endOfLong(bytes) : 0;
    while (at < bytes.length) {
      const start = bytes.indexOf(esc, at);
      if (start < 0) break;
      const end = sequenceEnd(bytes, start);
      if (end === null) {
        if (bytes.length - start > maxHeldBytes) this.#isPassingLong = true;
        else return this.#release(bytes, kept, from, start);
        break;
      }
      if (isQuestion(bytes.subarray(start, end))) {
        kept.push(bytes.subarray(from, start));
        from = end;
      }
      at = end;
    }
    return this.#release(bytes, kept, from, bytes.length - cutCharacterBytes(bytes));
  }

  #release(bytes: Uint8Array, kept: Uint8Array[], from: number, until: number): Uint8Array {
    this.#held = Uint8Array.from(bytes.subarray(until));
    const last = bytes.subarray(from, until);
    return withoutTorn(kept.length === 0 ? last : Buffer.concat([...kept, last]));
  }

  /** Where the long sequence that is being let through ends. */
  #endOfLong(bytes: Uint8Array): number {
    const end = stringEnd(bytes, 0, true);
    if (end !== null) this.#isPassingLong = false;
    return end ?? bytes.length;
  }
}

/** Without torn characters. A U+FFFD that was meant goes with them, but only there, where all is drawn anew anyway. */
function withoutTorn(bytes: Uint8Array): Uint8Array {
  if (isUtf8(bytes)) return bytes;
  return Buffer.from(Buffer.from(bytes).toString("utf8").replaceAll("\ufffd", ""));
}

/** How many bytes at the end belong to a character that is not complete (0-3). */
export function cutCharacterBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    return characterBytes(byte) > back ? back : 0;
  }
  return 0;
}

function characterBytes(lead: number): number {
  if (lead >= 0xf0 && lead < 0xf8) return 4;
  if (lead >= 0xe0) return lead < 0xf0 ? 3 : 1;
  return lead >= 0xc2 ? 2 : 1;
}

/** The index after the sequence that begins at `start`, or null when it is not complete. */
function sequenceEnd(bytes: Uint8Array, start: number): number | null {
  const kind = bytes[start + 1];
  if (kind === undefined) return null;
  if (kind === 0x5b) return endOfCsi(bytes, start + 2);
  // OSC, DCS, SOS, PM and APC are strings up to ST; BEL ends an OSC too.
  if ([0x5d, 0x50, 0x58, 0x5e, 0x5f].includes(kind)) return stringEnd(bytes, start + 2, kind === 0x5d);
  let at = start + 1;
  while (at < bytes.length && isBetween(bytes[at], 0x20, 0x2f)) at += 1;
  return at < bytes.length ? at + 1 : null;
}

function endOfCsi(bytes: Uint8Array, from: number): number | null {
  for (let at = from; at < bytes.length; at += 1) {
    if (isBetween(bytes[at], 0x40, 0x7e)) return at + 1;
    if (bytes[at] === esc) return at;
  }
  return null;
}

function stringEnd(bytes: Uint8Array, from: number, endsAtBell: boolean): number | null {
  for (let at = from; at < bytes.length; at += 1) {
    if (endsAtBell && bytes[at] === bell) return at + 1;
    if (bytes[at] === esc && bytes[at + 1] === 0x5c) return at + 2;
    if (bytes[at] === esc && at + 1 < bytes.length) return at;
  }
  return null;
}

function isBetween(byte: number | undefined, low: number, high: number): boolean {
  return byte !== undefined && byte >= low && byte <= high;
}

/** After the introducer: `CSI … final`, `OSC …`, `DCS …`. */
const questions = [
  /^\[[>=]?[0-9;]*c$/, // DA1, DA2, DA3
  /^\[\??[0-9;]*n$/, // DSR
  /^\[\??[0-9;]*\$p$/, // DECRQM
  /^\[>[0-9;]*q$/, // XTVERSION
  /^\[(?:1[1-9]|2[01])(?:;[0-9]*)*t$/, // window reports
  /^\[\?[0-9;]*u$/, // keyboard protocol
  /^\[[01]?x$/, // DECREQTPARM
  /^\][0-9]+;(?:[^\\]*;)?\?$/, // colours, clipboard
  /^P[+$]q/, // XTGETTCAP, DECRQSS
];

function isQuestion(sequence: Uint8Array): boolean {
  const text = Buffer.from(sequence).toString("latin1", 1);
  const body = text.endsWith("\u001b\\") ? text.slice(0, -2) : text.endsWith("\u0007") ? text.slice(0, -1) : text;
  return questions.some((question) => question.test(body));
}
