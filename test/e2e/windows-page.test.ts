/** The windows of an environment as tabs: on a phone, on a desktop beside it, and by the keyboard alone. */
import type { Browser, Page, Route } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Person, register } from "./support/person.ts";
import { browserPath, launchBrowser, openPhone, type Phone } from "./support/phone.ts";
import { type SharedProduct, sharedProduct } from "./support/shared.ts";

if (browserPath === null)
  console.warn("test/e2e/windows-page.test.ts is skipped: there is no chromium (apt-get install chromium)");

const phoneDevice = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const desktopDevice = { viewport: { width: 1280, height: 800 }, colorScheme: "light" as const };
const prompt = /workspace [#$] /;

describe.skipIf(browserPath === null)("windows in the page", () => {
  let product: SharedProduct;
  let browser: Browser;
  let person: Person;
  let environmentId: string;
  let phone: Phone;
  let desktop: Phone;

  /** A device on which the person is signed in, at the terminal. */
  async function openTerminal(device: Parameters<typeof openPhone>[2]): Promise<Phone> {
    const opened = await openPhone(browser, product.url, device);
    const account = JSON.stringify({ access: person.token, refresh: person.token });
    await opened.page.evaluate((tokens) => localStorage.setItem("devpocket.tokens", tokens), account);
    await opened.page.goto(`${product.url}/#/environments/${environmentId}`);
    await opened.page.reload();
    await opened.sees(prompt);
    return opened;
  }

  beforeAll(async () => {
    product = await sharedProduct();
    browser = await launchBrowser(browserPath ?? "");
    person = await register(product.url);
    environmentId = (await person.createEnvironment()).id;
    phone = await openTerminal({ ...phoneDevice, colorScheme: "dark" });
    desktop = await openTerminal(desktopDevice);
  });
  afterAll(async () => {
    await browser?.close();
  });
  // A test that failed midway leaves its sheet open and its routes held: neither is the next one's business.
  beforeEach(async () => {
    for (const { page } of [phone, desktop]) {
      await page.unrouteAll({ behavior: "ignoreErrors" });
      while (await page.getByRole("dialog").isVisible()) await page.keyboard.press("Escape");
    }
  });

  const tab = (page: Page, name: string) => page.getByRole("tab", { name, exact: true });
  const isSelected = (page: Page, name: string) =>
    page.getByRole("tab", { name, exact: true, selected: true }).waitFor();
  /** Each device is told in its own time, and one more tap on what a device shows as selected opens its menu. */
  const isSelectedEverywhere = (name: string) =>
    Promise.all([phone, desktop].map(({ page }) => isSelected(page, name)));
  const becomes = (page: Page, expected: string[]) =>
    page.waitForFunction(
      (wanted) => [...document.querySelectorAll(".tab-name")].map((one) => one.textContent).join("\n") === wanted,
      expected.join("\n"),
    );
  const send = async (line: string) => {
    await phone.page.getByLabel("Line for the shell").fill(line);
    await phone.page.getByLabel("Send line").click();
  };
  async function rename(page: Page, name: string): Promise<void> {
    await page.getByRole("button", { name: "Rename" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill(name);
    await page.getByRole("button", { name: "Rename" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }

  it("begin with one, and another that is added is selected on every device", async () => {
    await isSelected(phone.page, "shell");
    await send("W=first; clear; echo in-$W");
    await phone.sees(/^in-first/m);
    await phone.page.getByRole("button", { name: "New window" }).tap();
    await becomes(phone.page, ["shell", "shell"]);
    await becomes(desktop.page, ["shell", "shell"]);
    for (const { page } of [phone, desktop]) await page.locator(".tab[aria-selected=true] >> text=2").waitFor();
    await phone.sees(prompt);
    await send("W=second; clear; echo in-$W");
    await desktop.sees(/^in-second/m);
    expect(await phone.overflowPx()).toBe(0);
  });

  it("are renamed by one more tap on the selected one, to whatever was typed", async () => {
    await phone.page.locator(".tab[aria-selected=true]").tap();
    await rename(phone.page, "#{pid} $(id) <b>;");
    await becomes(desktop.page, ["shell", "#{pid} $(id) <b>;"]);
    await phone.photograph("windows-phone-dark");
    await desktop.photograph("windows-desktop-light");
  });

  it("have a menu by a long press, which selects nothing", async () => {
    const box = await tab(phone.page, "shell").boundingBox();
    const point = { x: (box?.x ?? 0) + 20, y: (box?.y ?? 0) + 20 };
    const touch = await phone.page.context().newCDPSession(phone.page);
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [point] });
    await phone.page.getByRole("dialog").waitFor();
    await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await phone.photograph("windows-phone-menu");
    await rename(phone.page, "notes");
    await becomes(desktop.page, ["notes", "#{pid} $(id) <b>;"]);
    await isSelectedEverywhere("#{pid} $(id) <b>;");
  });

  it("show their own shell when they are selected, with a finger large enough for each", async () => {
    await tab(phone.page, "notes").tap();
    await desktop.sees(/^in-first/m);
    await isSelectedEverywhere("notes");
    await tab(desktop.page, "#{pid} $(id) <b>;").click();
    await phone.sees(/^in-second/m);
    await isSelectedEverywhere("#{pid} $(id) <b>;");
    for (const target of await phone.page.locator(".tabs button").all()) {
      const box = await target.boundingBox();
      expect(box?.height).toBeGreaterThanOrEqual(44);
      expect(box?.width).toBeGreaterThanOrEqual(44);
    }
  });

  it("have their own lines above the screen", async () => {
    const { page } = desktop;
    await send("clear; for n in $(seq 99); do echo row-$n; sleep 0.01; done; echo end-$((40+2))");
    await desktop.sees(/^end-42/m);
    await page.locator(".xterm-screen").hover();
    await page.mouse.wheel(0, -1_000);
    await desktop.sees(/^(?!.*end-42).*row-/s);
    await tab(page, "notes").click();
    await desktop.sees(/^in-first/m);
    expect(await desktop.screen()).not.toContain("row-");
    await tab(page, "#{pid} $(id) <b>;").click();
    await desktop.sees(/^end-42/m);
    await isSelectedEverywhere("#{pid} $(id) <b>;");
  });

  it("get what was typed after they were pressed, however long they take, or it is given back", async () => {
    const { page } = phone;
    const selection = `**/environments/${environmentId}/windows/*`;
    const press = async (name: string, answer: (route: Route) => Promise<void>) => {
      const asked = Promise.withResolvers<void>();
      const mayAnswer = Promise.withResolvers<void>();
      await page.route(selection, async (route) => {
        asked.resolve();
        await mayAnswer.promise;
        await answer(route);
      });
      await tab(page, name).tap();
      await asked.promise;
      return mayAnswer.resolve;
    };
    const letSelect = await press("notes", (route) => route.continue());
    await send("clear; echo typed-for-$W");
    await send("# and more");
    expect(await tab(desktop.page, "notes").getAttribute("aria-selected")).toBe("false");
    letSelect();
    await desktop.sees(/^typed-for-first/m);
    await isSelectedEverywhere("notes");
    await page.unroute(selection);
    const refusal = { status: 404, json: { status: 404, code: "window_not_found", detail: "There is none" } };
    const letFail = await press("#{pid} $(id) <b>;", (route) => route.fulfill(refusal));
    await send("clear; echo given-back-$W");
    letFail();
    await page.getByText("Not sent:").waitFor();
    await isSelected(page, "notes");
    await page.unroute(selection);
    await tab(page, "#{pid} $(id) <b>;").tap();
    await isSelectedEverywhere("#{pid} $(id) <b>;");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await phone.sees(/^given-back-second/m);
    expect(phone.complaints.splice(0)).toEqual([expect.stringContaining("404")]);
  });

  it("are used by the keyboard alone: gone along, selected, moved, renamed and closed", async () => {
    const { page } = desktop;
    await page.locator(".tab[aria-selected=true]").focus();
    await page.keyboard.press("ArrowLeft");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("1notes");
    await isSelected(page, "#{pid} $(id) <b>;");
    await page.keyboard.press("Enter");
    await isSelectedEverywhere("notes");
    await page.keyboard.press("Shift+ArrowRight");
    await becomes(phone.page, ["#{pid} $(id) <b>;", "notes"]);
    await becomes(page, ["#{pid} $(id) <b>;", "notes"]);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("2notes");
    await page.keyboard.press("Enter");
    await rename(page, "kept");
    await becomes(phone.page, ["#{pid} $(id) <b>;", "kept"]);
    await page.keyboard.press("Home");
    await page.keyboard.press("Delete");
    await page.getByRole("button", { name: "Close" }).click();
    await becomes(phone.page, ["kept"]);
    await becomes(page, ["kept"]);
  });

  it("follow what is done elsewhere: over REST, and by exit in the shell", async () => {
    const at = `/environments/${environmentId}/windows`;
    for (const name of ["server", "tests", "logs", "database"]) await person.call("POST", at, { name });
    await becomes(phone.page, ["kept", "server", "tests", "logs", "database"]);
    await phone.photograph("windows-phone-many");
    expect(await phone.overflowPx()).toBe(0);
    await tab(phone.page, "server").tap();
    // The other device is told when it is so; the one that asked shows it before.
    await isSelected(desktop.page, "server");
    await send("exit");
    await becomes(desktop.page, ["kept", "tests", "logs", "database"]);
    await becomes(phone.page, ["kept", "tests", "logs", "database"]);
  });

  it("say what cannot be done, and are out of use while nothing runs", async () => {
    const at = `/environments/${environmentId}/windows`;
    const { body } = await person.call("GET", at);
    for (const { id } of (body as { windows: { id: string }[] }).windows.slice(1))
      await person.call("DELETE", `${at}/${id}`);
    await becomes(phone.page, ["kept"]);
    await phone.page.locator(".tab").tap();
    expect(await phone.page.getByRole("dialog").getByRole("button").allTextContents()).toEqual(["Rename", "Dismiss"]);
    await phone.page.getByRole("button", { name: "Dismiss" }).press("Enter");
    await phone.page.getByRole("dialog").waitFor({ state: "detached" });
    await person.call("POST", `/environments/${environmentId}/stop`, {});
    await phone.page.locator(".tabs[inert]").waitFor({ state: "attached" });
    await person.call("POST", `/environments/${environmentId}/start`, {});
    await phone.page.locator(".tabs:not([inert])").waitFor();
    await becomes(phone.page, ["kept"]);
  });

  it("broke no rule of the content policy and put no error on the console", () => {
    expect([...phone.complaints, ...desktop.complaints]).toEqual([]);
  });
});
