import { filesConfinement } from "./files-confinement.ts";
import { makeLocalFiles } from "./local-files-ground.ts";

filesConfinement("local", makeLocalFiles);
