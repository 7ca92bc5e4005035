import { filesContract } from "./files-contract.ts";
import { makeLocalFiles } from "./local-files-ground.ts";

filesContract("local", makeLocalFiles);
