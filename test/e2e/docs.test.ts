/** The pages that show the API, offline and under their content policies: on a phone and on a desk. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserPath, launchBrowser, openPhone } from "./support/phone.ts";
import { type SharedProduct, sharedProduct } from "./support/shared.ts";

if (browserPath === null)
  console.warn("test/e2e/docs.test.ts is skipped: there is no chromium (apt-get install chromium)");

const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const devices = [
  { name: "phone", docs: "/docs", device: { ...phone, colorScheme: "dark" as const } },
  { name: "desk", docs: "/api/v1/docs", device: { viewport: { width: 1280, height: 800 } } },
];

describe.skipIf(browserPath === null)("the pages that show the API", () => {
  let product: SharedProduct;
  let browser: Browser;

  beforeAll(async () => {
    product = await sharedProduct();
    browser = await launchBrowser(browserPath ?? "");
  });
  afterAll(async () => {
    await browser?.close();
  });

  it.each(["/docs", "/api/v1/docs", "/redoc"])("%s runs no script but our own", async (path) => {
    const policy = (await fetch(product.url + path)).headers.get("content-security-policy") ?? "";
    const scripts = policy.split("; ").filter((directive) => /^(default|script)-src/.test(directive));
    expect(scripts).toEqual(["default-src 'none'", "script-src 'self'"]);
    expect(policy).toContain("require-trusted-types-for 'script'");
  });

  describe.each(devices)("on a $name", ({ name, docs, device }) => {
    it(`${docs} tries an operation on this server`, { timeout: 200_000 }, async () => {
      const { page, complaints, overflowPx, photograph } = await openPhone(browser, `${product.url}${docs}`, device);
      // Swagger UI computes for many seconds before it shows the document, and again at a click.
      page.setDefaultTimeout(90_000);
      const operation = page.locator("#operations-system-getInfo");
      await operation.locator(".opblock-summary").click();
      await operation.getByRole("button", { name: "Try it out" }).click();
      await operation.getByRole("button", { name: "Execute" }).click();
      const live = operation.locator(".live-responses-table");
      await live.getByText('"DevPocket API"').waitFor();
      expect(await live.locator(".response .response-col_status").textContent()).toContain("200");
      expect(await overflowPx()).toBe(0);
      await photograph(`docs-${name}`);
      expect(complaints).toEqual([]);
    });

    it("/redoc is read and searched", async () => {
      const { page, complaints, overflowPx, photograph } = await openPhone(browser, `${product.url}/redoc`, device);
      await page.getByLabel("Search calls").fill("recoverEnvironment");
      await page.locator("article:visible").first().waitFor();
      expect(await page.locator("article[data-words]:visible").count()).toBe(1);
      await page.locator("nav a:visible").first().click();
      await page.locator("article#recoverEnvironment:target").waitFor();
      await page.locator("#recoverEnvironment").getByText("environments:write").first().waitFor();
      expect(await overflowPx()).toBe(0);
      await photograph(`redoc-${name}`);
      expect(complaints).toEqual([]);
    });
  });
});
