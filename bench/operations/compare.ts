import { distinctCharacters } from "./distinct.js";
import { externalPeers } from "./external/index.js";
import type { Options } from "./options.js";
import type { Results, Workload } from "./report/results.js";
import { TENANTS } from "./suite/figures.js";
import { measure } from "./suite/run.js";
import { chatTexts } from "./texts.js";

/** Measures every peer with every number of texts, one after the other, and says on stderr what it is at. */
export async function compare({
  sizes,
  peers,
  operations,
  seed,
  timeMs,
}: Pick<Options, "sizes" | "peers" | "operations" | "seed" | "timeMs">): Promise<
  Pick<Results, "tenants" | "workloads" | "absent">
> {
  const workloads: Workload[] = [];
  const absent = new Set<string>();
  for (const texts of sizes) {
    const workload = describe(texts, seed);
    for (const peer of peers) {
      if (absent.has(peer)) continue;
      process.stderr.write(`${texts} texts, ${peer} …\n`);
      const figures = await measure({ peer, texts, seed, timeMs, operations });
      if (figures === null) absent.add(peer);
      else workload.peers.push({ peer, ...figures });
    }
    workloads.push(workload);
  }
  return {
    tenants: TENANTS.length,
    workloads,
    absent: [...absent].map((peer) => ({ peer, howToGet: externalPeers[peer]!.howToGet })),
  };
}

function describe(count: number, seed: number): Workload {
  const texts = chatTexts(count, seed);
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  return {
    texts: count,
    meanCharacters: Math.round(characters / count),
    distinctCharacters: distinctCharacters(texts),
    peers: [],
  };
}
