import type { Scenario } from "../../conformance/scenarios.js";

/** What the program is given: all of it plain JSON. */
export interface Input {
  scenarios: Scenario[];
  /** The names of all policies of the package. */
  policies: string[];
  golden: Golden;
}

/** What every runtime has to come to. */
export interface Golden {
  /** The tree of snapshot.ts, in base64. */
  snapshot: string;
  /** SHA-256 of each policy's decisions (decisions.ts). */
  decisions: Record<string, string>;
}
