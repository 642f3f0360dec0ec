import { type HeaderFields, RequestError, sha256 } from "../protocol/index.js";
import type { Exchange } from "./exchange.js";
import type { KeyOptions } from "./options.js";
import { RateLimit } from "./rate-limit.js";
import type { Settings } from "./settings.js";

/** A key that a request has come with, and what it has under way. */
export class Key {
  readonly name: string;
  readonly trusted: boolean;
  /** What the router is told as `apiKey`; undefined where its texts are shared. */
  readonly namespace: string | undefined;
  readonly #maxConcurrent: number;
  readonly #rate: RateLimit | null;
  /** Requests under way, as the exchanges themselves. */
  readonly #open = new Set<Exchange>();
  readonly #options: string;

  constructor(options: KeyOptions, nowS: number) {
    const { name, sha256, namespace, trusted, maxConcurrent, requestsPerMinute } = options;
    this.#options = JSON.stringify(options);
    this.name = name;
    this.trusted = trusted === true;
    this.namespace = namespace === true ? sha256.toLowerCase() : undefined;
    this.#maxConcurrent = maxConcurrent ?? Number.POSITIVE_INFINITY;
    this.#rate = requestsPerMinute === undefined ? null : new RateLimit(requestsPerMinute, nowS);
  }

  /** Whether it was made of the same options. */
  isOf(options: KeyOptions): boolean {
    return this.#options === JSON.stringify(options);
  }

  /**
   * A request begins; `leave` ends it.
   * @throws RequestError 429 for one too many, which does not count.
   */
  enter(nowS: number, exchange: Exchange): void {
    exchange.key = this;
    if (this.#open.size >= this.#maxConcurrent) {
      throw tooMany(`${this.#open.size} requests are under way, as many as this key may have at a time`, 1);
    }
    const waitS = this.#rate?.take(nowS) ?? 0;
    if (waitS > 0) throw tooMany("this key has had its requests of the minute", waitS);
    this.#open.add(exchange);
  }

  leave(exchange: Exchange): void {
    this.#open.delete(exchange);
  }
}

/** Tells keys apart. Only hashes are kept, and how long a comparison takes tells nothing of them. */
export class KeyRing {
  readonly #keys: readonly { readonly hash: Uint8Array; readonly key: Key }[] | null;
  readonly #admin: Uint8Array | null;

  /** @param before one whose keys keep their counts where their options stay. */
  constructor({ keys, adminTokenSha256, clock }: Settings, before: KeyRing | null) {
    const nowS = clock();
    const known = before === null ? null : before.#keys;
    const keyOf = (options: KeyOptions): Key =>
      known?.find(({ key }) => key.isOf(options))?.key ?? new Key(options, nowS);
    this.#keys = keys?.map((options) => ({ hash: bytesOf(options.sha256), key: keyOf(options) })) ?? null;
    this.#admin = adminTokenSha256 === null ? null : bytesOf(adminTokenSha256);
  }

  /** Whether anybody may come in. */
  get open(): boolean {
    return this.#keys === null;
  }

  get hasAdmin(): boolean {
    return this.#admin !== null;
  }

  /**
   * The key of a request: `authorization: Bearer …`, or Anthropic's `x-api-key`. Null where anybody may come in.
   * @throws RequestError 401 for none, and for an unknown one.
   */
  async keyOf(headers: HeaderFields): Promise<Key | null> {
    if (this.#keys === null) return null;
    const secret = bearer(headers) ?? headers.get("x-api-key");
    if (secret === null) throw unauthorized("A key is needed: `authorization: Bearer <key>`.", "missing_api_key");
    const given = await sha256(secret);
    let found: Key | null = null;
    // Every one is compared, so that it takes as long whichever it is.
    for (const { hash, key } of this.#keys) if (equal(hash, given)) found = key;
    if (found === null) throw unauthorized("The key is not known.", "invalid_api_key");
    return found;
  }

  /** The key of that name; undefined for none. */
  named(name: string): Key | undefined {
    return this.#keys?.find(({ key }) => key.name === name)?.key;
  }

  /** Whether the request has the admin token. */
  async isAdmin(headers: HeaderFields): Promise<boolean> {
    const secret = bearer(headers);
    return this.#admin !== null && secret !== null && equal(this.#admin, await sha256(secret));
  }
}

export function unauthorized(message: string, code: string): RequestError {
  return new RequestError(401, message, {
    type: "authentication_error",
    code,
    headers: { "www-authenticate": "Bearer" },
  });
}

function tooMany(message: string, waitS: number): RequestError {
  const headers = { "retry-after": String(Math.max(1, Math.ceil(waitS))) };
  return new RequestError(429, `Too many requests: ${message}.`, {
    type: "rate_limit_error",
    code: "rate_limit_exceeded",
    headers,
  });
}

function bearer(headers: HeaderFields): string | null {
  return /^bearer +(.+)$/i.exec(headers.get("authorization")?.trim() ?? "")?.[1] ?? null;
}

/** Of hashes, which are equally long. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  let different = 0;
  for (let i = 0; i < a.length; i++) different |= a[i]! ^ b[i]!;
  return different === 0;
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}
