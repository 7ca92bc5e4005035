/** The sheet of files in a browser, against the whole product: folders, upload that is cut, download, rename, delete. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserPath, launchBrowser, openPhone, type Phone } from "./support/phone.ts";
import { type SharedProduct, sharedProduct } from "./support/shared.ts";

if (browserPath === null)
  console.warn("test/e2e/files-page.test.ts is skipped: there is no chromium (apt-get install chromium)");

const phoneSize = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
  colorScheme: "dark",
} as const;
const desktop = { viewport: { width: 1280, height: 800 }, colorScheme: "light" } as const;

describe.skipIf(browserPath === null)("files in the page", () => {
  let product: SharedProduct;
  let browser: Browser;
  let phone: Phone;

  beforeAll(async () => {
    product = await sharedProduct();
    browser = await launchBrowser(browserPath ?? "");
    phone = await openPhone(browser, product.url, phoneSize);
    const { page } = phone;
    await page.getByRole("link", { name: "Create an account" }).click();
    await page.getByLabel("User name").fill("files-person");
    await page.getByLabel("E-mail").fill("files-person@example.com");
    await page.getByLabel("Password").fill("SecurePass123!");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("link", { name: "New", exact: true }).click();
    await page.getByRole("button", { name: /Python/ }).click();
    await page.getByRole("button", { name: "Create" }).click();
    await page.locator(".chip", { hasText: "Live" }).waitFor();
  });
  afterAll(async () => {
    await browser?.close();
  });

  const openFiles = async ({ page }: Phone) => {
    await page.getByRole("button", { name: "More", exact: true }).click();
    await page.getByRole("button", { name: "Files…" }).click();
  };
  const choose = async ({ page }: Phone, entry: string, deed: string) => {
    await page.getByRole("button", { name: `More about ${entry}` }).click();
    await page.getByRole("button", { name: deed }).click();
  };

  it("are made, gone into, uploaded on after a cut, and fetched as they were sent", async () => {
    const { page } = phone;
    await openFiles(phone);
    await page.getByText("Nothing is in this folder.").waitFor();
    await page.getByRole("button", { name: "New folder" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("photos");
    await page.getByRole("button", { name: "New folder" }).last().click();
    await page.getByRole("button", { name: /^photos/ }).click();
    await page.getByRole("button", { name: "workspace" }).waitFor();
    const content = Buffer.alloc(3_500_000, "a photo, as far as anybody knows; ");
    const path = join(product.dataDirectory, "holiday.jpg");
    await writeFile(path, content);
    let sent = 0;
    await page.route("**/parts/1", async (route) => {
      sent += 1;
      await (sent === 1 ? route.abort("internetdisconnected") : route.continue());
    });
    await page.getByLabel("Files to upload").setInputFiles(path);
    await page.getByText("Waiting").waitFor();
    await phone.photograph("files-uploading");
    // Above the shade of the sheet, and read out.
    await page.getByRole("dialog").getByText("holiday.jpg is uploaded.").waitFor();
    expect(sent).toBe(2);
    await page.getByText("3.5 MB").waitFor();
    await phone.photograph("files-folder");
    expect(await phone.overflowPx()).toBe(0);
    const downloading = page.waitForEvent("download");
    await choose(phone, "holiday.jpg", "Download");
    const download = await downloading;
    expect(download.suggestedFilename()).toBe("holiday.jpg");
    expect((await readFile(await download.path())).equals(content)).toBe(true);
  });

  it("are renamed and deleted, and are there for the shell meanwhile", async () => {
    const { page } = phone;
    await choose(phone, "holiday.jpg", "Rename…");
    await page.getByRole("textbox", { name: "Name" }).fill("beach.jpg");
    await page.getByRole("button", { name: "Rename", exact: true }).click();
    await page.getByRole("button", { name: /^beach.jpg/ }).waitFor();
    await page.getByRole("button", { name: "workspace" }).click();
    await page.getByRole("button", { name: "More about photos" }).click();
    await phone.photograph("files-deeds");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "More about photos" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByLabel("Line for the shell").fill("clear; ls photos");
    await page.getByLabel("Send line").click();
    await phone.sees(/^beach\.jpg/m);
    await openFiles(phone);
    await choose(phone, "photos", "Delete…");
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText("Nothing is in this folder.").waitFor();
    expect(phone.complaints.filter((text) => !text.includes("ERR_INTERNET_DISCONNECTED"))).toEqual([]);
  });

  it("fit a desktop by day too", async () => {
    const { page } = phone;
    await page.setViewportSize(desktop.viewport);
    await page.emulateMedia({ colorScheme: desktop.colorScheme });
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    const make = "mkdir -p src docs; echo hi > README.md; ln -s src link; echo made-$((40+2))";
    await page.getByLabel("Line for the shell").fill(make);
    await page.getByLabel("Send line").click();
    // The sheet shows what there is when it is opened.
    await phone.sees(/^made-42/m);
    await openFiles(phone);
    await page.getByRole("button", { name: /^README.md/ }).waitFor();
    expect(await page.locator(".file strong").allTextContents()).toEqual(["docs", "src", "README.md", "link"]);
    await phone.photograph("files-desktop");
    expect(await phone.overflowPx()).toBe(0);
  });
});
