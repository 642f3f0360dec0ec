import { readFileSync, writeFileSync } from "node:fs";
import { POLICIES } from "../../src/routing/policies/index.js";
import { decisionsHash } from "./program/decisions.js";
import type { Golden } from "./program/input.js";
import { goldenTree } from "./program/snapshot.js";

const SNAPSHOT = new URL("golden/tree.snapshot", import.meta.url);
const DECISIONS = new URL("golden/decisions.json", import.meta.url);

export function readGolden(): Golden {
  return {
    snapshot: readFileSync(SNAPSHOT).toString("base64"),
    decisions: JSON.parse(readFileSync(DECISIONS, "utf8")),
  };
}

/** Makes the golden values anew, from the sources, in the Node that runs this. */
export async function writeGolden(): Promise<void> {
  const decisions: Golden["decisions"] = {};
  for (const policy of Object.keys(POLICIES)) decisions[policy] = await decisionsHash(policy);
  writeFileSync(SNAPSHOT, goldenTree().snapshot());
  writeFileSync(DECISIONS, `${JSON.stringify(decisions, null, 2)}\n`);
}
