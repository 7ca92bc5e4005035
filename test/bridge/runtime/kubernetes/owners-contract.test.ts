/** The runtime keeps its contract also where two people's environments live in a namespace each. */
import { runtimeContract } from "../contract.ts";
import { makeGround, OwnedRuntime } from "./ground.ts";

runtimeContract("kubernetes with a namespace for each person", async () => {
  const ground = await makeGround();
  return { ...ground, open: () => ground.open({ settings: { namespacePerUser: true }, as: OwnedRuntime }) };
});
