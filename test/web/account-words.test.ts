/** The words that the account screens have for devices, moments and passwords. */
import { describe, expect, it } from "vitest";
import { deviceWords } from "../../workers/web/devices.ts";
import { passwordRules } from "../../workers/web/password-rules.ts";
import { agoWords, durationWords, expiryWords, leftWords } from "../../workers/web/times.ts";

const nowMs = Date.parse("2026-11-24T12:00:00Z");
const minutes = (count: number) => new Date(nowMs + count * 60_000).toISOString();
const days = (count: number) => minutes(count * 24 * 60);

describe("deviceWords", () => {
  const webKit = "AppleWebKit/537.36 (KHTML, like Gecko)";
  it.each([
    [`Mozilla/5.0 (Linux; Android 14; Pixel 8) ${webKit} Chrome/126.0 Mobile Safari/537.36`, "Chrome on Android"],
    [
      `Mozilla/5.0 (Linux; Android 14) ${webKit} SamsungBrowser/25.0 Chrome/121.0 Safari/537.36`,
      "Samsung Internet on Android",
    ],
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webKit} Chrome/126.0 Safari/537.36 Edg/126.0`, "Edge on Windows"],
    [
      `Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) ${webKit} Version/17.5 Mobile/15E148 Safari/604.1`,
      "Safari on iPhone",
    ],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox on Linux"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.4 Safari/605.1.15", "Safari on Mac"],
    ["Dart/3.4 (dart:io)", "DevPocket app"],
    ["curl/8.7.1", "curl"],
    ["x".repeat(200), "x".repeat(40)],
    ["/", "Unknown device"],
    ["", "Unknown device"],
    [null, "Unknown device"],
  ])("calls %s %s", (userAgent, words) => {
    expect(deviceWords(userAgent)).toBe(words);
  });
});

describe("agoWords", () => {
  it.each([
    [minutes(1), "just now"],
    [minutes(0), "just now"],
    [minutes(-5), "5 min ago"],
    [minutes(-119), "1 h ago"],
    [days(-1), "yesterday"],
    [days(-29), "29 days ago"],
    ["soon", "at an unknown time"],
  ])("calls %s %s", (time, words) => {
    expect(agoWords(time, nowMs)).toBe(words);
  });

  it("says the date from a month on", () => {
    expect(agoWords(days(-40), nowMs)).toMatch(/^on .*2026/);
  });
});

describe("expiryWords", () => {
  it.each([
    [null, "never expires"],
    [days(-1), "expired"],
    [minutes(30), "expires within a day"],
    [days(1), "expires within a day"],
    [days(1.1), "expires in 2 days"],
    [days(30), "expires in 30 days"],
  ])("calls %s %s", (time, words) => {
    expect(expiryWords(time, nowMs)).toBe(words);
  });
});

describe("leftWords", () => {
  it.each([
    [minutes(5), "in 5 min"],
    [minutes(1.5), "in 90 s"],
    [minutes(0.01), "in 1 s"],
    [minutes(0), "now"],
    [minutes(-3), "now"],
    ["soon", "now"],
  ])("calls %s %s", (time, words) => {
    expect(leftWords(time, nowMs)).toBe(words);
  });
});

describe("durationWords", () => {
  it("says whole hours from two on", () => {
    expect([15, 60, 90, 240].map(durationWords)).toEqual(["15 min", "60 min", "90 min", "4 h"]);
  });
});

describe("passwordRules", () => {
  const metBy = (password: string) => passwordRules.filter(({ isMet }) => isMet(password)).map(({ words }) => words);

  it("are all met by a password that the server takes", () => {
    expect(metBy("SecurePass123")).toHaveLength(passwordRules.length);
    expect(metBy("Ünïcödé٣")).toHaveLength(passwordRules.length);
  });

  it("tell what is missing", () => {
    expect(metBy("short1")).toEqual(["Digit", "Lower-case letter"]);
  });

  it("count what people see as one character once", () => {
    expect(metBy("e\u0301".repeat(7))).not.toContain("8+ characters");
    expect(metBy("😀".repeat(8))).toContain("8+ characters");
  });
});
