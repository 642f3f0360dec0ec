import { startSimulatedReplicas } from "./replicas.js";
import { stopSignal } from "./shutdown.js";

/** What `warmroute simulate` was told, by the names of its options. */
export interface SimulateOptions {
  readonly replicas: number;
  readonly port: number;
  readonly host: string;
  readonly maxOngoingRequests?: number;
  readonly simSpeed: number;
}

/** Serves simulated replicas until SIGINT or SIGTERM, which cuts what is open. */
export async function simulate(options: SimulateOptions): Promise<void> {
  const stop = stopSignal();
  const { host, port, maxOngoingRequests } = options;
  const simulated = await startSimulatedReplicas({
    count: options.replicas,
    host,
    port,
    speed: options.simSpeed,
    maxOngoingRequests,
  });
  const { urls } = simulated;
  process.stdout.write(
    [
      `simulated ${simulated.model}:`,
      ...urls.map((url) => `  ${url}`),
      "a gateway in front of them:",
      `  warmroute serve ${urls.map((url) => `--replica ${url}`).join(" ")}`,
      "",
    ].join("\n"),
  );
  await stop;
  await simulated.stop();
}
