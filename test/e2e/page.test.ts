/** The page on a phone, against the whole product: from registering to a shell that survives a lost connection. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { beginAnew, browserPath, launchBrowser, openPhone, type Phone } from "./support/phone.ts";
import { serverWorkerd } from "./support/processes.ts";
import { type Product, startProduct } from "./support/product.ts";

if (browserPath === null)
  console.warn("test/e2e/page.test.ts is skipped: there is no chromium (apt-get install chromium)");

/** Ends in `#` for root and in `$` for everybody else. */
const prompt = /workspace [#$] /;

describe.skipIf(browserPath === null)("the page on a phone", () => {
  let product: Product;
  let browser: Browser;
  let phone: Phone;

  beforeAll(async () => {
    product = await startProduct();
    browser = await launchBrowser(browserPath ?? "");
    phone = await openPhone(browser, product.url);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
  });
  beforeEach((context) => beginAnew([phone], context));

  const send = async (line: string) => {
    await phone.page.getByLabel("Line for the shell").fill(line);
    await phone.page.getByLabel("Send line").click();
  };

  const key = (name: string) => phone.page.locator(".keys").getByRole("button", { name, exact: true });

  it("shows a refused registration at its fields and takes a good one", async () => {
    const { page } = phone;
    await page.getByRole("link", { name: "Create an account" }).click();
    await page.getByLabel("User name").fill("pocket-person");
    await page.getByLabel("E-mail").fill("pocket@example.com");
    await page.getByLabel("Password").fill("short");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.locator("#field-password[aria-invalid=true]").waitFor();
    expect(await page.locator("#field-password-error").textContent()).not.toBe("");
    // The browser itself puts every 400 on the console.
    expect(phone.complaints.splice(0)).toEqual([expect.stringContaining("400")]);

    await page.getByLabel("Password").fill("SecurePass123!");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("heading", { name: "No environment yet" }).waitFor();
    expect(await phone.overflowPx()).toBe(0);
    await phone.photograph("page-empty");
  });

  it("has room for text of twice the size on the narrowest phone", async () => {
    const { page } = phone;
    const before = page.viewportSize() ?? { width: 0, height: 0 };
    await page.setViewportSize({ width: 320, height: 568 });
    const scaleText = (size: string) => page.evaluate((to) => (document.documentElement.style.fontSize = to), size);
    try {
      await scaleText("200%");
      const box = await page.getByRole("link", { name: "New", exact: true }).boundingBox();
      expect((box?.x ?? 0) + (box?.width ?? 999)).toBeLessThanOrEqual(320);
      expect(await phone.overflowPx()).toBe(0);
    } finally {
      await scaleText("");
      await page.setViewportSize(before);
    }
  });

  it("creates an environment from a template and reads 42 in its shell", async () => {
    const { page } = phone;
    await page.getByRole("link", { name: "New", exact: true }).click();
    await page.getByRole("button", { name: /Python/ }).click();
    expect(await page.getByLabel("Name").inputValue()).toBe("my-python");
    await page.getByRole("button", { name: "Create" }).click();
    await page.locator(".chip", { hasText: "Live" }).waitFor();
    await phone.sees(prompt);
    await send("echo $((6*7))");
    await phone.sees(/^42\s*$/m);
    expect(await phone.overflowPx()).toBe(0);
    await phone.photograph("page-terminal");
  });

  it("ends what runs by one key, in the middle of its flood", async () => {
    await send("yes flooding");
    await phone.sees(/flooding\nflooding/);
    await key("Ctrl-C").tap();
    await phone.sees(/\^C/);
    await send("clear; echo ended-$((1+1))-here");
    await phone.sees(/^ended-2-here/m);
  });

  it.each([
    ["terminal", ".xterm-helper-textarea"],
    ["line below it", ".compose-input"],
  ])("latches Ctrl for the next key, also at the %s", async (_, place) => {
    await send("clear; sleep 1000; echo never");
    await phone.sees(/^\s*$/);
    await key("Ctrl").tap();
    await phone.page.locator(place).press("c");
    await phone.sees(/\^C/);
    expect(await phone.page.getByLabel("Line for the shell").inputValue()).toBe("");
    await send("echo still-$((1+1))-here");
    await phone.sees(/^still-2-here/m);
  });

  it("has the keys beside the arrows behind Fn", async () => {
    await send("clear; echo reads-$((40+2)); cat -v");
    await phone.sees(/^reads-42/m);
    await key("Fn").tap();
    for (const name of ["Home", "Page up", "Page down", "End", "Shift-Tab", "Backslash"]) await key(name).tap();
    await key("Fn").tap();
    await key("Slash").tap();
    // As tmux calls them: xterm's Home and End are its 1 and 4.
    await phone.sees(/\^\[\[1~\^\[\[5~\^\[\[6~\^\[\[4~\^\[\[Z\\\//);
    await key("Ctrl-C").tap();
  });

  it("presses an arrow again and again while it is held, and not once more when it is let go", async () => {
    await send("clear; echo holds-$((40+2)); cat -v");
    await phone.sees(/^holds-42/m);
    await key("Arrow up").dispatchEvent("pointerdown");
    await phone.sees(/(\^\[\[A){2}/);
    await key("Arrow up").evaluate((arrow) => {
      const tilde = document.querySelector<HTMLElement>(".key[aria-label=Tilde]");
      arrow.dispatchEvent(new PointerEvent("pointerup"));
      tilde?.click();
      arrow.dispatchEvent(new MouseEvent("click", { detail: 1 }));
      tilde?.click();
    });
    // Where a row ends another begins.
    await phone.sees(/A\s*~\s*~/);
    await key("Ctrl-C").tap();
  });

  it("has a finger's room for each key and button, also where the phone lies", async () => {
    const { page } = phone;
    const standing = page.viewportSize() ?? { width: 0, height: 0 };
    for (const size of [standing, { width: 640, height: 360 }]) {
      await page.setViewportSize(size);
      for (const button of await page.locator(".keys button, .compose button").all()) {
        const { width = 0, height = 0 } = (await button.boundingBox()) ?? {};
        expect(Math.min(width, height)).toBeGreaterThanOrEqual(44);
      }
      expect(await phone.overflowPx()).toBe(0);
    }
    await page.setViewportSize(standing);
  });

  it("shows what is typed, also to whoever has looked back before", async () => {
    const { page } = phone;
    await send("clear; for n in $(seq 99); do echo row-$n; sleep 0.01; done; echo end-$((40+2))");
    await phone.sees(/^end-42/m);
    await page.locator(".xterm-screen").hover();
    await page.mouse.wheel(0, -1_000);
    await phone.sees(/^(?!.*end-42).*row-/s);
    await send("echo back-$((40+2))");
    await phone.sees(/^back-42/m);
  });

  it("gives the shell the size of the screen", async () => {
    await send("clear; stty size");
    const shown = await phone.sees(/^\d+ \d+\s*$/m);
    const rows = await phone.page.locator(".xterm-rows > div").count();
    expect(shown).toMatch(new RegExp(`^${rows} \\d+\\s*$`, "m"));
  });

  it.each([
    ["stands", { width: 360, height: 640 }, 270, 120],
    ["lies", { width: 640, height: 360 }, 170, 80],
  ])(
    "leaves room for lines above a soft keyboard where the phone %s, and keeps its rows",
    async (_, size, covered, leastPx) => {
      const { page } = phone;
      const standing = page.viewportSize() ?? size;
      const heightOf = (part: string) => page.locator(part).evaluate(({ clientHeight }) => clientHeight);
      await page.setViewportSize(size);
      await send("clear; seq 99; echo above-$((40+2))");
      await phone.sees(/^above-42/m);
      const before = await heightOf(".terminal-host");
      await phone.cover(covered);
      expect(await heightOf(".terminal-pane")).toBeGreaterThan(leastPx);
      expect(await heightOf(".terminal-host")).toBe(before);
      const keys = await page.locator(".keys").boundingBox();
      await page.waitForFunction((bottom) => {
        const rows = [...document.querySelectorAll(".xterm-rows > div")];
        const last = rows.find((row) => row.textContent.startsWith("above-42"))?.getBoundingClientRect();
        return last !== undefined && last.top > 0 && last.bottom <= bottom;
      }, keys?.y ?? 0);
      await phone.cover(0);
      expect(await heightOf(".terminal-host")).toBe(before);
      await page.setViewportSize(standing);
    },
  );

  it("comes back to the same shell by itself after the server was killed", { timeout: 120_000 }, async () => {
    const { page } = phone;
    await send("clear; marker=$RANDOM; echo kept $marker");
    const kept = /kept \d+/.exec(await phone.sees(/^kept \d+/m))?.[0] ?? "";
    process.kill(serverWorkerd(product.process.pid ?? 0, product.url), "SIGKILL");
    await page.locator(".chip", { hasText: "Reconnecting" }).waitFor();
    await page.locator(".chip", { hasText: "Live" }).waitFor({ timeout: 60_000 });
    await send("clear; echo again $marker");
    await phone.sees(new RegExp(`^${kept.replace("kept", "again")}`, "m"));
    // The browser tells of every dial and call that found nobody.
    phone.complaints.length = 0;
  });

  it("says of a line that it may not have arrived when the shell's client was lost with it", async () => {
    const { page } = phone;
    const server = "tmux -S $(dirname $TMUX_TMPDIR)/$DEVPOCKET_ENVIRONMENT_ID";
    // What was typed is in doubt for two seconds: the shell itself kills as soon as it has read it.
    const kill = `client=$(${server} list-clients -F '#{client_pid}'); echo ready-$((40+2)); read line; kill -9 $client`;
    await send(`clear; ${kill}`);
    await phone.sees(/^ready-42/m);
    await send("typed in doubt");
    await page.getByText("Perhaps not sent:").waitFor();
    await page
      .getByText(/typed in doubt/)
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Discard" }).click();
    await page.getByText("Perhaps not sent:").waitFor({ state: "hidden" });
    await send("clear; echo back-$((40+2))");
    await phone.sees(/^back-42/m);
  });

  it("goes from the terminal to the logs and back by the browser's own button", async () => {
    const { page } = phone;
    await page.getByRole("link", { name: "Logs" }).click();
    await page.getByRole("log").waitFor();
    await page.goBack();
    await page.getByLabel("Line for the shell").waitFor();
  });

  it("stops and starts the environment from the terminal", async () => {
    const { page } = phone;
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("heading", { name: "Stopped" }).waitFor();
    await page.getByRole("button", { name: "Start" }).click();
    await page.locator(".curtain").waitFor({ state: "hidden" });
    await page.locator(".chip", { hasText: "Live" }).waitFor();
    await send("echo started $((40+2))");
    await phone.sees(/^started 42/m);
  });

  it("signs out, and asks whoever comes back to sign in", async () => {
    const { page } = phone;
    await page.getByRole("link", { name: "Back to environments" }).click();
    await page.getByRole("link", { name: "Account" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.goBack();
    await page.waitForURL(/#\/sign-in$/);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  });

  it("broke no rule of its content policy and put no error on the console", () => {
    expect(phone.complaints).toEqual([]);
  });
});
