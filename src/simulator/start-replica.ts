import { type Listener, listen } from "../protocol/index.js";
import { ConnectionCut } from "./http/generation.js";
import { publishKvEvents, type ZeroMqOptions, type ZeroMqPublisher } from "./kv-events/zeromq.js";
import type { SimulatedReplicaOptions } from "./options.js";
import { replicaWithEvents, type SimulatedReplica } from "./replica.js";

/** What a replica that listens is to be like, and where. */
export interface StartReplicaOptions extends SimulatedReplicaOptions {
  /** Default: 0, a free one. */
  port?: number;
  /** Default: `127.0.0.1`. */
  host?: string;
  /** Where KV events are published over ZeroMQ, which takes the package `zeromq`. Turns `kvEvents` on. Default: nowhere. */
  zeromq?: ZeroMqOptions;
}

/** A replica that listens. */
export interface RunningReplica {
  /** `http://host:port`. */
  readonly url: string;
  readonly port: number;
  readonly replica: SimulatedReplica;
  /** Cuts what is open and frees the port. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a replica that listens, in Node, Deno or Bun.
 * @throws TypeError or RangeError for an option that is wrong, Error when the address cannot be had or `zeromq` is not installed.
 */
export async function startReplica(options: StartReplicaOptions = {}): Promise<RunningReplica> {
  const { port = 0, host = "127.0.0.1", zeromq, ...replicaOptions } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`port must be a whole number from 0 to 65535, not ${port}`);
  }
  const replica = replicaWithEvents({ ...replicaOptions, ...(zeromq !== undefined && { kvEvents: true }) });
  let publisher: ZeroMqPublisher | null = null;
  let listener: Listener;
  try {
    if (zeromq !== undefined) publisher = await publishKvEvents(replica, zeromq);
    listener = await listen((request) => replica.fetch(request).catch(cutConnection), { host, port });
  } catch (error) {
    replica.close();
    publisher?.close();
    throw error;
  }
  const close = async () => {
    replica.close();
    publisher?.close();
    listener.destroy();
    await listener.close();
  };
  return { url: listener.url, port: Number(new URL(listener.url).port), replica, close, [Symbol.asyncDispose]: close };
}

/** As the handler of a server says that a connection is to be closed without an answer. */
function cutConnection(error: unknown): Response {
  if (error instanceof ConnectionCut) return Response.error();
  throw error;
}
