/** `npm run manifest:write`: makes bridge.yaml from the chart. A test holds both against each other. */
import { writeFileSync } from "node:fs";
import { plainManifest } from "./manifest.ts";

const target = new URL("../bridge.yaml", import.meta.url);
writeFileSync(target, plainManifest());
console.log("manifest: wrote bridge/deploy/bridge.yaml");
