/** What is used of `node:http` and `node:net`: this folder is compiled without Node's own types, which a page or a Worker has not. */

interface Emitter {
  // biome-ignore lint/suspicious/noExplicitAny: an event's arguments are those of its name.
  on(event: string, listener: (...args: any[]) => void): this;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  once(event: string, listener: (...args: any[]) => void): this;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  off(event: string, listener: (...args: any[]) => void): this;
  removeAllListeners(event: string): this;
}

export interface Socket extends Emitter {
  /** Asked of the system once, and only while it is open. */
  readonly remoteAddress?: string | undefined;
  end(): void;
  destroy(): void;
  destroySoon(): void;
  setMaxListeners(most: number): this;
}

export interface IncomingMessage extends Emitter {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Names in small letters; what came several times is joined, but cookies that are set. */
  readonly headers: {
    readonly host?: string | undefined;
    readonly [name: string]: string | readonly string[] | undefined;
  };
  readonly complete: boolean;
  readonly socket: Socket;
  pause(): this;
  resume(): this;
}

export interface ServerResponse extends Emitter {
  readonly destroyed: boolean;
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  readonly writableFinished: boolean;
  readonly socket: Socket | null;
  shouldKeepAlive: boolean;
  writeHead(status: number, headers: Record<string, string> | readonly string[]): this;
  flushHeaders(): void;
  write(bytes: Uint8Array): boolean;
  end(bytes?: Uint8Array): void;
  destroy(): void;
  emit(event: "close"): boolean;
}

export interface Server extends Emitter {
  listen(port: number, host: string): void;
  address(): { readonly port: number };
  close(done: () => void): void;
  closeAllConnections(): void;
  /** Of one that listens by TLS. */
  setSecureContext?(certificate: { cert: string; key: string }): void;
}

export type RequestListener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

export interface HttpModule {
  createServer(
    options: { keepAliveTimeout: number; maxHeaderSize?: number; cert?: string; key?: string },
    listener: RequestListener,
  ): Server;
}

/** `node:http`, which Deno and Bun have too. Asked for at run time, since a bundler for a page would not find it. */
export function httpModule(): HttpModule {
  return builtIn("node:http");
}

/** The same by TLS. */
export function httpsModule(): HttpModule {
  return builtIn("node:https");
}

function builtIn(name: string): HttpModule {
  const { process, navigator } = globalThis as Host;
  // Workers have modules of these names, which open no port.
  const worker = navigator?.userAgent === "Cloudflare-Workers";
  const found = worker ? undefined : (process?.getBuiltinModule?.(name) as HttpModule | undefined);
  if (found === undefined) {
    throw new TypeError("nothing can listen here: it takes Node 20.16, Deno 2 or Bun 1.2, or later");
  }
  return found;
}

interface Host {
  readonly process?: { getBuiltinModule?(name: string): unknown };
  readonly navigator?: { readonly userAgent?: string };
}
