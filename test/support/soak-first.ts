/** The order of a run's files: the soak, which mostly waits, begins before all others and is over before they are. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

const isSoak = ({ moduleId }: TestSpecification) => moduleId.endsWith("/test/soak/soak.test.ts");

export class SoakFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [...sorted.filter(isSoak), ...sorted.filter((file) => !isSoak(file))];
  }
}
