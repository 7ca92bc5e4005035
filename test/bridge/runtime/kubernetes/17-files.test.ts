import { filesConfinement } from "../files-confinement.ts";
import { makePodFiles } from "./files-ground.ts";

filesConfinement("kubernetes", () => makePodFiles());
