import { onTestFinished } from "vitest";
import type { DiscoveredReplica, Discovery } from "../../../src/app/index.js";
import { Until } from "../files.js";

export interface Watched {
  /** Every list that was told, each as `id url`. */
  readonly told: string[][];
  readonly problems: string[];
  readonly last: () => readonly DiscoveredReplica[];
  /** Resolves when the last list is this one. */
  becomes(...replicas: string[]): Promise<void>;
  /** Resolves when a problem matches. */
  problem(pattern: RegExp): Promise<void>;
  stop(): void;
}

/** Watches until the test ends. */
export function watched(discovery: Discovery): Watched {
  const until = new Until();
  const told: string[][] = [];
  const problems: string[] = [];
  let last: readonly DiscoveredReplica[] = [];
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  discovery.watch(
    (replicas) => {
      last = replicas;
      told.push(replicas.map(({ id, url }) => `${id} ${url}`));
      until.notice();
    },
    stop.signal,
    (message) => {
      problems.push(message);
      until.notice();
    },
  );
  return {
    told,
    problems,
    last: () => last,
    becomes: (...replicas) => until.holds(() => told.at(-1)?.join() === replicas.join()),
    problem: (pattern) => until.holds(() => problems.some((message) => pattern.test(message))),
    stop: () => stop.abort(),
  };
}
