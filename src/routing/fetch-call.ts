import type { RouteRequest } from "./request-key.js";

/** A call of `fetch`, in a form that can be sent more than once. */
export interface FetchCall {
  /** Path and query. */
  readonly target: string;
  readonly headers: Headers;
  /** What a JSON body says; empty for any other. */
  readonly body: RouteRequest;
  readonly signal: AbortSignal | undefined;
  /** To be held as long as the signal counts: in Node the signal of a collected Request never fires. */
  readonly request: Request | null;
  /** For the next send. */
  init(): RequestInit;
}

export async function readCall(input: string | URL | Request, init: RequestInit = {}): Promise<FetchCall> {
  const request = input instanceof Request ? input : null;
  const url = new URL(request === null ? String(input as string | URL) : request.url, "http://replica");
  const headers = new Headers(init.headers ?? request?.headers);
  const method = init.method ?? request?.method ?? "GET";
  const signal = init.signal ?? request?.signal ?? undefined;
  const content = await resendable(init.body ?? request?.body ?? null);
  // `fetch` says them itself, of the replica's address.
  for (const name of ["host", "content-length"]) headers.delete(name);
  return {
    target: url.pathname + url.search,
    headers,
    body: parsed(content),
    signal,
    request,
    init: () => ({ ...init, method, headers, body: content, ...(signal !== undefined && { signal }) }),
  };
}

type Content = Exclude<BodyInit, ReadableStream>;

/** A stream can be sent only once: its bytes are read. */
async function resendable(body: BodyInit | null): Promise<Content | null> {
  return body instanceof ReadableStream ? new Uint8Array(await new Response(body).arrayBuffer()) : body;
}

function parsed(content: Content | null): RouteRequest {
  try {
    const text =
      typeof content === "string" ? content : new TextDecoder("utf-8", { fatal: true }).decode(content as Uint8Array);
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? (body as RouteRequest) : {};
  } catch {
    return {};
  }
}
