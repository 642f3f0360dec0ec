import { distinctCharacters } from "./distinct.js";
import { externalPeers, measureExternal } from "./external/index.js";
import type { Options } from "./options.js";
import type { Results, WorkloadResults } from "./report/results.js";
import { type Figures, TENANTS } from "./suite/figures.js";
import { measure } from "./suite/run.js";
import { shortName, textsOf } from "./workloads/index.js";

type Compared = Pick<Results, "tenants" | "workloads" | "absent" | "failed">;

/**
 * Measures every peer with every workload and every number of texts, one after the other, and says on stderr what it is at.
 * A peer that is not here or fails is left out and named in the results.
 */
export async function compare(options: Options): Promise<Compared> {
  const { seed, timeMs, operations } = options;
  const { commands, absent } = await findExternal(options.peers);
  const here = options.peers.filter((peer) => !absent.some((each) => each.peer === peer));
  const workloads = options.workloads.flatMap((workload) => describeAll(workload, options.sizes, seed));
  const failed: Compared["failed"] = [];
  let step = 0;
  for (const { workload, results } of workloads) {
    for (const peer of here) {
      step++;
      const what = `${results.texts} texts of ${results.workload}, ${peer}`;
      process.stderr.write(`[${step}/${workloads.length * here.length}] ${what} …\n`);
      const assignment = { peer, workload, texts: results.texts, seed, timeMs, operations };
      const command = commands.get(peer);
      try {
        const figures: Figures = await (command === undefined
          ? measure(assignment)
          : measureExternal(command, assignment));
        results.peers.push({ peer, ...figures });
      } catch (error) {
        failed.push({ peer, workload: results.workload, texts: results.texts, error: (error as Error).message });
        process.stderr.write(`bench: ${what}: ${(error as Error).message}\n`);
      }
    }
  }
  return { tenants: TENANTS.length, workloads: workloads.map(({ results }) => results), absent, failed };
}

/** Which of the peers of other languages are here, and the commands that run them. */
async function findExternal(names: readonly string[]) {
  const commands = new Map<string, string[]>();
  const absent: Results["absent"] = [];
  for (const name of names) {
    const peer = externalPeers[name];
    if (peer === undefined) continue;
    process.stderr.write(`looking for ${name} …\n`);
    try {
      commands.set(name, await peer.command());
    } catch (error) {
      const why = reasonIn((error as Error).message);
      absent.push({ peer: name, why, howToGet: peer.howToGet });
      process.stderr.write(`bench: ${name} is not here: ${why}\n  To get it: ${peer.howToGet}\n`);
    }
  }
  return { commands, absent };
}

/** The line of a program's complaint that says what is wrong. */
function reasonIn(complaint: string): string {
  const lines = complaint.trim().split("\n");
  return (lines.find((line) => /(^|: )(\w*Error|error(\[\w+\])?): /.test(line)) ?? lines.at(-1)!).trim();
}

/** One for each size, but a file that has fewer texts counts once, with what it has. */
function describeAll(workload: string, sizes: readonly number[], seed: number) {
  const all = sizes.map((size) => {
    const results = describe(workload, size, seed);
    if (results.texts < size) process.stderr.write(`${results.workload} has ${results.texts} texts, not ${size}\n`);
    return { workload, results };
  });
  return all.filter(({ results }, i) => all.findIndex((each) => each.results.texts === results.texts) === i);
}

function describe(workload: string, count: number, seed: number): WorkloadResults {
  const texts = textsOf(workload, count, seed);
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  return {
    workload: shortName(workload),
    texts: texts.length,
    meanCharacters: Math.round(characters / texts.length),
    distinctCharacters: distinctCharacters(texts),
    peers: [],
  };
}
