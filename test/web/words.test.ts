/** Addresses of the page and the words it has for what it shows. */
import { describe, expect, it } from "vitest";
import { linkTo, parseRoute, type Route } from "../../workers/web/router.ts";
import { metricsLine, monogram, sizeWords, suggestName } from "../../workers/web/words.ts";

const environmentId = "env_0123456789abcdefghij";

describe("parseRoute", () => {
  const routes: Route[] = [
    { view: "sign-in" },
    { view: "register" },
    { view: "forgot" },
    { view: "environments" },
    { view: "new" },
    { view: "account" },
    { view: "sessions" },
    { view: "tokens" },
    { view: "reset", secret: null },
    { view: "verify", secret: null },
    { view: "google", secret: null },
    { view: "google-failed", reason: "access_denied" },
    { view: "terminal", environmentId },
    { view: "logs", environmentId },
  ];
  it.each(routes)("reads back the address of $view", (route) => {
    expect(parseRoute(linkTo(route))).toEqual(route);
  });

  it("takes no fragment as the list", () => {
    expect(parseRoute("")).toEqual({ view: "environments" });
    expect(parseRoute("#/")).toEqual({ view: "environments" });
  });

  it.each(["reset", "verify", "google"] as const)("reads the secret of #/%s/… and never writes it", (view) => {
    const secret = "Abc_-.~0123456789";
    expect(parseRoute(`#/${view}/${secret}`)).toEqual({ view, secret });
    expect(linkTo({ view, secret })).toBe(`#/${view}`);
  });

  it("takes a secret or a reason of another form as none", () => {
    expect(parseRoute("#/reset/a%20b")).toEqual({ view: "reset", secret: null });
    expect(parseRoute(`#/verify/${"a".repeat(2000)}`)).toEqual({ view: "verify", secret: null });
    expect(parseRoute("#/google-failed/<b>")).toEqual({ view: "google-failed", reason: "unknown" });
    expect(parseRoute("#/google-failed")).toEqual({ view: "google-failed", reason: "unknown" });
  });

  it.each([
    "#/nowhere",
    "#/account/nowhere",
    "#/account/tokens/x",
    "#/reset/a/b",
    "#/environments/a/b",
    "#/environments/a/logs/c",
    "#/environments/../x",
    "#/environments/a%2Fb",
  ])("finds nothing at %s", (fragment) => {
    expect(parseRoute(fragment)).toBeNull();
  });
});

describe("words", () => {
  it("says sizes as people do", () => {
    expect(sizeWords({ cpu: "500m", memory: "1Gi", storage: "10Gi" }).replaceAll("\u00a0", " ")).toBe(
      "0.5 CPU · 1 GB memory · 10 GB disk",
    );
  });

  it("suggests a name that is free, whatever its case", () => {
    expect(suggestName("python", [])).toBe("my-python");
    expect(suggestName("python", ["My-Python", "my-python-2"])).toBe("my-python-3");
    expect(suggestName("x".repeat(80), []).length).toBeLessThanOrEqual(50);
  });

  it("shows readings, a dash for each that there is not, and why", () => {
    const readings = { cpu_usage: 2.6, memory_usage: 0.4, storage_usage: 0 };
    expect(metricsLine({ ...readings, reason: "network is not measured" })).toBe("CPU 3%  Mem <1%  Disk 0%");
    expect(metricsLine({ ...readings, cpu_usage: null, reason: "first sample" })).toBe(
      "CPU –  Mem <1%  Disk 0% (first sample)",
    );
    expect(metricsLine({ reason: "not_running" })).toBe("Metrics – (not running)");
  });

  it("has two letters for any template", () => {
    expect(monogram("golang")).toBe("Go");
    expect(monogram("haskell")).toBe("Ha");
  });
});
