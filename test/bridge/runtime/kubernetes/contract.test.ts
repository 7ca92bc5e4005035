/** The runtime over pods keeps the contract of every runtime, against a fake cluster with real processes. */
import { runtimeContract } from "../contract.ts";
import { makeGround } from "./ground.ts";

runtimeContract("kubernetes", () => makeGround());
