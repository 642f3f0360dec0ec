import { type PieceSource, relay, replicaUrl, UsageTail } from "../protocol/index.js";
import { checkNumber } from "./checks.js";
import { NoReplicaError, QueueFullError, QueueTimeoutError } from "./errors.js";
import { type FetchCall, readCall } from "./fetch-call.js";
import type { Lease } from "./lease.js";
import type { RouteRequest } from "./request-key.js";
import type { RouteOptions, Router } from "./router.js";

/** How `createFetch` sends. */
export interface RouterFetchOptions {
  /** Sends a request to a replica. Default: the global `fetch`. */
  fetch?: typeof fetch;
  /** How many replicas a request is sent to at most, each once. Default: 3. */
  maxTries?: number;
  /** The longest wait for a place, in milliseconds, before each try. Default: the router's `queueTimeoutMs`. */
  timeoutMs?: number;
  /** What the router is told besides the body. Default: the header `x-session-id` is the `session`. */
  routeOptions?: (headers: Headers, body: RouteRequest) => Omit<RouteOptions, "signal" | "exclude">;
}

/**
 * A `fetch` that sends each request to the replica that the router chooses: for `new OpenAI({ fetch })` and any client that takes
 * one. Path and query are the request's, the rest of the address is the replica's `url`.
 *
 * A JSON body is read for its key. While every replica is full the request waits (`Router.acquire`). A replica that says that
 * it is full (429, 503), cannot be reached, or breaks off before the first byte is left for another one; if none is left, its answer
 * or error is the result. Answers pass as they come; what `usage` they end with is reported to the policy. The request's signal ends
 * wait, request and lease.
 */
export function createFetch(router: Router, options: RouterFetchOptions = {}): typeof fetch {
  const { maxTries = 3, timeoutMs, routeOptions = sessionOf } = options;
  const send = options.fetch ?? ((input, init) => fetch(input, init));
  if (typeof router?.acquire !== "function") throw new TypeError("router must be a Router");
  if (typeof send !== "function") throw new TypeError(`fetch must be a function, not ${typeof send}`);
  checkNumber("maxTries", maxTries, (n) => Number.isInteger(n) && n >= 1, "a whole number, 1 or more");
  checkNumber("timeoutMs", timeoutMs, (n) => n >= 0, "0 or more");

  return async (input, init) => {
    const call = await readCall(input, init);
    const { signal } = call;
    const told = { ...routeOptions(call.headers, call.body), ...(timeoutMs !== undefined && { timeoutMs }) };
    const tried = new Set<string>();
    let last: Attempt | null = null;
    while (tried.size < maxTries) {
      let lease: Lease;
      try {
        lease = await router.acquire(call.body, {
          ...told,
          exclude: tried,
          ...(signal !== undefined && { signal }),
          ...(last !== null && { retryOf: last.lease }),
        });
      } catch (error) {
        if (last === null || !isNoPlace(error)) throw error;
        break;
      }
      tried.add(lease.replica.id);
      void last?.response?.body?.cancel().catch(() => {});
      last = await attempt(lease, call, send);
      if (last.done) break;
    }
    if (last!.response === null) throw last!.error;
    return last!.response;
  };
}

/** What one try gave: an answer to hand over, or a reason to try another replica. */
interface Attempt {
  readonly lease: Lease;
  readonly done: boolean;
  readonly response: Response | null;
  readonly error: unknown;
}

async function attempt(lease: Lease, call: FetchCall, send: typeof fetch): Promise<Attempt> {
  const { url, id } = lease.replica;
  if (url === undefined) {
    lease.reject();
    throw new TypeError(`replica ${JSON.stringify(id)} needs a url to be reached at`);
  }
  try {
    const response = await send(replicaUrl(url, call.target), call.init());
    if (!response.ok) {
      lease.reject();
      const full = response.status === 503 || response.status === 429;
      return { lease, done: !full, response, error: null };
    }
    return { lease, done: true, response: await deliver(lease, response, call), error: null };
  } catch (error) {
    lease.reject();
    // An aborted request is over; everything else may go better elsewhere.
    return { lease, done: call.signal?.aborted ?? false, response: null, error };
  }
}

/** The answer, once its first byte is there; the lease ends with its last. */
async function deliver(lease: Lease, response: Response, call: FetchCall): Promise<Response> {
  const { status, statusText, headers, body } = response;
  if (body === null) {
    lease.accept();
    lease.release();
    return response;
  }
  const reader = body.getReader();
  let first: ReadableStreamReadResult<Uint8Array> | null = await reader.read();
  if (/^text\/event-stream\b/i.test(headers.get("content-type") ?? "")) lease.firstToken();
  else lease.accept();
  const source: PieceSource & { readonly call: FetchCall } = {
    call,
    read: async () => {
      const piece = first ?? (await reader.read());
      first = null;
      return piece;
    },
    cancel: (reason) => reader.cancel(reason),
  };
  const usage = new UsageTail();
  const relayed = relay(source, {
    onPiece: (piece) => {
      usage.push(piece);
      lease.touch();
    },
    onEnd: () => lease.release({ ...usage.read() }),
    onBreak: (error) => {
      lease.release({ ...usage.read(), error });
      return null;
    },
    onCancel: () => lease.release({ error: new Error("the reader of the answer left") }),
  });
  const answer = new Response(relayed, { status, statusText, headers });
  Object.defineProperty(answer, "url", { value: response.url });
  return answer;
}

function sessionOf(headers: Headers): { session?: string } {
  const session = headers.get("x-session-id");
  return session === null ? {} : { session };
}

function isNoPlace(error: unknown): boolean {
  return error instanceof NoReplicaError || error instanceof QueueFullError || error instanceof QueueTimeoutError;
}
