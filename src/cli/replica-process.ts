// One simulated replica in a process of its own: its options come as a message, and it ends with SIGTERM or with its parent.
import type { ChildMessage } from "./replica-processes.js";
import { type SimulatedReplicasOptions, startSimulatedReplicas } from "./replicas.js";
import { UsageError } from "./usage-error.js";

process.on("SIGINT", () => {});
process.once("disconnect", () => process.exit(0));
process.once("message", (options: SimulatedReplicasOptions) => {
  startSimulatedReplicas(options).then(
    ({ replicas, model, stop }) => {
      process.once("SIGTERM", () => void stop().then(() => process.exit(0)));
      tell({ url: replicas[0]!.url, model });
    },
    (error: unknown) => {
      if (!(error instanceof UsageError)) throw error;
      tell({ refused: error.message });
      process.disconnect();
    },
  );
});

function tell(message: ChildMessage): void {
  process.send!(message);
}
