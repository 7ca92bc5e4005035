/** Password hashes and the rules a password is held to. */
import { describe, expect, it } from "vitest";
import { passwordProblems } from "../../../workers/rules/credentials.ts";
import { dummyHash, hashPassword, needsRehash, verifyPassword } from "../../../workers/rules/passwords.ts";

const salt = Uint8Array.from({ length: 16 }, (_, index) => index);

describe("a password hash", () => {
  it("is a PHC string of scrypt that its password opens and no other", async () => {
    const hash = await hashPassword("SecurePass123!", salt);
    expect(hash).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await verifyPassword(hash, "SecurePass123!")).toBe(true);
    expect(await verifyPassword(hash, "SecurePass123")).toBe(false);
  });

  it("tells passwords of 73 bytes apart that differ in the last one", async () => {
    const start = `Aa1${"x".repeat(69)}`;
    expect(await verifyPassword(await hashPassword(`${start}y`, salt), `${start}z`)).toBe(false);
  });

  it("does not care how an accent was composed", async () => {
    const hash = await hashPassword("Caf\u00e9Noir1", salt);
    expect(await verifyPassword(hash, "Cafe\u0301Noir1")).toBe(true);
  });

  it("of another cost is still opened, and made again", async () => {
    const cheap = "$scrypt$ln=4,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    expect(await verifyPassword(cheap, "whatever")).toBe(false);
    expect(needsRehash(cheap)).toBe(true);
    expect(needsRehash(await hashPassword("x", salt))).toBe(false);
  });

  it("of nobody costs as much as anybody's", () => {
    expect(needsRehash(dummyHash)).toBe(false);
  });

  it("of an unknown form matches nothing", async () => {
    expect(await verifyPassword("$2b$12$abcdefghijklmnopqrstuv", "x")).toBe(false);
    expect(needsRehash("plain")).toBe(true);
  });
});

describe("the rules of passwords", () => {
  it.each(["SecurePass123!", "Abcdefg7", `Aa1${"x".repeat(125)}`, "Ünïcödé Wörd 7", "Aa1 😀😀😀😀"])(
    "accept %s",
    (password) => {
      expect(passwordProblems(password)).toEqual([]);
    },
  );

  it.each(["Password123", "PASSWORD123!!", "Qwerty123", "P@ssw0rd1", "Welcome2024"])(
    "refuse the common %s",
    (password) => {
      expect(passwordProblems(password)).toContain("Password is too common");
    },
  );

  it("count characters, not bytes", () => {
    expect(passwordProblems("Aa1😀😀😀")).toEqual(["Password must have at least 8 characters"]);
  });
});
