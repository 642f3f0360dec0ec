import type { ReplicaWithEvents } from "../replica.js";
import type { KvEventBatch } from "./event.js";
import type { KvEventLog } from "./log.js";
import { batchPayload, END_OF_REPLAY, type KvEventEncoding, sequenceFrame } from "./payload.js";

/** Where and how KV events are published, as vLLM's `--kv-events-config` says it. */
export interface ZeroMqOptions {
  /** Of the PUB socket, which binds to it. Default: `tcp://*:5557`. */
  endpoint?: string;
  /** Of the ROUTER socket that replays. Default: none. */
  replayEndpoint?: string;
  /** First frame of each message. Default: empty. */
  topic?: string;
  /** How events are encoded in MessagePack. Default: `array`. */
  encoding?: KvEventEncoding;
  /** The package, `await import("zeromq")`. Default: it is imported by its name. */
  module?: object;
}

export interface ZeroMqPublisher {
  close(): void;
}

/** What is used of the package `zeromq`, version 6. */
interface ZeroMq {
  Publisher: new () => PublisherSocket;
  Router: new () => RouterSocket;
}

interface PublisherSocket {
  bind(endpoint: string): Promise<void>;
  send(frames: readonly (string | Uint8Array)[]): Promise<void>;
  close(): void;
}

interface RouterSocket extends PublisherSocket, AsyncIterable<Uint8Array[]> {}

/**
 * Publishes a replica's events: three frames, topic, sequence number and payload. A client of the replay socket sends an empty
 * frame and the number to begin at, and gets an empty frame, number and payload of each batch that is kept, then one with the number −1.
 * @throws Error when the package is not installed or an endpoint cannot be had.
 */
export async function publishKvEvents(replica: ReplicaWithEvents, options: ZeroMqOptions): Promise<ZeroMqPublisher> {
  const { endpoint = "tcp://*:5557", replayEndpoint, topic = "", encoding = "array" } = options;
  const { Publisher, Router } = (options.module as ZeroMq | undefined) ?? (await zeroMq());
  const publisher = new Publisher();
  const router = replayEndpoint === undefined ? null : new Router();
  const close = () => {
    publisher.close();
    router?.close();
  };
  try {
    await publisher.bind(endpoint);
    await router?.bind(replayEndpoint!);
  } catch (error) {
    close();
    throw new Error(`KV events cannot be published at ${endpoint}: ${(error as Error).message}`, { cause: error });
  }
  const send = inOrder((batch: KvEventBatch) =>
    publisher.send([topic, sequenceFrame(batch.seq), batchPayload(batch, encoding)]),
  );
  let current: KvEventLog;
  replica.onStart((events) => {
    current = events;
    events.subscribe(send);
  });
  // What is being sent when the socket is closed is nobody's loss.
  if (router !== null) replay(router, () => current, encoding).catch(() => {});
  return { close };
}

async function replay(router: RouterSocket, log: () => KvEventLog, encoding: KvEventEncoding): Promise<void> {
  for await (const [client, , start] of router) {
    if (client === undefined || start?.length !== 8) continue;
    const from = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0));
    for (const batch of log().since(from)) {
      await router.send([client, "", sequenceFrame(batch.seq), batchPayload(batch, encoding)]);
    }
    await router.send([client, "", sequenceFrame(END_OF_REPLAY), ""]);
  }
}

/** A socket takes one message at a time. */
function inOrder<Item>(send: (item: Item) => Promise<void>): (item: Item) => void {
  let last: Promise<void> = Promise.resolve();
  return (item) => {
    // As for the replay.
    last = last.then(() => send(item)).catch(() => {});
  };
}

async function zeroMq(): Promise<ZeroMq> {
  try {
    return (await load("zeromq")) as ZeroMq;
  } catch (error) {
    throw new Error("KV events over ZeroMQ take the package zeromq: npm install zeromq", { cause: error });
  }
}

/** By a name that no bundler sees, since it would have to find the package. */
function load(name: string): Promise<unknown> {
  return import(/* @vite-ignore */ /* webpackIgnore: true */ name);
}
