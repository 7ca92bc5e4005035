/**
 * The way to one viewer of version 2 as numbers: what was sent and is not acknowledged, how much more may be, and how
 * fast the acknowledgements come. It is never kept: after waking the window is empty and its place unknown.
 */
import { limits } from "../protocol/timing.ts";

/** Output that went ahead of a snapshot, and the bytes of the snapshot that went ahead of it. */
interface Stretch {
  from: number;
  to: number;
  before: number;
}

/** More stretches than these are counted as one lump with the next. */
const maxStretches = 8;

export interface Window {
  /** Offset of the next byte to send; null while that is unknown. */
  sent: number | null;
  /** Why it is: no place yet, none any more, or waking has forgotten it. */
  unplaced: "new" | "lost" | "woken";
  /** Everything from here to `sent` is under way. An acknowledgement moves it; null where `sent` never was known. */
  base: number | null;
  /** Bytes under way that were sent before `base`: a snapshot, and what went ahead of it. */
  carried: number;
  /** What snapshots hold beyond what of them is counted as under way. */
  excess: number;
  /** Of those the stretches of output, oldest first. */
  ahead: Stretch[];
  /** Acknowledgements up to here may be of an earlier epoch, whose offsets were higher. */
  staleUpTo: number;
  /** A snapshot was sent over the limit, and nothing behind it is acknowledged. */
  isHurried: boolean;
  /** What all viewers together may have under way had no room for a snapshot. */
  isRefused: boolean;
  /** Its part of that, in bytes. */
  share: number;
  /** The stream goes on at `sent` in the same epoch and generation: what is missing can be asked for by place. */
  isWhole: boolean;
  /** Acknowledged bytes and the time they took while enough was under way to keep it busy; the older, the fainter. */
  goodput: { bytes: number; ms: number };
  measuredSince: number | null;
  /** Since when something is under way and nothing was acknowledged. */
  silentSince: number;
}

export function newWindow(unplaced: Window["unplaced"]): Window {
  return {
    sent: null,
    unplaced,
    base: null,
    carried: 0,
    excess: 0,
    ahead: [],
    staleUpTo: -1,
    isHurried: false,
    isRefused: false,
    share: Number.POSITIVE_INFINITY,
    isWhole: false,
    goodput: { bytes: 0, ms: 0 },
    measuredSince: null,
    silentSince: 0,
  };
}

/** Of the measured goodput a step's weight fades to this at each later step. */
const fading = 0.75;

/** Bytes that may be under way. */
export function windowBytes({ goodput, share }: Window): number {
  const isSlow = goodput.bytes * 1000 < limits.slowBytesPerSecond * goodput.ms;
  return Math.min(share, isSlow ? limits.slowWindowBytes : limits.windowBytes);
}

export function openBytes({ sent, base, carried }: Window): number {
  return carried + (sent === null || base === null ? 0 : sent - base);
}

/** All that is not known to have been read, in bytes of the terminal. */
export function heldBytes(window: Window): number {
  return openBytes(window) + window.excess;
}

export function roomLeft(window: Window): number {
  return Math.max(0, windowBytes(window) - openBytes(window));
}

/** Whether enough was acknowledged for a viewer that fell behind to be served again. */
export function isHalfOpen(window: Window): boolean {
  return openBytes(window) <= halfOf(window);
}

/** No less than what a client leaves unacknowledged. */
function halfOf(window: Window): number {
  return Math.max(windowBytes(window) / 2, limits.ackLateBytes);
}

/** How far output may go for this viewer; null while that is unknown. */
export function reach(window: Window): number | null {
  if (window.base === null) return null;
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, window.base + windowBytes(window) - window.carried));
}

/** Says where a window without a place begins. An acknowledgement that came while it had none may have told more. */
export function beginAt(window: Window, seq: number): void {
  if (window.sent !== null) return;
  window.sent = seq;
  window.base = Math.min(window.base ?? seq, seq);
  window.isWhole = true;
}

/** Counts output up to `end` as sent and says true, or false if it does not fit. */
export function spendOutput(window: Window, end: number, now: number): boolean {
  const { sent } = window;
  if (sent === null || end - sent > roomLeft(window)) return false;
  if (openBytes(window) === 0) window.silentSince = now;
  window.sent = end;
  return true;
}

/** Counts a snapshot as sent; output goes on at its offset. A large one counts as just over half a window: what follows
 * shows that it was drawn, and a second one is not sent before. */
