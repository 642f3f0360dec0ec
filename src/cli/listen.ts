import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type FetchHandler, requestListener } from "./node-http.js";
import { UsageError } from "./usage-error.js";

export interface Listener {
  /** Where it listens, `http://host:port`. */
  readonly url: string;
  /** Takes no new connection, ends each as its response ends, and resolves when the last is closed. */
  close(): Promise<void>;
  /** Cuts every connection that is open. */
  destroy(): void;
}

/** Idle connections stay open for longer than a proxy in front would keep them, so that it never meets a closing one. */
const KEEP_ALIVE_MS = 75_000;

/**
 * Serves a fetch handler over HTTP/1.1.
 * @param address port 0 takes a free one.
 * @throws UsageError when the address cannot be had.
 */
export async function listen(handler: FetchHandler, address: { host: string; port: number }): Promise<Listener> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, requestListener(handler));
  /** The connections, and how many requests are under way on each. */
  const connections = new Map<Socket, number>();
  let closing = false;
  server.on("connection", (socket: Socket) => {
    connections.set(socket, 0);
    socket.once("close", () => connections.delete(socket));
  });
  server.prependListener("request", ({ socket }, outgoing) => {
    if (closing) outgoing.shouldKeepAlive = false;
    connections.set(socket, connections.get(socket)! + 1);
    outgoing.once("close", () => {
      if (!connections.has(socket)) return;
      const underWay = connections.get(socket)! - 1;
      connections.set(socket, underWay);
      if (closing && underWay === 0) socket.end();
    });
  });
  server.listen(address.port, address.host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw explained(error, address);
  }
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${address.host.includes(":") ? `[${address.host}]` : address.host}:${port}`,
    close() {
      closing = true;
      for (const [socket, underWay] of connections) if (underWay === 0) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
    destroy() {
      server.closeAllConnections();
    },
  };
}

function explained(error: unknown, { host, port }: { host: string; port: number }): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case "EADDRINUSE":
      return new UsageError(`port ${port} on ${host} is in use; choose another with --port`);
    case "EACCES":
      return new UsageError(
        `port ${port} on ${host} may not be opened by this user; choose one above 1023 with --port`,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new UsageError(`${host} is not an address of this machine; choose another with --host`);
    default:
      return error;
  }
}
