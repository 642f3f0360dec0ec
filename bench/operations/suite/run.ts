import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { externalPeers, measureExternal } from "../external/index.js";
import type { Assignment, Figures } from "./figures.js";

const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url));

/** Has a peer measured in a process of its own. Null when it is one of another language that is not here. */
export function measure(assignment: Assignment): Promise<Figures | null> {
  const external = externalPeers[assignment.peer];
  return external === undefined ? measureInChild(assignment) : measureExternal(external, assignment);
}

function measureInChild(assignment: Assignment): Promise<Figures> {
  return new Promise((resolve, reject) => {
    const child = fork(CHILD, { execArgv: ["--import", "tsx", "--expose-gc", "--max-old-space-size=8192"] });
    child.once("error", reject);
    child.once("message", (figures) => resolve(figures as Figures));
    child.once("exit", (code, signal) => reject(new Error(`${assignment.peer} ended with ${signal ?? code}`)));
    child.send(assignment);
  });
}
