import type { HeaderFields } from "../protocol/index.js";

export const REQUEST_ID = "x-request-id";

/** What a client may name its request: one word that a log can show as it is. */
const ACCEPTED = /^[\x21-\x7e]{1,128}$/;

/** The client's own, or a new one: a random UUID. */
export function requestIdOf(headers: HeaderFields): string {
  const given = headers.get(REQUEST_ID);
  return given !== null && ACCEPTED.test(given) ? given : crypto.randomUUID();
}
