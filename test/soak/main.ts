/** `npm run soak`: plays, prints the verdict, and ends with 1 where it is bad. */
import { help, readOptions } from "./options.ts";
import { soak } from "./soak.ts";
import { faultsIn } from "./verdict.ts";

const options = readOptions(process.argv.slice(2));
if (options === "help") {
  console.log(help);
} else {
  const verdict = await soak(options, (line) => console.log(line));
  const faults = faultsIn(verdict);
  console.log(JSON.stringify({ ...verdict, wrongScreens: verdict.wrongScreens.length }, null, 2));
  for (const screen of verdict.wrongScreens) console.log(`--- a wrong screen\n${screen}`);
  console.log(faults.length === 0 ? "verdict: good" : `verdict: ${faults.join("; ")}`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
