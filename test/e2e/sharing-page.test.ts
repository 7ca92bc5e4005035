/** Two people with a browser each at one terminal, against the whole product: link, watching, typing, control, revoking. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { beginAnew, browserPath, launchBrowser, openPhone, type Phone } from "./support/phone.ts";
import { type SharedProduct, sharedProduct } from "./support/shared.ts";

if (browserPath === null)
  console.warn("test/e2e/sharing-page.test.ts is skipped: there is no chromium (apt-get install chromium)");

const phoneSize = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
  colorScheme: "dark",
} as const;
const lightPhone = { ...phoneSize, colorScheme: "light" } as const;

describe.skipIf(browserPath === null)("a terminal that is shared", () => {
  let product: SharedProduct;
  let browser: Browser;
  let owner: Phone;
  let guest: Phone;
  let link = "";

  beforeAll(async () => {
    product = await sharedProduct();
    browser = await launchBrowser(browserPath ?? "");
    owner = await openPhone(browser, product.url, phoneSize);
    guest = await openPhone(browser, product.url, lightPhone);
  });
  afterAll(async () => {
    await browser?.close();
  });
  beforeEach((context) => beginAnew([owner, guest], context));

  const send = async ({ page }: Phone, line: string) => {
    await page.getByLabel("Line for the shell").fill(line);
    await page.getByLabel("Send line").click();
  };
  const register = async ({ page }: Phone, name: string) => {
    await page.getByRole("link", { name: "Create an account" }).click();
    await page.getByLabel("User name").fill(name);
    await page.getByLabel("E-mail").fill(`${name}@example.com`);
    await page.getByLabel("Password").fill("SecurePass123!");
    await page.getByRole("button", { name: "Create account" }).click();
  };
  /** Two fingers make what is too large as small as shows all of it, and what is between them larger again. */
  const pinchesAndSpreads = async ({ page }: Phone) => {
    const touch = await page.context().newCDPSession(page);
    const between = { x: 140, y: 250 };
    const move = async (...distances: number[]) => {
      for (const [index, px] of distances.entries()) {
        const touchPoints = [-px / 2, px / 2].map((x, id) => ({ x: between.x + x, y: between.y, id }));
        await touch.send("Input.dispatchTouchEvent", { type: index === 0 ? "touchStart" : "touchMove", touchPoints });
      }
      await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    };
    const boxOf = async (part: string) => {
      const box = await page.locator(part).boundingBox();
      return box ?? { x: 0, y: 0, width: 0, height: 0 };
    };
    await move(240, 160, 80, 20);
    const [all, place] = [await boxOf(".xterm-screen"), await boxOf(".terminal-host")];
    expect(Math.max(all.width / place.width, all.height / place.height)).toBeLessThanOrEqual(1);
    expect(Math.max(all.width / place.width, all.height / place.height)).toBeGreaterThan(0.7);
    await move(60, 100, 150);
    const larger = await boxOf(".xterm-screen");
    expect(larger.width).toBeGreaterThan(place.width);
    await move(100, 120, 150);
    const largest = await boxOf(".xterm-screen");
    expect(largest.width).toBeGreaterThan(1.3 * larger.width);
    expect((between.x - largest.x) / largest.width).toBeCloseTo((between.x - larger.x) / larger.width, 1);
  };
  /** The owner's sheet, with its list loaded. */
  const openSheet = async () => {
    await owner.page.getByRole("button", { name: "More" }).click();
    await owner.page.getByRole("button", { name: "Share…" }).click();
    await owner.page.getByText(/Nobody else can open|see all that the shell prints/).waitFor();
  };

  it("is offered by a link that is shown once", async () => {
    const { page } = owner;
    await register(owner, "host-person");
    await page.getByRole("link", { name: "New", exact: true }).click();
    await page.getByRole("button", { name: /Python/ }).click();
    await page.getByRole("button", { name: "Create" }).click();
    await page.locator(".chip", { hasText: "Live" }).waitFor();
    // Before it is, there is nobody to take control from.
    const told = page.waitForEvent("requestfinished", (request) => request.url().endsWith("/shares"));
    await page.getByRole("button", { name: "More" }).click();
    await told;
    expect(await page.getByRole("button", { name: "Take control" }).isVisible()).toBe(false);
    await page.keyboard.press("Escape");
    await openSheet();
    await page.getByRole("button", { name: "Share with…" }).click();
    await owner.photograph("sharing-new");
    await page.getByRole("button", { name: "Share", exact: true }).click();
    link = await page.getByRole("textbox", { name: "Link" }).inputValue();
    expect(link).toMatch(/\/#\/share\/dp_share_[A-Za-z0-9_-]{43}$/);
    await page.getByRole("button", { name: "Copy link" }).click();
    await page.getByText("Copied.").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
    // As a browser is where the page did not come over https.
    await page.evaluate(async () => {
      await navigator.clipboard.writeText("");
      Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true });
    });
    await page.getByRole("button", { name: "Copy link" }).click();
    await page.evaluate(() => Reflect.deleteProperty(navigator, "clipboard"));
    await page.waitForFunction(async (copied) => (await navigator.clipboard.readText()) === copied, link);
    await owner.photograph("sharing-link");
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByText("Anyone with the link").waitFor();
    await owner.photograph("sharing-list");
    expect(await owner.overflowPx()).toBe(0);
    await page.getByRole("button", { name: "Done" }).click();
  });

  it("can be taken control of by its owner, who is alone here, while others may be at its windows", async () => {
    const { page } = owner;
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("button", { name: "Take control" }).click();
    await page.getByRole("button", { name: "Release control" }).click();
    await page.locator(".people").waitFor({ state: "hidden" });
  });

  it("leads whoever opens the link through signing up, and never keeps the secret in the address", async () => {
    const { page } = guest;
    await page.goto(link);
    await page.getByText("Sign in to open what is shared with you.").waitFor();
    expect(page.url()).not.toContain("dp_share_");
    await register(guest, "guest-person");
    await page.getByText("You are watching").first().waitFor();
    await page.locator(".chip", { hasText: "Live" }).waitFor();
    expect(page.url()).not.toContain("dp_share_");
    await send(owner, "clear; echo seen-$((40+2))");
    await guest.sees(/^seen-42/m);
  });

  it("takes nothing from who only watches, who sees that they do", async () => {
    const { page } = guest;
    expect(await page.getByLabel("Line for the shell").isVisible()).toBe(false);
    expect(await page.locator(".keys").isVisible()).toBe(false);
    expect(await page.locator(".xterm-helper-textarea").getAttribute("readonly")).not.toBeNull();
    await page.locator(".xterm-helper-textarea").press("x");
    await page
      .getByLabel("guest-person")
      .or(page.getByLabel(/^You, watches/))
      .first()
      .waitFor();
    await owner.page.getByLabel(/^guest-person, watches/).waitFor();
    await guest.photograph("sharing-watching");
    await owner.photograph("sharing-people");
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("button", { name: "Larger text" }).waitFor();
    expect(await page.getByRole("button", { name: "Delete" }).count()).toBe(0);
    await page.keyboard.press("Escape");
    await send(owner, "echo typed-$((40+2))");
    expect(await guest.sees(/^typed-42/m)).not.toMatch(/xecho typed/);
  });

  it("is typed in by a driver, until somebody takes control", async () => {
    const { page } = owner;
    // Who they are cannot be asked now, but with their next socket.
    await guest.page.route("**/auth/me", (route) => route.abort(), { times: 1 });
    await guest.page.reload();
    await guest.page.getByLabel("guest-person, watches").waitFor();
    await openSheet();
    await page.getByRole("button", { name: /^Change/ }).click();
    await page.getByRole("button", { name: "Let them type" }).click();
    await page.getByText(/see all that the shell prints/).waitFor();
    await page.getByRole("button", { name: "Done" }).click();
    await guest.page.getByLabel("Line for the shell").waitFor();
    await guest.page.locator(".chip", { hasText: "Live" }).waitFor();
    await guest.page.getByLabel("You, types").waitFor();
    await send(guest, "clear; echo driven-$((40+2))");
    await owner.sees(/^driven-42/m);

    await page.getByRole("button", { name: "Take control" }).click();
    await guest.page.getByText("host-person has control").first().waitFor();
    await guest.page.locator(".keys[data-held]").waitFor();
    await send(guest, "echo never");
    await guest.page.getByText(/What you typed was not sent/).waitFor();
    const [tabs, toast] = await Promise.all([".tabs", ".toast"].map((each) => guest.page.locator(each).boundingBox()));
    expect(toast?.y).toBeGreaterThan((tabs?.y ?? 0) + (tabs?.height ?? 0));
    await guest.photograph("sharing-held");
    await owner.photograph("sharing-control");
    await send(owner, "clear; echo mine-$((40+2))");
    expect(await guest.sees(/^mine-42/m)).not.toContain("never");
    await page.getByRole("button", { name: "Release control" }).click();
    await guest.page.getByText("host-person has control").first().waitFor({ state: "detached" });
    await guest.page.locator(".keys:not([data-held])").waitFor();
    // Above a keyboard the lines come first.
    await owner.cover(phoneSize.viewport.height - 380);
    expect(await page.locator(".people").isVisible()).toBe(false);
    await owner.cover(0);
    expect(await page.locator(".people").isVisible()).toBe(true);
    guest.complaints.length = 0;
  });

  it("is as large as its owner's screen where the owner says so, and else as the smallest", async () => {
    const foreign = owner.page.locator(".foreign-size");
    await guest.page.setViewportSize({ width: 280, height: 560 });
    await foreign.waitFor();
    await owner.page.getByRole("button", { name: "More" }).click();
    await owner.page.getByRole("button", { name: "Screen size: Fits every screen" }).click();
    await owner.page.getByRole("button", { name: "Fits my screens" }).click();
    await foreign.waitFor({ state: "detached" });
    await guest.page.locator(".foreign-size").waitFor();
    await pinchesAndSpreads(guest);
    await owner.page.reload();
    await owner.page.locator(".chip", { hasText: "Live" }).waitFor();
    await owner.page.getByRole("button", { name: "More" }).click();
    await owner.page.getByRole("button", { name: "Screen size: Fits my screens" }).click();
    await owner.page.getByRole("button", { name: "Fits who typed last" }).click();
    await send(guest, "clear");
    await foreign.waitFor();
    await owner.page.getByRole("button", { name: "More" }).click();
    await owner.page.getByRole("button", { name: "Screen size: Fits who typed last" }).click();
    await owner.page.getByRole("button", { name: /^Stays at/ }).click();
    await foreign.waitFor({ state: "detached" });
    await owner.page.getByRole("button", { name: "More" }).click();
    await owner.page.getByRole("button", { name: "Screen size: Stays as it is" }).click();
    await owner.page.getByRole("button", { name: "Fits every screen" }).click();
    await foreign.waitFor();
    await guest.page.setViewportSize(lightPhone.viewport);
  });

  it("is listed for its guest", async () => {
    const { page } = guest;
    await page.getByRole("link", { name: "Back to environments" }).click();
    await page.getByRole("heading", { name: "Shared with you" }).waitFor();
    await guest.photograph("sharing-received");
    await page.getByRole("link", { name: "my-python" }).click();
    await page.locator(".chip", { hasText: "Live" }).waitFor();
  });

  it("is closed for a guest whom its owner takes out: the page says so and does not dial again", async () => {
    const { page } = guest;
    let dials = 0;
    page.on("websocket", () => {
      dials += 1;
    });
    const closed = page.getByText("This environment is not shared with you any more.");
    await openSheet();
    await owner.page.getByRole("button", { name: /^Change/ }).click();
    await owner.page.getByRole("button", { name: "Remove somebody…" }).click();
    await owner.page.getByRole("button", { name: "guest-person" }).click();
    await closed.waitFor();
    await guest.photograph("sharing-revoked");
    await page.getByRole("heading", { name: "No environment yet" }).waitFor();
    expect(dials).toBe(0);
    expect(await page.getByRole("heading", { name: "Shared with you" }).isVisible()).toBe(false);
    await owner.page.getByText("Not accepted yet").waitFor();
    await owner.page.getByRole("button", { name: /^Change/ }).click();
    await owner.page.getByRole("button", { name: "Revoke…" }).click();
    await owner.page.getByRole("button", { name: "Revoke", exact: true }).click();
    await owner.page.getByText(/Nobody else can open/).waitFor();
    await owner.page.getByRole("button", { name: "Done" }).click();
    await owner.page.locator(".people").waitFor({ state: "hidden" });
    expect(owner.complaints).toEqual([]);
    expect(guest.complaints.filter((complaint) => !/40[034]/.test(complaint))).toEqual([]);
  });
});
