import { type HeaderFields, HeaderList } from "../protocol/index.js";

/** What belongs to one connection and is never passed on (RFC 9110 §7.6.1), beside what `Connection` names. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** `fetch` says these itself, and refuses `expect`. */
const SAID_BY_FETCH: readonly string[] = ["content-length", "expect", "host"];

/** What is never passed on, by whether credentials are. */
const NOT_UPSTREAM: Readonly<Record<"with" | "without", ReadonlySet<string>>> = {
  with: new Set([...HOP_BY_HOP, ...SAID_BY_FETCH]),
  without: new Set([...HOP_BY_HOP, ...SAID_BY_FETCH, "authorization", "x-api-key", "api-key", "cookie"]),
};

const OWN_PREFIX = "x-warmroute-";

/** Codings that `fetch` decodes (WHATWG Fetch, and what runtimes have added). */
const DECODED: ReadonlySet<string> = new Set(["gzip", "x-gzip", "deflate", "br"]);

/**
 * The client's headers as a replica gets them: the end-to-end ones, none that claims to be ours, no credentials unless they are to be
 * passed on, and the replica's own.
 */
export function upstreamHeaders(
  received: HeaderFields,
  own: Readonly<Record<string, string>> | undefined,
  credentials: boolean,
): HeaderList {
  const headers = without(received, NOT_UPSTREAM[credentials ? "with" : "without"]);
  // `fetch` decodes what it gets: an encoded answer would cost time at both ends and hold back the pieces of a stream.
  headers.set("accept-encoding", "identity");
  for (const name in own) headers.set(name.toLowerCase(), own[name]!);
  return headers;
}

/**
 * A replica's headers as the client gets them.
 * @param decoded whether the transport has decoded the body where it can, as `fetch` does: then its encoding and length are void.
 */
export function clientHeaders(received: HeaderFields, decoded: boolean): HeaderList {
  const headers = without(received, HOP_BY_HOP);
  const codings = (decoded ? received.get("content-encoding") : null)?.toLowerCase().split(",") ?? [];
  if (codings.length > 0 && codings.every((coding) => DECODED.has(coding.trim()))) {
    headers.delete("content-encoding");
    headers.delete("content-length");
  }
  return headers;
}

/** Bytes of all names and values, which are Latin-1. */
export function headerBytes(headers: HeaderFields): number {
  let bytes = 0;
  for (const [name, value] of headers) bytes += name.length + value.length;
  return bytes;
}

/** As a header can carry it: what it cannot is percent-encoded. */
export function headerText(text: string): string {
  return /^[\x21-\x7e]+$/.test(text) ? text : encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, "\ufffd"));
}

/** Seconds of a `Retry-After`, which may be a date; null for none, and for what is none. */
export function retryAfterS(headers: HeaderFields, nowMs: number): number | null {
  const value = headers.get("retry-after");
  if (value === null) return null;
  if (/^\d+$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, (at - nowMs) / 1000);
}

/** All but those of these names, those that `Connection` names, and those that claim to be ours. */
function without(received: HeaderFields, names: ReadonlySet<string>): HeaderList {
  const connection = received.get("connection")?.toLowerCase();
  // As nearly all say, and it names nothing that is not left out anyway.
  const named =
    connection === "keep-alive" || connection === "close"
      ? undefined
      : connection?.split(",").map((name) => name.trim());
  const kept: [string, string][] = [];
  for (const field of received) {
    const name = field[0];
    if (names.has(name) || name.startsWith(OWN_PREFIX) || named?.includes(name)) continue;
    kept.push(field);
  }
  return new HeaderList(kept);
}
