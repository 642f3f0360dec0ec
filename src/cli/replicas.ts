import { type ServerConfig, simulatedOptions } from "../app/index.js";
import { type RunningReplica, type StartReplicaOptions, startReplica } from "../simulator/index.js";
import { explained } from "./listen.js";
import { UsageError } from "./usage-error.js";

export interface SimulatedReplicasOptions extends Omit<StartReplicaOptions, "port" | "host"> {
  readonly count: number;
  readonly host: string;
  /** Port of the first one; the others follow. 0: a free one for each. */
  readonly port: number;
}

export interface SimulatedReplicas {
  /** `replica-1` and so on. */
  readonly replicas: readonly { readonly id: string; readonly url: string }[];
  readonly model: string;
  /** Resolves with what to tell when one has ended by itself. */
  readonly died: Promise<string>;
  /** Cuts what is open and frees the ports. */
  stop(): Promise<void>;
}

/** Starts simulated replicas, each on a port of its own: all of them, or none. */
export async function startSimulatedReplicas(options: SimulatedReplicasOptions): Promise<SimulatedReplicas> {
  const { count, host, port, zeromq, ...common } = options;
  checkPorts(count, port);
  const started: RunningReplica[] = [];
  const stop = async () => {
    await Promise.all(started.map((replica) => replica.close()));
  };
  try {
    for (let i = 0; i < count; i++) {
      const own = {
        ...common,
        host,
        port: port === 0 ? 0 : port + i,
        ...(zeromq !== undefined && { zeromq: endpointsOf(zeromq, i) }),
      };
      started.push(await startReplica(own));
    }
  } catch (error) {
    await stop();
    throw told(error);
  }
  return {
    replicas: started.map(({ url }, i) => ({ id: `replica-${i + 1}`, url })),
    model: started[0]!.replica.model,
    // Not without the process that they are in.
    died: new Promise(() => {}),
    stop,
  };
}

/** Starts a simulated replica of a configuration, on a free port of the loopback. */
export async function startSimulated(
  server: ServerConfig,
  maxBodyBytes: number | undefined,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const options = { ...simulatedOptions(server), ...(maxBodyBytes !== undefined && { maxBodyBytes }) };
  const { url, close } = await startReplica(options);
  return { url, stop: close };
}

export function checkPorts(count: number, port: number): void {
  if (port !== 0 && port + count - 1 > 65535) {
    throw new UsageError(`${count} replicas from port ${port} on would need ports above 65535`);
  }
}

/** As vLLM does for its data-parallel ranks: the next one takes the next port. */
export function endpointsOf(
  { endpoint = "tcp://*:5557", replayEndpoint, ...rest }: NonNullable<StartReplicaOptions["zeromq"]>,
  index: number,
): NonNullable<StartReplicaOptions["zeromq"]> {
  const shifted = (address: string) => address.replace(/\d+$/, (port) => String(Number(port) + index));
  return {
    ...rest,
    endpoint: shifted(endpoint),
    ...(replayEndpoint !== undefined && { replayEndpoint: shifted(replayEndpoint) }),
  };
}

/** What the person at the keyboard can put right: an address, an option, a package that is not installed. */
function told(error: unknown): unknown {
  const explanation = explained(error);
  if (explanation instanceof UsageError || !(error instanceof Error)) return explanation;
  const wrongOption = error instanceof TypeError || error instanceof RangeError;
  return wrongOption || error.message.startsWith("KV events") ? new UsageError(error.message) : error;
}
