/** The files of environments in pods keep the contract of every runtime's, by real programs behind exec. */
import { filesContract } from "../files-contract.ts";
import { makePodFiles } from "./files-ground.ts";

filesContract("kubernetes", () => makePodFiles());
