/** What comes on channel 3 at the end of an exec. */
import type { Fields } from "../api/objects.ts";

export const success: Fields = { metadata: {}, status: "Success" };

export function exited(command: readonly string[], code: number): Fields {
  if (code === 0) return success;
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: error executing command [${command.join(" ")}], exit code ${code}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(code) }] },
  };
}

/** As Kubernetes 1.34 tells what the node answered to a server that translates. */
export function notTakenUp(answer: string): Fields {
  return internalError(`unable to upgrade connection: ${answer}`);
}

export function notStarted(program: string): Fields {
  const where = program.includes("/")
    ? `stat ${program}: no such file or directory`
    : "executable file not found in $PATH";
  return internalError(
    `error executing command in container: failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: "${program}": ${where}: unknown`,
  );
}

function internalError(why: string): Fields {
  return {
    metadata: {},
    status: "Failure",
    message: `Internal error occurred: ${why}`,
    reason: "InternalError",
    details: { causes: [{ message: why }] },
    code: 500,
  };
}
