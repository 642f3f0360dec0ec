import { checkDecisions } from "./decisions.js";
import { checkGateway } from "./gateway.js";
import type { Input } from "./input.js";
import { checkReplica } from "./replica.js";
import { checkSnapshot } from "./snapshot.js";
import { checkVectors } from "./vectors.js";

/** What is checked in every runtime. */
export type CheckName = "vectors" | "snapshot" | "decisions" | "gateway" | "replica";

/** A check throws what is wrong. */
const CHECKS: Record<CheckName, (input: Input) => Promise<void>> = {
  vectors: checkVectors,
  snapshot: checkSnapshot,
  decisions: checkDecisions,
  gateway: checkGateway,
  replica: checkReplica,
};

export const CHECK_NAMES: readonly CheckName[] = Object.keys(CHECKS) as CheckName[];

/** Failures by check; null: passed. */
export type Report = Record<CheckName, string | null>;

/** What the line with the report begins with. */
export const REPORT_MARK = "warmroute-runtimes ";

/** Runs every check and prints one line with the outcome of each: console.log is what all runtimes have. */
export async function report(input: Input): Promise<void> {
  const outcome: Partial<Report> = {};
  for (const name of CHECK_NAMES) {
    try {
      await CHECKS[name](input);
      outcome[name] = null;
    } catch (error) {
      outcome[name] = described(error);
    }
  }
  console.log(REPORT_MARK + JSON.stringify(outcome));
}

/** With the stack; V8 begins it with the message, JavaScriptCore does not. */
function described(error: unknown): string {
  const { stack = "" } = error as Error;
  return stack.includes(String(error)) ? stack : `${error}\n${stack}`;
}
