import { type DiscoveredReplica, type Discovery, type FileDiscoveryConfig, replicaProblems } from "../../app/index.js";
import { readDocument } from "../config/document.js";
import { watchFiles } from "../watch-files.js";

/** The replicas of a list in a file, read anew when it changes. A file that is wrong, or gone, changes nothing. */
export function fileDiscovery({ path }: FileDiscoveryConfig): Discovery {
  return {
    watch(onReplicas, signal, onProblem) {
      let reading: Promise<void> = Promise.resolve();
      const read = () => {
        reading = reading.then(async () => {
          try {
            const replicas = await readReplicas(path);
            if (!signal.aborted) onReplicas(replicas);
          } catch (error) {
            if (!signal.aborted) onProblem((error as Error).message);
          }
        });
      };
      const watch = watchFiles(read);
      watch.set([path]);
      signal.addEventListener("abort", () => watch.close(), { once: true });
      read();
    },
  };
}

/** @throws Error that tells all that is wrong, each with its place. */
async function readReplicas(path: string): Promise<DiscoveredReplica[]> {
  const document = await readDocument(path);
  const list = document.value();
  if (!Array.isArray(list)) throw new Error(`${document.place([])}: it must be a list of urls or replicas`);
  const replicas = list.map((each: unknown) => (typeof each === "string" ? { url: each } : each));
  const problems = replicas.flatMap((each, i) =>
    replicaProblems(each).map((problem) => `${document.place([i, ...problem.path], problem.key)}: ${problem.message}`),
  );
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const named = (replicas as DiscoveredReplica[]).map((each) => ({ ...each, id: each.id ?? new URL(each.url).host }));
  const ids = new Set<string>();
  for (const [i, { id }] of named.entries()) {
    if (ids.has(id)) throw new Error(`${document.place([i])}: there is a replica ${JSON.stringify(id)} already`);
    ids.add(id);
  }
  return named;
}
