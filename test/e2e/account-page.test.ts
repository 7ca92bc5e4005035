/** A person's account on a phone, against the whole product: mails and their links, Google, sessions, tokens, leaving. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startIssuer } from "../support/issuer.ts";
import { codeIn, linkIn, newestMail } from "./support/mailbox.ts";
import { beginAnew, browserPath, launchBrowser, openPhone, type Phone } from "./support/phone.ts";
import { type Product, startProduct } from "./support/product.ts";

if (browserPath === null)
  console.warn("test/e2e/account-page.test.ts is skipped: there is no chromium (apt-get install chromium)");

const person = { username: "account-person", email: "account@example.com" };
const firstPassword = "FirstPass123!";
const secondPassword = "SecondPass456!";

/** The provider asks nobody who they are: it is told with the address that the browser is led to. */
function googlePerson({ variables }: Awaited<ReturnType<typeof startIssuer>>): Record<string, string> {
  const url = new URL(variables.GOOGLE_AUTHORIZATION_URL);
  url.searchParams.set("as", JSON.stringify({ sub: "google-1", email: "google@example.com", name: "Grace" }));
  return { GOOGLE_AUTHORIZATION_URL: url.href };
}

describe.skipIf(browserPath === null)("an account on a phone", () => {
  let issuer: Awaited<ReturnType<typeof startIssuer>>;
  let product: Product;
  let browser: Browser;
  let phone: Phone;

  beforeAll(async () => {
    issuer = await startIssuer();
    product = await startProduct({
      environment: { ...issuer.variables, ...googlePerson(issuer), EMAIL_VERIFICATION: "true" },
    });
    browser = await launchBrowser(browserPath ?? "");
    phone = await openPhone(browser, product.url);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
    await issuer?.close();
  });
  beforeEach((context) => beginAnew([phone], context));

  /** Takes the complaints so far away and tells the statuses among them: the browser puts every 4xx on the console. */
  const refusals = (of = phone) => of.complaints.splice(0).map((text) => /status of (\d+)/.exec(text)?.[1] ?? text);
  const fragment = () => new URL(phone.page.url()).hash;
  const open = (name: string) => phone.page.goto(`${product.url}/#/${name}`);

  async function signIn(password: string): Promise<void> {
    await phone.page.getByLabel("User name or e-mail").fill(person.email);
    await phone.page.getByLabel("Password").fill(password);
    await phone.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await phone.page.getByRole("heading", { name: "Environments" }).waitFor();
  }

  const post = (path: string, body: object) =>
    fetch(`${product.url}/api/v1${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "user-agent": "Dart/3.4 (dart:io)" },
      body: JSON.stringify(body),
    });
  const statusWith = async (token: string, path = "/environments") => {
    const response = await fetch(`${product.url}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } });
    await response.body?.cancel();
    return response.status;
  };

  it("asks whoever registers for the code of the mail before there is an environment", async () => {
    const { page } = phone;
    await page.getByRole("link", { name: "Create an account" }).click();
    await page.getByLabel("User name").fill(person.username);
    await page.getByLabel("E-mail", { exact: true }).fill(person.email);
    await page.getByLabel("Password").fill(firstPassword);
    expect(await page.locator(".rules [data-met]").count()).toBe(4);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("region", { name: "Verify your e-mail" }).waitFor();
    expect(await phone.overflowPx()).toBe(0);
    await phone.photograph("account-unverified");

    await open("new");
    await page.getByRole("button", { name: /Python/ }).click();
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByLabel("6-digit code").waitFor();
    expect(fragment()).toBe("#/verify");
    await page.getByLabel("6-digit code").fill("000000");
    await page.locator(".form-error", { hasText: "not valid" }).waitFor();
    expect(refusals()).toEqual(["403", "400"]);
  });

  it("goes on to where it was interrupted once the code is typed", async () => {
    const code = codeIn(await newestMail(product.url, person.email, /Verify/));
    await phone.page.getByLabel("6-digit code").fill(code);
    await phone.page.getByRole("heading", { name: "New environment" }).waitFor();
    await open("environments");
    await phone.page.getByRole("heading", { name: "No environment yet" }).waitFor();
    expect(await phone.page.getByRole("region", { name: "Verify your e-mail" }).count()).toBe(0);
  });

  it("verifies an address by the mail's link, also on a device that nobody is signed in on", async () => {
    const other = { username: "linked-person", email: "linked@example.com", password: firstPassword };
    expect((await post("/auth/register", other)).status).toBe(201);
    const link = linkIn(await newestMail(product.url, other.email, /Verify/));
    const stranger = await openPhone(browser, link);
    await stranger.page.getByText("Your e-mail address is verified").waitFor();
    expect(new URL(stranger.page.url()).hash).toBe("#/verify");
    await stranger.page.goto("about:blank");
    await stranger.page.goto(link);
    await stranger.page.getByText("not valid or has expired").waitFor();
    await stranger.page.getByRole("button", { name: "Send a new link" }).waitFor();
    expect(refusals(stranger)).toEqual(["400"]);
    await stranger.page.context().close();
  });

  it("signs in with a new password after the old one was forgotten", async () => {
    const { page } = phone;
    await open("account");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    // Exactly: the sign-in form's "User name or e-mail" is there until the screen has come.
    await page.getByLabel("E-mail", { exact: true }).fill(person.email);
    await page.getByRole("button", { name: "Send me a link" }).click();
    await page.getByText("If there is an account for").waitFor();
    expect(await page.getByRole("button", { name: /Send again in \d+ s/ }).getAttribute("aria-disabled")).toBe("true");

    await page.goto(linkIn(await newestMail(product.url, person.email, /password/)));
    await page.getByLabel("New password").fill(secondPassword);
    expect(fragment()).toBe("#/reset");
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByText("Your password is changed. Sign in with the new one.").waitFor();
    await signIn(secondPassword);
  });

  it("shows what the plan allows and how much of it is used", async () => {
    await phone.page.getByRole("link", { name: "Account" }).click();
    const limits = phone.page.getByRole("region", { name: "Your plan" });
    await limits.getByText("0 of 1", { exact: true }).waitFor();
    expect(await limits.textContent()).toMatch(/Free plan.*Running hours.*0 of 60.*1\sCPU/s);
    expect(await phone.overflowPx()).toBe(0);
    await phone.photograph("account");
  });

  it("changes what a person is called", async () => {
    const { page } = phone;
    await page.getByRole("button", { name: "Name and user name" }).click();
    await page.getByLabel("Full name").fill("Ada Pocket");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "Ada Pocket" }).waitFor();
  });

  it("makes a personal token that works until it is revoked", async () => {
    const { page } = phone;
    await page.getByRole("link", { name: "Personal tokens" }).click();
    await page.getByRole("button", { name: "New" }).click();
    await page.getByLabel("Name").fill("deploy script");
    await page.getByRole("button", { name: "Make token" }).click();
    const token = await page.getByLabel("Token", { exact: true }).inputValue();
    await page.getByRole("button", { name: "Copy" }).click();
    await page.getByText("Copied.").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(token);
    expect(await statusWith(token)).toBe(200);

    await page.getByRole("button", { name: "Done" }).click();
    await page.getByText("expires in 30 days").waitFor();
    await page.getByRole("button", { name: "Revoke deploy script" }).click();
    await page.getByRole("button", { name: "Revoke", exact: true }).click();
    await page.getByText("You have made none yet.").waitFor();
    expect(await statusWith(token)).toBe(401);
  });

  it("ends the session of another device", async () => {
    const { page } = phone;
    const login = await post("/auth/login", { username: person.username, password: secondPassword });
    const { access_token: token } = (await login.json()) as { access_token: string };
    expect(await statusWith(token)).toBe(200);
    await page.getByRole("link", { name: "Back to account" }).click();
    await page.getByRole("link", { name: "Sessions" }).click();
    await page.getByText("This device").waitFor();
    await phone.photograph("account-sessions");
    await page.getByRole("button", { name: "End DevPocket app" }).click();
    await page.getByRole("button", { name: "End session" }).click();
    await page.getByRole("button", { name: "End DevPocket app" }).waitFor({ state: "detached" });
    expect(await statusWith(token)).toBe(401);
  });

  it("deletes the account once its name and password are typed", async () => {
    const { page } = phone;
    await open("account");
    await page.getByRole("button", { name: "Delete account" }).click();
    await page.getByLabel(`Type ${person.username}`).fill(person.username);
    await page.getByLabel("Password").fill(secondPassword);
    await page.getByRole("button", { name: "Delete my account" }).click();
    await page.getByText("Your account is deleted.").waitFor();
    expect((await post("/auth/login", { username: person.username, password: secondPassword })).status).toBe(401);
  });

  it("signs in with Google, and says why when that fails", async () => {
    const { page } = phone;
    await open("google-failed/cancelled");
    await page.getByText("You did not let Google sign you in.").waitFor();
    expect(fragment()).toBe("#/sign-in");
    await page.getByRole("link", { name: "Continue with Google" }).click();
    await page.getByRole("heading", { name: "Environments" }).waitFor();
    expect(fragment()).toBe("#/environments");
    await page.goBack();
    await page.getByRole("heading", { name: "Environments" }).waitFor();
  });

  it("broke no rule of its content policy and put no other error on the console", () => {
    expect(phone.complaints).toEqual([]);
  });
});
