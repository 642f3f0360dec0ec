import { type PieceSource, relay, replicaUrl, streamOf, UsageTail } from "../protocol/index.js";
import { checkFields, checkFunction, checkNumber } from "./checks.js";
import { NoReplicaError, QueueFullError, QueueTimeoutError } from "./errors.js";
import { type FetchCall, readCall } from "./fetch-call.js";
import type { Lease, LeaseReport } from "./lease.js";
import type { RouteRequest } from "./request-key.js";
import type { RouteOptions, Router } from "./router.js";
import { shown } from "./shown.js";

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
  checkFetch(router, options);
  const { maxTries = 3, timeoutMs, routeOptions = sessionOf } = options;
  // Looked up when it is called: it may be replaced, by a test for example.
  const send: typeof fetch = options.fetch ?? ((input, init) => fetch(input, init));

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

function checkFetch(router: Router, options: RouterFetchOptions): void {
  if (typeof router?.acquire !== "function") throw new TypeError(`router must be a Router, not ${shown(router)}`);
  checkFields("options", options, FETCH_OPTIONS);
  for (const name of ["fetch", "routeOptions"] as const) {
    if (options[name] !== undefined) checkFunction(name, options[name]);
  }
  const { maxTries, timeoutMs } = options;
  checkNumber("maxTries", maxTries, (n) => Number.isInteger(n) && n >= 1, "a whole number, 1 or more");
  checkNumber("timeoutMs", timeoutMs, (n) => n >= 0, "0 or more");
}

const FETCH_OPTIONS = ["fetch", "maxTries", "timeoutMs", "routeOptions"];

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
  let answer: Answer;
  try {
    answer = await begun(await send(replicaUrl(url, call.target), call.init()));
  } catch (error) {
    lease.reject();
    // An aborted request is over; everything else may go better elsewhere.
    return { lease, done: call.signal?.aborted ?? false, response: null, error };
  }
  const { response } = answer;
  if (!response.ok) {
    lease.reject();
    const full = response.status === 503 || response.status === 429;
    return { lease, done: !full, response, error: null };
  }
  try {
    return { lease, done: true, response: deliver(lease, answer, call), error: null };
  } catch (error) {
    // Of a policy of the user's own: no other replica would help, and the place must not stay taken.
    endAfter(error, lease);
    void answer.reader?.cancel(error).catch(() => {});
    throw error;
  }
}

/** An answer whose first byte is there, if it is one to deliver and has any. */
interface Answer {
  readonly response: Response;
  readonly reader: ReadableStreamDefaultReader<Uint8Array> | null;
  readonly first: ReadableStreamReadResult<Uint8Array> | null;
}

async function begun(response: Response): Promise<Answer> {
  if (!response.ok || response.body === null) return { response, reader: null, first: null };
  const reader = response.body.getReader();
  return { response, reader, first: await reader.read() };
}

/** The answer for the caller; the lease ends with its last byte. */
function deliver(lease: Lease, { response, reader, first }: Answer, call: FetchCall): Response {
  const { status, statusText, headers } = response;
  if (reader === null) {
    lease.accept();
    lease.release();
    return response;
  }
  if (/^text\/event-stream\b/i.test(headers.get("content-type") ?? "")) lease.firstToken();
  else lease.accept();
  let next = first;
  const source: PieceSource & { readonly call: FetchCall } = {
    call,
    read: async () => {
      const piece = next ?? (await reader.read());
      next = null;
      return piece;
    },
    cancel: (reason) => reader.cancel(reason),
  };
  const orEnd = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      endAfter(error, lease);
      void reader.cancel(error).catch(() => {});
      throw error;
    }
  };
  const usage = new UsageTail();
  const relayed = relay(source, {
    onPiece: (piece) => {
      usage.push(piece);
      orEnd(() => lease.touch());
    },
    onEnd: () => lease.release({ ...usage.read() }),
    onBreak: (error) => {
      endAfter(error, lease, { ...usage.read() });
      return null;
    },
    onCancel: () => orEnd(() => lease.release({ error: new Error("the reader of the answer left") })),
  });
  const answer = new Response(streamOf(relayed), { status, statusText, headers });
  Object.defineProperty(answer, "url", { value: response.url });
  return answer;
}

/** Releases a lease after an error, which is the one to be told. */
function endAfter(error: unknown, lease: Lease, report: LeaseReport = {}): void {
  try {
    if (lease.live) lease.release({ ...report, error });
  } catch (another) {
    console.error(another);
  }
}

function sessionOf(headers: Headers): { session?: string } {
  const session = headers.get("x-session-id");
  return session === null ? {} : { session };
}

function isNoPlace(error: unknown): boolean {
  return error instanceof NoReplicaError || error instanceof QueueFullError || error instanceof QueueTimeoutError;
}
