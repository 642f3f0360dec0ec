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

export async function readCall(input: string | URL | Request, init?: RequestInit | null): Promise<FetchCall> {
  const given = init ?? {};
  const request = input instanceof Request ? input : null;
  const url = new URL(request === null ? String(input as string | URL) : request.url, "http://replica");
  const headers = new Headers(given.headers ?? request?.headers);
  const method = given.method ?? request?.method ?? "GET";
  // Null: none, though the Request has one.
  const signal = (given.signal === undefined ? request?.signal : given.signal) ?? undefined;
  const content = await resendable(given.body ?? request?.body ?? null);
  // `fetch` says them itself, of the replica's address.
  for (const name of ["host", "content-length"]) headers.delete(name);
  const settings = settingsOf(request, given);
  return {
    target: url.pathname + url.search,
    headers,
    body: parsed(await readable(content, headers)),
    signal,
    request,
    init: () => ({ ...settings, method, headers, body: content, ...(signal !== undefined && { signal }) }),
  };
}

/** What a Request says besides its address, method, headers, body and signal. (`cf`: of Cloudflare's.) */
const SETTINGS = [
  "cache",
  "credentials",
  "integrity",
  "keepalive",
  "mode",
  "redirect",
  "referrer",
  "referrerPolicy",
  "cf",
] as const;

/** Those of the Request, but for what `init` says; a runtime may have only some of them. */
function settingsOf(request: Request | null, init: RequestInit): RequestInit {
  const { signal: _, ...settings } = init as Record<string, unknown>;
  for (const name of SETTINGS) {
    const value = settings[name] ?? (request as Record<string, unknown> | null)?.[name];
    if (value !== undefined) settings[name] = value;
  }
  return settings as RequestInit;
}

type Content = Exclude<BodyInit, ReadableStream>;

/** A stream can be sent only once: its bytes are read. So can what Node and others take besides, an async iterable. */
async function resendable(body: BodyInit | null): Promise<Content | null> {
  if (body instanceof ReadableStream) return new Uint8Array(await new Response(body).arrayBuffer());
  if (typeof body !== "object" || body === null || !(Symbol.asyncIterator in body)) return body;
  const pieces: BlobPart[] = [];
  for await (const piece of body as AsyncIterable<BlobPart>) pieces.push(piece);
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** What may be JSON. A Blob that says that it is something else, a recording for example, is not read for it. */
async function readable(content: Content | null, headers: Headers): Promise<string | BufferSource | null> {
  if (!(content instanceof Blob)) return content as string | BufferSource | null;
  const type = headers.get("content-type") ?? content.type;
  return type === "" || /json|text/i.test(type) ? content.arrayBuffer() : null;
}

function parsed(content: string | BufferSource | null): RouteRequest {
  if (content === null) return {};
  try {
    // A byte order mark in front is not of the JSON; the decoder leaves it out.
    const text =
      typeof content === "string"
        ? content.replace(/^\ufeff/, "")
        : new TextDecoder("utf-8", { fatal: true }).decode(content);
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? (body as RouteRequest) : {};
  } catch {
    return {};
  }
}
