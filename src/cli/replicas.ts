import { simulatedReplica } from "../simulator/index.js";
import { type Listener, listen } from "./listen.js";
import { UsageError } from "./usage-error.js";

export interface SimulatedReplicasOptions {
  readonly count: number;
  readonly host: string;
  /** Port of the first one; the others follow. 0: a free one for each. */
  readonly port: number;
  readonly speed: number;
  readonly maxOngoingRequests?: number | undefined;
  readonly maxBodyBytes?: number | undefined;
}

export interface SimulatedReplicas {
  /** `replica-1` and so on. */
  readonly replicas: readonly { readonly id: string; readonly url: string }[];
  readonly model: string;
  /** Cuts what is open and frees the ports. */
  stop(): Promise<void>;
}

/** Starts simulated replicas, each on a port of its own: all of them, or none. */
export async function startSimulatedReplicas(options: SimulatedReplicasOptions): Promise<SimulatedReplicas> {
  const { count, host, port, speed, maxOngoingRequests, maxBodyBytes } = options;
  if (port !== 0 && port + count - 1 > 65535) {
    throw new UsageError(`${count} replicas from port ${port} on would need ports above 65535`);
  }
  const started: { replica: ReturnType<typeof simulatedReplica>; listener: Listener }[] = [];
  const stop = async () => {
    await Promise.all(
      started.map(async ({ replica, listener }) => {
        replica.close();
        listener.destroy();
        await listener.close();
      }),
    );
  };
  try {
    for (let i = 0; i < count; i++) {
      const replica = simulatedReplica({
        speed,
        ...(maxOngoingRequests !== undefined && { maxOngoingRequests }),
        ...(maxBodyBytes !== undefined && { maxBodyBytes }),
      });
      const listener = await listen((request) => replica.fetch(request), { host, port: port === 0 ? 0 : port + i });
      started.push({ replica, listener });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    replicas: started.map(({ listener }, i) => ({ id: `replica-${i + 1}`, url: listener.url })),
    model: started[0]!.replica.model,
    stop,
  };
}
