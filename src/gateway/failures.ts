/** Why a replica gave no answer. Never an address: clients are told. */
export const FAILURES = {
  refused: "the connection was refused",
  dns: "its name could not be resolved",
  no_route: "there is no route to it",
  connect_timeout: "no connection came about in time",
  tls: "no trust could be established (TLS)",
  first_byte_timeout: "the first byte did not come in time",
  reset: "the connection broke before the first byte",
  stalled: "the answer stopped for too long",
  broke: "the answer broke off",
  bad_answer: "what it answered is no HTTP that can be passed on",
  other: "the request could not be sent",
} as const;

/** One of `FAILURES`. */
export type Failure = keyof typeof FAILURES;

/** Whether the replica's process is gone, and with it its cache. */
export function saysDead(failure: Failure): boolean {
  return failure === "refused";
}

/** What runtimes say, in codes (Node, Bun) or words (Deno, workerd). */
const SIGNS: readonly (readonly [Failure, RegExp])[] = [
  ["refused", /ECONNREFUSED|ConnectionRefused|connection refused|FailedToOpenSocket|Unable to connect/i],
  ["dns", /ENOTFOUND|EAI_|DNSException|dns error|failed to lookup address|getaddrinfo/i],
  ["no_route", /EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|No route to host|Network is unreachable/i],
  ["connect_timeout", /UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT|ConnectTimeout|connection timed out/i],
  ["tls", /CERT|ERR_TLS|ERR_SSL|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|EPROTO|certificate|\bTLS\b|SSL/i],
  ["first_byte_timeout", /UND_ERR_HEADERS_TIMEOUT|UND_ERR_BODY_TIMEOUT/],
  [
    "reset",
    /ECONNRESET|EPIPE|UND_ERR_SOCKET|ConnectionClosed|other side closed|connection (was )?(reset|closed|error)/i,
  ],
  ["bad_answer", /HPE_|UND_ERR_RES|UND_ERR_HEADERS_OVERFLOW|Parse Error|HTTPParserError/i],
];

/** Reads what a `fetch` threw; the cause says more than the error itself. */
export function failureOf(error: unknown): Failure {
  for (let each = error, depth = 0; typeof each === "object" && each !== null && depth < 4; depth++) {
    const { code, name, message, cause, errors } = each as {
      code?: unknown;
      name?: unknown;
      message?: unknown;
      cause?: unknown;
      errors?: unknown;
    };
    for (const said of [code, name, message]) {
      if (typeof said !== "string") continue;
      const found = SIGNS.find(([, sign]) => sign.test(said));
      if (found !== undefined) return found[0];
    }
    each = cause ?? (Array.isArray(errors) ? errors[0] : undefined);
  }
  return "other";
}
