/** Variables at rest: what opens them and what does not. */
import { describe, expect, it } from "vitest";
import { openVariables, type SealingKey, sealVariables } from "../../workers/store/sealing.ts";

const newKey = (id: string): SealingKey => ({ id, bytes: crypto.getRandomValues(new Uint8Array(32)) });
const newIv = () => crypto.getRandomValues(new Uint8Array(12));
const [key, other] = [newKey("first"), newKey("second")];
const variables = { A: "1", __proto__x: "ü\n", EMPTY: "" };

describe("sealed variables", () => {
  it("open for the environment they were sealed for, and show nothing of it before", async () => {
    const sealed = await sealVariables([key], "env_a", { SECRET: "hunter2hunter2" }, newIv());
    expect(sealed).toMatch(/^first\.[\w-]{16}\.[\w-]+$/);
    expect(sealed).not.toContain("SECRET");
    expect(await openVariables([key], "env_a", sealed)).toEqual({ ok: true, variables: { SECRET: "hunter2hunter2" } });
  });

  it("are sealed by the first key and open with any live one", async () => {
    const old = await sealVariables([key], "env_a", variables, newIv());
    const rotated = await sealVariables([other, key], "env_a", variables, newIv());
    expect(rotated.startsWith("second.")).toBe(true);
    for (const sealed of [old, rotated])
      expect(await openVariables([other, key], "env_a", sealed)).toEqual({ ok: true, variables });
    expect(await openVariables([other], "env_a", old)).toEqual({ ok: false, reason: "unknown_key" });
  });

  it("do not open in another row, with a changed byte, or with another key of that name", async () => {
    const sealed = await sealVariables([key], "env_a", variables, newIv());
    const flipped = sealed.slice(0, -2) + (sealed.endsWith("AA") ? "BB" : "AA");
    const refused = { ok: false, reason: "not_authentic" };
    expect(await openVariables([key], "env_b", sealed)).toEqual(refused);
    expect(await openVariables([key], "env_a", flipped)).toEqual(refused);
    expect(await openVariables([{ ...other, id: "first" }], "env_a", sealed)).toEqual(refused);
    for (const broken of ["first", "first..", "first.!!.!!"])
      expect(await openVariables([key], "env_a", broken)).toEqual(refused);
  });

  it("need a key and a nonce", async () => {
    await expect(sealVariables([], "env_a", variables, newIv())).rejects.toThrow("needs a key");
    await expect(sealVariables([key], "env_a", variables, new Uint8Array(3))).rejects.toThrow("12 bytes");
  });
});
