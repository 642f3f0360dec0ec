import type { Logs } from "./child.js";

/** Servers under a routing policy, ready to be asked. */
export interface Servers {
  /** Where requests go: one address a router. */
  readonly urls: readonly string[];
  /** Whose `/metrics` tell the engines' view; none where nobody knows them. */
  readonly replicas: readonly ReplicaAddress[];
  /** Which of them has ended by itself, and how; null as long as all are there, or nobody knows. */
  lost(): string | null;
  /** Ends all of them, so that what they tracked is written. */
  stop(): Promise<void>;
}

export interface ReplicaAddress {
  readonly id: string;
  readonly url: string;
}

/** What servers are started for. */
export interface Launch {
  /** Name of a policy, or the path of a module. */
  readonly policy: string;
  readonly logs: Logs;
  /** Folder for what routers track, where they can: `<router>/<table>.csv`. */
  readonly track?: string | undefined;
  /** s between two rows of what is sampled. */
  readonly trackInterval?: number;
  readonly signal: AbortSignal;
}

/** A kind of servers that a benchmark can start: afresh each time, with nothing in any cache. */
export interface ServerKind {
  /** One line for results. */
  readonly about: string;
  /** @throws UsageError, with nothing left running, when they do not come up. */
  start(launch: Launch): Promise<Servers>;
}
