import type { ReplicaConfig } from "./config.js";

/** A source of replicas that come and go. */
export interface Discovery {
  /**
   * Tells the replicas that there are, all of them, now and after every change, until the signal aborts. What fails meanwhile is told
   * to `onProblem` and tried again; the list told last stays in force.
   */
  watch(
    onReplicas: (replicas: readonly DiscoveredReplica[]) => void,
    signal: AbortSignal,
    onProblem: (message: string) => void,
  ): void;
}

/** A replica that was found: a server that runs already. */
export type DiscoveredReplica = Omit<ReplicaConfig, "simulated" | "command" | "count"> & { id: string; url: string };
