import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fetchListener } from "../../src/protocol/server/request-listener.js";
import { type SimulatedReplica, simulatedReplica } from "../../src/simulator/index.js";

/** When a fault strikes: before the connection is of use, before the head, before the first byte of the body, after the first event. */
export type Phase = "connect" | "headers" | "first byte" | "mid-stream";

/** What happens then: an error, silence, a pause, or the end of the connection. */
export type Fault = "503" | "hang" | "slow" | "cut";

/** A simulated replica behind a socket of its own, which fails as it is told. */
export interface FaultyReplica {
  readonly url: string;
  /** How often the fault has struck. */
  readonly struck: number;
  stop(): Promise<void>;
}

const PAUSE_TURNS = 25;

export async function faultyReplica(fault: Fault, phase: Phase): Promise<FaultyReplica> {
  const replica = simulatedReplica({ speed: 10_000 });
  const wellBehaved = fetchListener((request) => replica.fetch(request)) as RequestListener;
  let struck = 0;
  const server = createServer((incoming, outgoing) => {
    if (phase === "connect" && fault !== "slow") return;
    struck++;
    void strike(fault, phase, replica, incoming, outgoing, () => wellBehaved(incoming, outgoing));
  });
  if (phase === "connect" && fault !== "slow") {
    server.on("connection", (socket) => {
      struck++;
      if (fault === "cut") socket.destroy();
    });
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get struck() {
      return struck;
    },
    async stop() {
      replica.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function strike(
  fault: Fault,
  phase: Phase,
  replica: SimulatedReplica,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  goOn: () => void,
): Promise<void> {
  if (fault === "503" && phase === "headers") {
    incoming.resume();
    outgoing.writeHead(503, { "content-type": "application/json" }).end('{"error":{"message":"overloaded"}}');
    return;
  }
  if (phase === "connect" || phase === "headers") {
    if (fault === "cut") incoming.socket.destroy();
    if (fault !== "slow") return;
    await turns();
    goOn();
    return;
  }
  const body = await read(incoming);
  const request = new Request(`http://replica${incoming.url}`, { method: "POST", body });
  const answer = await replica.fetch(request);
  const reader = answer.body!.getReader();
  outgoing.writeHead(answer.status, [...answer.headers].flat());
  outgoing.flushHeaders();
  const first = await reader.read();
  if (phase === "mid-stream") outgoing.write(first.value);
  await turns();
  if (fault === "hang") return;
  if (fault === "cut") {
    outgoing.socket?.destroySoon();
    return;
  }
  if (phase === "first byte") outgoing.write(first.value);
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) outgoing.write(piece.value);
  outgoing.end();
}

async function read(incoming: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  for await (const piece of incoming) pieces.push(piece as Uint8Array);
  return new Uint8Array(Buffer.concat(pieces));
}

/** Of the event loop, so that what was written before has gone out. */
export async function turns(count: number = PAUSE_TURNS): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
