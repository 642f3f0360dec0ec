import { type ServerConfig, simulatedOptions } from "../app/index.js";
import { simulatedReplica } from "../simulator/index.js";
import { listen } from "./listen.js";
import { UsageError } from "./usage-error.js";

export interface SimulatedReplicasOptions {
  readonly count: number;
  readonly host: string;
  /** Port of the first one; the others follow. 0: a free one for each. */
  readonly port: number;
  readonly speed: number;
  readonly maxOngoingRequests?: number | undefined;
}

export interface SimulatedReplicas {
  readonly urls: readonly string[];
  readonly model: string;
  /** Cuts what is open and frees the ports. */
  stop(): Promise<void>;
}

/** Starts simulated replicas, each on a port of its own: all of them, or none. */
export async function startSimulatedReplicas(options: SimulatedReplicasOptions): Promise<SimulatedReplicas> {
  const { count, host, port, speed, maxOngoingRequests } = options;
  if (port !== 0 && port + count - 1 > 65535) {
    throw new UsageError(`${count} replicas from port ${port} on would need ports above 65535`);
  }
  const started: StartedReplica[] = [];
  const stop = async () => void (await Promise.all(started.map((each) => each.stop())));
  try {
    for (let i = 0; i < count; i++) {
      const simulated = { speed, ...(maxOngoingRequests !== undefined && { maxOngoingRequests }) };
      started.push(await startReplica(simulated, { host, port: port === 0 ? 0 : port + i }));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { urls: started.map(({ url }) => url), model: started[0]!.model, stop };
}

/** Starts a simulated replica of a configuration, on a free port of the loopback. */
export function startSimulated(server: ServerConfig, maxBodyBytes: number | undefined): Promise<StartedReplica> {
  const options = { ...simulatedOptions(server), ...(maxBodyBytes !== undefined && { maxBodyBytes }) };
  return startReplica(options, { host: "127.0.0.1", port: 0 });
}

interface StartedReplica {
  readonly url: string;
  readonly model: string;
  /** Cuts what is open and frees the port. */
  stop(): Promise<void>;
}

async function startReplica(
  options: Parameters<typeof simulatedReplica>[0],
  address: { host: string; port: number },
): Promise<StartedReplica> {
  const replica = simulatedReplica(options);
  const listener = await listen((request) => replica.fetch(request), address);
  return {
    url: listener.url,
    model: replica.model,
    async stop() {
      replica.close();
      listener.destroy();
      await listener.close();
    },
  };
}
