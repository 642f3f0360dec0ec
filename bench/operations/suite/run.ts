import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Answer, Assignment, Figures } from "./figures.js";

const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url));
/** For 40,000 texts twice over, as strings, and the largest of the peers' trees. */
const HEAP_MB = 8192;

/** Has a peer that runs in JavaScript measured in a process of its own. */
export function measure(assignment: Assignment): Promise<Figures> {
  return new Promise((resolve, reject) => {
    const child = fork(CHILD, { execArgv: ["--import", "tsx", "--expose-gc", `--max-old-space-size=${HEAP_MB}`] });
    child.once("error", reject);
    child.once("message", (answer: Answer) => ("error" in answer ? reject(new Error(answer.error)) : resolve(answer)));
    child.once("exit", (code, signal) => reject(new Error(`its process ended with ${signal ?? `code ${code}`}`)));
    child.send(assignment);
  });
}
