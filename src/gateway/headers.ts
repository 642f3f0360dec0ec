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
const SAID_BY_FETCH: ReadonlySet<string> = new Set(["content-length", "expect", "host"]);

const OWN_PREFIX = "x-warmroute-";

/** The client's headers as a replica gets them: the end-to-end ones, and none that claims to be ours. */
export function upstreamHeaders(received: Headers): Headers {
  const headers = endToEnd(received);
  for (const name of SAID_BY_FETCH) headers.delete(name);
  // `fetch` decodes what it gets: an encoded answer would cost time at both ends and hold back the pieces of a stream.
  headers.set("accept-encoding", "identity");
  return headers;
}

/** A replica's headers as the client gets them. `fetch` has decoded the body, so its encoding and length are void. */
export function clientHeaders(received: Headers): Headers {
  const headers = endToEnd(received);
  if (headers.has("content-encoding")) {
    headers.delete("content-encoding");
    headers.delete("content-length");
  }
  return headers;
}

function endToEnd(received: Headers): Headers {
  const headers = new Headers(received);
  const named = received.get("connection")?.toLowerCase().split(",") ?? [];
  for (const name of received.keys()) {
    if (HOP_BY_HOP.has(name) || name.startsWith(OWN_PREFIX)) headers.delete(name);
  }
  for (const name of named) {
    const trimmed = name.trim();
    if (/^[!#$%&'*+\-.^_`|~\da-z]+$/.test(trimmed)) headers.delete(trimmed);
  }
  return headers;
}
