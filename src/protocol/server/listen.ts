import { Connections } from "./connections.js";
import { httpModule, httpsModule, type RequestListener, type Server, type Socket } from "./node-types.js";
import { type FetchHandler, fetchListener, type HttpHandler, requestListener } from "./request-listener.js";

/** An address at which nothing can listen: what it is that is wrong with it. */
export class ListenError extends Error {
  override name = "ListenError";
  /** What has to be another. */
  readonly field: "host" | "port" | "certificate";

  constructor(message: string, field: ListenError["field"], cause: unknown) {
    super(message, { cause });
    this.field = field;
  }
}

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
  /** Bytes of a request's line and headers. Default: 64 KiB. */
  readonly maxHeaderBytes?: number | undefined;
}

/** Idle connections stay open for longer than a proxy in front would keep them, so that it never meets a closing one. */
const KEEP_ALIVE_MS = 75_000;
/** More than the gateway takes by default, so that it is the gateway which says so, in OpenAI's shape. Node's own is 16 KiB. */
const MOST_HEADER_BYTES = 64 * 1024;

/**
 * Serves a fetch handler over HTTP/1.1, in Node, Deno and Bun.
 * @throws ListenError when the address cannot be had or the certificate is none, TypeError where nothing can listen.
 */
export function listen(handler: FetchHandler, address: ListenOptions): Promise<Listener> {
  return listenWith((connections) => fetchListener(handler, connections), address);
}

/** As `listen`, for a handler that does without the web's objects. */
export function listenHttp(handler: HttpHandler, address: ListenOptions): Promise<Listener> {
  return listenWith((connections) => requestListener(handler, connections), address);
}

async function listenWith(
  listenerOf: (connections: Connections) => RequestListener,
  address: ListenOptions,
): Promise<Listener> {
  const { certificate } = address;
  const connections = new Connections();
  const server = serverOf(listenerOf(connections), address);
  server.on(certificate === undefined ? "connection" : "secureConnection", (socket: Socket) => {
    connections.opened(socket);
    // So that it is known still when the client has left.
    void socket.remoteAddress;
  });
  server.listen(address.port, address.host);
  try {
    await listening(server);
  } catch (error) {
    throw explained(error, address);
  }
  const { port } = server.address();
  return {
    url: `${certificate === undefined ? "http" : "https"}://${address.host.includes(":") ? `[${address.host}]` : address.host}:${port}`,
    close() {
      connections.close();
      return new Promise((resolve) => server.close(() => resolve()));
    },
    destroy() {
      server.closeAllConnections();
    },
    secure(changed) {
      server.setSecureContext?.(changed);
    },
  };
}

function serverOf(
  listener: RequestListener,
  { certificate, maxHeaderBytes = MOST_HEADER_BYTES }: ListenOptions,
): Server {
  const options = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: maxHeaderBytes,
  };
  if (certificate === undefined) return httpModule().createServer(options, listener);
  try {
    return httpsModule().createServer({ ...options, ...certificate }, listener);
  } catch (error) {
    throw new ListenError(`tls cannot be: ${(error as Error).message}`, "certificate", error);
  }
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("listening", resolve).once("error", reject);
  });
}

function explained(error: unknown, { host, port }: { host: string; port: number }): unknown {
  switch ((error as { code?: unknown }).code) {
    case "EADDRINUSE":
      return new ListenError(`port ${port} on ${host} is in use`, "port", error);
    case "EACCES":
      return new ListenError(
        `port ${port} on ${host} may not be opened by this user, unlike those above 1023`,
        "port",
        error,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new ListenError(`${host} is not an address of this machine`, "host", error);
    default:
      return error;
  }
}