export function spendSnapshot(window: Window, seq: number, bytes: number, now: number): void {
  if (openBytes(window) === 0) window.silentSince = now;
  leaveBehind(window);
  if (window.sent !== null && window.sent > seq) window.staleUpTo = window.sent;
  const counted = Math.min(bytes, halfOf(window) + 1);
  window.carried += counted;
  window.excess += bytes - counted;
  window.sent = seq;
  window.base = seq;
  window.isWhole = true;
}

/** What is under way stays counted, though output does not go on behind it. */
function leaveBehind(window: Window): void {
  const { sent, base, carried, ahead } = window;
  if (sent === null || base === null) return;
  ahead.push({ from: base, to: sent, before: carried - sizeOf(ahead) });
  if (ahead.length > maxStretches) {
    const [oldest, next] = ahead.splice(0, 2);
    if (oldest && next) ahead.unshift({ ...next, before: next.before + sizeOf([oldest]) });
  }
  window.carried = openBytes(window);
  window.base = sent;
}

function sizeOf(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { from, to, before }) => sum + before + to - from, 0);
}

/** The place is worth nothing any more, as offsets begin anew; what is under way is not forgotten. */
export function losePlace(window: Window): void {
  leaveBehind(window);
  if (window.sent !== null) window.staleUpTo = Math.max(window.staleUpTo, window.sent);
  window.sent = null;
  window.unplaced = "lost";
  window.base = null;
  window.isWhole = false;
}

/** Everything before `seq` was drawn. False if it was never sent. */
export function acknowledge(window: Window, seq: number, now: number): boolean {
  const before = openBytes(window);
  if (isInStream(window, seq)) settle(window, seq);
  else if (settledBy(window, seq) > 0) settleAhead(window, seq);
  else return isOld(window, seq);
  if (before > openBytes(window)) measure(window, before, now);
  return true;
}

/** How many bytes an acknowledgement settles. */
export function settledBy(window: Window, seq: number): number {
  const { base, ahead } = window;
  if (isInStream(window, seq)) return window.carried + seq - (base ?? seq);
  const index = stretchOf(window, seq);
  const stretch = ahead[index];
  return stretch === undefined ? 0 : sizeOf(ahead.slice(0, index)) + stretch.before + seq - stretch.from;
}

function stretchOf({ ahead }: Window, seq: number): number {
  return ahead.findLastIndex(({ from, to }) => seq >= from && seq <= to);
}

/**
 * Whether it is for output that went behind the last snapshot. An acknowledgement bears no epoch: one of an earlier epoch
 * that falls in here settles what was not drawn. All that come late are for one window at most, which is then how far
 * too much is under way, once; the next that is of this epoch says less and changes nothing until it has caught up.
 */
function isInStream({ sent, base }: Window, seq: number): boolean {
  return sent !== null && seq <= sent && (base === null || seq >= base);
}

function settle(window: Window, seq: number): void {
  window.isHurried = false;
  window.base = seq;
  window.carried = 0;
  window.excess = 0;
  window.ahead = [];
}

function settleAhead(window: Window, seq: number): void {
  const index = stretchOf(window, seq);
  window.carried -= settledBy(window, seq);
  const [stretch, ...later] = window.ahead.slice(index);
  window.ahead = stretch === undefined ? later : [{ ...stretch, from: seq, before: 0 }, ...later];
}

/** It settles nothing: because that is settled already, or was forgotten, or else because it cannot be. After waking
 * it says itself how far output may go; output that contradicts it corrects that. */
function isOld(window: Window, seq: number): boolean {
  const { sent, unplaced } = window;
  if (sent !== null) return seq <= Math.max(sent, window.staleUpTo);
  if (unplaced === "woken") window.base = Math.max(window.base ?? 0, seq);
  return unplaced !== "new";
}

/** Only while the next acknowledgement is due by bytes, not by time, does its delay say how fast the way is. */
function measure(window: Window, openBefore: number, now: number): void {
  const open = openBytes(window);
  const { goodput, measuredSince } = window;
  if (measuredSince !== null) {
    goodput.bytes = goodput.bytes * fading + openBefore - open;
    goodput.ms = goodput.ms * fading + now - measuredSince;
  }
  window.measuredSince = open >= limits.ackEveryBytes ? now : null;
  window.silentSince = now;
}
