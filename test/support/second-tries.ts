/** Names at the end of a run what passed only at its second try: a retry must not hide a fault. */
import type { Reporter, TestCase, TestModule } from "vitest/node";

export class SecondTries implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules.flatMap(({ children }) => [...children.allTests("passed")].flatMap(lineOf));
    if (lines.length > 0) console.warn(`\n${lines.length} passed at a second try only:\n${lines.join("\n")}`);
  }
}

/** Where it is, what it claims, and why it failed first. */
function lineOf(test: TestCase): string[] {
  if (test.diagnostic()?.flaky !== true) return [];
  const why = test.result().errors?.[0]?.message.split("\n")[0] ?? "";
  return [`  ${test.module.relativeModuleId} > ${test.fullName}: ${why}`];
}
