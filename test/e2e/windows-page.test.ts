/** The windows of an environment as tabs: on a phone, on a desktop beside it, and by the keyboard alone. */
import type { Browser, Page, Route } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { WindowInFull } from "../../durable-objects/protocol/windows.ts";
import { type Person, register } from "./support/person.ts";
import { beginAnew, browserPath, launchBrowser, openPhone, type Phone } from "./support/phone.ts";
import { type SharedProduct, sharedProduct } from "./support/shared.ts";

if (browserPath === null)
  console.warn("test/e2e/windows-page.test.ts is skipped: there is no chromium (apt-get install chromium)");

const phoneDevice = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const desktopDevice = { viewport: { width: 1280, height: 800 }, colorScheme: "light" as const };
const prompt = /workspace [#$] /;
const strange = "#{pid} $(id) <b>;";

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
  beforeEach((context) => beginAnew([phone, desktop], context));

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
  const becomeEverywhere = (...expected: string[]) =>
    Promise.all([phone, desktop].map(({ page }) => becomes(page, expected)));
  const callWindows = (method: string, rest = "", body?: object) =>
    person.call(method, `/environments/${environmentId}/windows${rest}`, body);
  /** Has the windows stand as the test before leaves them, which one that failed midway does not; the last is selected. */
  async function begin(...names: string[]): Promise<void> {
    const { windows } = (await callWindows("GET")).body as { windows: WindowInFull[] };
    for (const { id } of windows.slice(names.length)) await callWindows("DELETE", `/${id}`);
    for (const [position, name] of names.entries()) {
      const window = windows[position];
      const change = position === names.length - 1 ? { name, is_active: true } : { name };
      if (window === undefined) await callWindows("POST", "", change);
      else await callWindows("PATCH", `/${window.id}`, change);
    }
    await becomeEverywhere(...names);
    await isSelectedEverywhere(names.at(-1) ?? "");
  }
  /** A finger on a tab of the phone, until the tab is lifted. */
  async function holdTab(name: string) {
    const middleOf = async (tabName: string) => {
      const { x = 0, y = 0, width = 0, height = 0 } = (await tab(phone.page, tabName).boundingBox()) ?? {};
      return { x: x + width / 2, y: y + height / 2 };
    };
    const session = await phone.page.context().newCDPSession(phone.page);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...touchPoints: { x: number; y: number }[]) =>
      session.send("Input.dispatchTouchEvent", { type, touchPoints });
    const from = await middleOf(name);
    await touch("touchStart", from);
    await phone.page.locator(".tab[data-lifted]").waitFor();
    return {
      letGo: () => touch("touchEnd"),
      async dragTo(other: string) {
        const to = await middleOf(other);
        for (const share of [0.3, 0.6, 1])
          await touch("touchMove", { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share });
      },
    };
  }

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
    await begin("shell");
    await send("W=first; clear; echo in-$W");
    await phone.sees(/^in-first/m);
    await phone.page.getByRole("button", { name: "New window" }).tap();
    await becomeEverywhere("shell", "shell");
    for (const { page } of [phone, desktop]) await page.locator(".tab[aria-selected=true] >> text=2").waitFor();
    await phone.sees(/^(?!.*in-first).*workspace [#$] /s);
    await send("W=second; clear; echo in-$W");
    await desktop.sees(/^in-second/m);
    expect(await phone.overflowPx()).toBe(0);
  });

  it("are renamed by one more tap on the selected one, to whatever was typed", async () => {
    await begin("shell", "shell");
    await phone.page.locator(".tab[aria-selected=true]").tap();
    await rename(phone.page, strange);
    await becomeEverywhere("shell", strange);
    await phone.photograph("windows-phone-dark");
    await desktop.photograph("windows-desktop-light");
  });

  it("have a menu by a long press, which selects nothing", async () => {
    await begin("shell", strange);
    const hold = await holdTab("shell");
    await hold.letGo();
    await phone.page.getByRole("dialog").waitFor();
    await phone.photograph("windows-phone-menu");
    await rename(phone.page, "notes");
    await becomeEverywhere("notes", strange);
    await isSelectedEverywhere(strange);
  });

  it("show their own shell when they are selected, with a finger large enough for each", async () => {
    await begin("notes", strange);
    await tab(phone.page, "notes").tap();
    await desktop.sees(/^in-first/m);
    await isSelectedEverywhere("notes");
    await tab(desktop.page, strange).click();
    await phone.sees(/^in-second/m);
    await isSelectedEverywhere(strange);
    for (const target of await phone.page.locator(".tabs button").all()) {
      const box = await target.boundingBox();
      expect(box?.height).toBeGreaterThanOrEqual(44);
      expect(box?.width).toBeGreaterThanOrEqual(44);
    }
  });

  it("are moved by a finger that holds one and drags it", async () => {
    for (const order of [
      ["#{pid} $(id) <b>;", "notes"],
      ["notes", "#{pid} $(id) <b>;"],
    ]) {
      const hold = await holdTab(order[1] ?? "");
      await hold.dragTo(order[0] ?? "");
      await hold.letGo();
      await becomes(phone.page, order);
      await becomes(desktop.page, order);
    }
    await isSelectedEverywhere("#{pid} $(id) <b>;");
  });

  it("have their own lines above the screen", async () => {
    const { page } = desktop;
    await begin("notes", strange);
    await send("clear; for n in $(seq 99); do echo row-$n; sleep 0.01; done; echo end-$((40+2))");
    await desktop.sees(/^end-42/m);
    await page.locator(".xterm-screen").hover();
    await page.mouse.wheel(0, -1_000);
    await desktop.sees(/^(?!.*end-42).*row-/s);
    await tab(page, "notes").click();
    await desktop.sees(/^(?!.*row-).*^in-first/ms);
    await tab(page, strange).click();
    await desktop.sees(/^end-42/m);
    await isSelectedEverywhere(strange);
  });

  it("get what was typed after they were pressed, however long they take, or it is given back", async () => {
    const { page } = phone;
    const selection = `**/environments/${environmentId}/windows/*`;
    const press = async (name: string, answer: (route: Route) => Promise<void>) => {
      const mayAnswer = Promise.withResolvers<void>();
      await page.route(selection, async (route) => {
        await mayAnswer.promise;
        await answer(route);
      });
      await Promise.all([page.waitForRequest(selection), tab(page, name).tap()]);
      return mayAnswer.resolve;
    };
    await begin("notes", strange);
    const letSelect = await press("notes", (route) => route.continue());
    await send("clear; echo typed-for-$W");
    await send("# and more");
    expect(await tab(desktop.page, "notes").getAttribute("aria-selected")).toBe("false");
    letSelect();
    await desktop.sees(/^typed-for-first/m);
    await isSelectedEverywhere("notes");
    await page.unroute(selection);
    const refusal = { status: 404, json: { status: 404, code: "window_not_found", detail: "There is none" } };
    const letFail = await press(strange, (route) => route.fulfill(refusal));
    await send("clear; echo given-back-$W");
    letFail();
    await page.getByText("Not sent:").waitFor();
    await isSelected(page, "notes");
    await page.unroute(selection);
    await tab(page, strange).tap();
    await isSelectedEverywhere(strange);
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await phone.sees(/^given-back-second/m);
    expect(phone.complaints.splice(0)).toEqual([expect.stringContaining("404")]);
  });

  it("are used by the keyboard alone: gone along, selected, moved, renamed and closed", async () => {
    const { page } = desktop;
    await begin("notes", strange);
    await page.locator(".tab[aria-selected=true]").focus();
    await page.keyboard.press("ArrowLeft");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("1notes");
    await isSelected(page, strange);
    await page.keyboard.press("Enter");
    await isSelectedEverywhere("notes");
    await page.keyboard.press("Shift+ArrowRight");
    await becomeEverywhere(strange, "notes");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("2notes");
    await page.keyboard.press("Enter");
    await rename(page, "kept");
    await becomeEverywhere(strange, "kept");
    await page.keyboard.press("Home");
    await page.keyboard.press("Delete");
    await page.getByRole("button", { name: "Close" }).click();
    await becomeEverywhere("kept");
  });

  it("follow what is done elsewhere: over REST, and by exit in the shell", async () => {
    await begin("kept");
    for (const name of ["server", "tests", "logs", "database"]) await callWindows("POST", "", { name });
    await becomeEverywhere("kept", "server", "tests", "logs", "database");
    await phone.photograph("windows-phone-many");
    expect(await phone.overflowPx()).toBe(0);
    await tab(phone.page, "server").tap();
    await isSelectedEverywhere("server");
    await send("exit");
    await becomeEverywhere("kept", "tests", "logs", "database");
  });

  it("say what cannot be done, and are out of use while nothing runs", async () => {
    await begin("kept");
    await phone.page.locator(".tab").tap();
    const menu = phone.page.getByRole("dialog");
    await menu.waitFor();
    expect(await menu.getByRole("button").allTextContents()).toEqual(["Rename", "Dismiss"]);
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
