/** Windows of environments in pods keep the contract of windows. */
import { windowsContract } from "../windows-contract.ts";
import { makeGround } from "./ground.ts";

windowsContract("kubernetes", () => makeGround());
