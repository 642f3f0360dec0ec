import { PrefixTreeUnderTest } from "../../conformance/adapter.js";
import { replay } from "../../conformance/scenarios.js";
import type { Input } from "./input.js";

/** What Ray's own tree did, the tree does. */
export async function checkVectors({ scenarios }: Input): Promise<void> {
  if (scenarios.length < 60) throw new Error(`${scenarios.length} scenarios are fewer than 60`);
  for (const scenario of scenarios) {
    const [difference] = await replay(scenario, new PrefixTreeUnderTest());
    if (difference !== undefined) throw new Error(`scenario ${scenario.id}: ${JSON.stringify(difference)}`);
  }
}
