import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
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
  /** New connections get this certificate; only where it listens by TLS. */
  secure(certificate: Certificate): void;
}

/** In PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Where to listen, and how. */
export interface ListenOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Makes it TLS. */
  readonly certificate?: Certificate | undefined;
  /** Bytes of a request's line and headers. Default: Node's, 16 KiB. */
  readonly maxHeaderBytes?: number | undefined;
}

/** Idle connections stay open for longer than a proxy in front would keep them, so that it never meets a closing one. */
const KEEP_ALIVE_MS = 75_000;

/**
 * Serves a fetch handler over HTTP/1.1.
 * @throws UsageError when the address cannot be had, or the certificate is none.
 */
export async function listen(handler: FetchHandler, address: ListenOptions): Promise<Listener> {
  const server = serverOf(handler, address);
  /** The connections, and how many requests are under way on each. */
  const connections = new Map<Socket, number>();
  let closing = false;
  const { certificate } = address;
  server.on(certificate === undefined ? "connection" : "secureConnection", (socket: Socket) => {
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
    url: `${certificate === undefined ? "http" : "https"}://${address.host.includes(":") ? `[${address.host}]` : address.host}:${port}`,
    close() {
      closing = true;
      for (const [socket, underWay] of connections) if (underWay === 0) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
    destroy() {
      server.closeAllConnections();
    },
    secure(changed) {
      (server as TlsServer).setSecureContext(changed);
    },
  };
}

function serverOf(handler: FetchHandler, { certificate, maxHeaderBytes }: ListenOptions): Server | TlsServer {
  const options = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    ...(maxHeaderBytes !== undefined && { maxHeaderSize: maxHeaderBytes }),
  };
  if (certificate === undefined) return createServer(options, requestListener(handler));
  try {
    return createTlsServer({ ...options, ...certificate }, requestListener(handler));
  } catch (error) {
    throw new UsageError(`tls cannot be: ${(error as Error).message}`);
  }
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
