/** Names as providers give them. */
import { expect, it } from "vitest";
import { identityClaimsSchema } from "../../workers/rules/identities.ts";

const nameOf = (name: unknown) => identityClaimsSchema.parse({ sub: "1", aud: "us", name }).name;

it("cuts a long name between characters' halves without leaving one, which no database takes", () => {
  for (const before of ["", "x"]) {
    const name = nameOf(before + "😀".repeat(200));
    expect(name?.length).toBe(100);
    expect(name).toSatisfy((text: string) => text.isWellFormed());
  }
  expect(nameOf("\u0000 Ada\u202e ")).toBe("Ada");
  expect(nameOf(7)).toBe(null);
});
