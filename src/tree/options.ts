import { PAGE } from "./core.js";

/** 256 MiB: about 200 million characters of ASCII. */
export const DEFAULT_MAX_BYTES = 268_435_456;
const OPTIONS = ["maxBytes", "maxChars", "ttlSecs", "onEvict"];
const LEAST_BYTES = PAGE;
/** 4 GiB less a region of the core's, so that no address passes 2^32. */
export const MOST_BYTES: number = 65520 * PAGE;

/** The tree's bounds, and who hears when they are met. */
export interface PrefixTreeOptions {
  /**
   * The most bytes that the tree's memory may ever have, from 65,536 to 4,293,918,720, in steps of 65,536 (rounded down).
   * Default: 268,435,456. An insert that finds no room first evicts what was inserted longest ago (see `onEvict`); a text
   * that does not fit even so enters with its longest prefix that does, but for a few per cent where free memory lies scattered.
   */
  maxBytes?: number;
  /** The most characters that all tenants together may own, enforced in the same way. Default: no bound. */
  maxChars?: number;
  /**
   * For how long a tenant owns what it has not touched again, in seconds above 0. Every call that has a time first removes what has
   * expired by then, and its time counts as the latest that any call has given: in such a tree time does not run backwards.
   * Default: nothing expires.
   */
  ttlSecs?: number;
  /**
   * Called at the end of a call for each eviction that it needed, in order. The unit is what one earlier insert call has touched
   * and no later one, the oldest call of all tenants first; never the path of the insert itself.
   */
  onEvict?: (eviction: Eviction) => void;
}

/** What one tenant lost to a bound or to time. */
export interface Eviction {
  tenant: string;
  /** Characters that the tenant lost. */
  chars: number;
  /** `"pressure"`: there was no room. `"expiry"`: older than `ttlSecs`. */
  reason: "pressure" | "expiry";
}

/** The options with their defaults, checked. */
export function readOptions(options: PrefixTreeOptions): {
  pages: number;
  maxChars: number;
  ttlSecs: number | undefined;
} {
  if (typeof options !== "object" || options === null)
    throw new TypeError(`options must be an object, not ${shown(options)}`);
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name)) {
      throw new TypeError(`unknown option ${shown(name)}; there are ${OPTIONS.join(", ")}`);
    }
  }
  const { maxBytes = DEFAULT_MAX_BYTES, maxChars = Number.MAX_SAFE_INTEGER, ttlSecs, onEvict } = options;
  if (typeof maxBytes !== "number") throw new TypeError(`maxBytes must be a number of bytes, not ${shown(maxBytes)}`);
  if (!(maxBytes >= LEAST_BYTES && maxBytes <= MOST_BYTES)) {
    throw new RangeError(`maxBytes must be from ${LEAST_BYTES} to ${MOST_BYTES}, not ${maxBytes}`);
  }
  checkCount("maxChars", maxChars);
  if (ttlSecs !== undefined) {
    if (typeof ttlSecs !== "number") throw new TypeError(`ttlSecs must be a number of seconds, not ${shown(ttlSecs)}`);
    if (!(ttlSecs > 0)) throw new RangeError(`ttlSecs must be above 0, not ${ttlSecs}`);
  }
  if (onEvict !== undefined && typeof onEvict !== "function") {
    throw new TypeError(`onEvict must be a function, not ${shown(onEvict)}`);
  }
  return { pages: Math.floor(maxBytes / PAGE), maxChars, ttlSecs };
}

/** What a sweep does to each tenant. Both are characters a tenant. */
export interface SweepOptions {
  /** A tenant with more characters than this is evicted from. */
  evictionThreshold: number;
  /** Down to this many characters or fewer: whole runs go (see `evictTenantByLru`). */
  evictionTarget: number;
}

/** A sweep, and how often. */
export interface EvictionLoopOptions extends SweepOptions {
  /** Seconds between two sweeps, and before the first. */
  intervalSecs: number;
  /** Called with what a sweep threw; the loop goes on. Default: `console.error`. */
  onError?: (error: unknown) => void;
}

export function checkBytes(bytes: unknown): asserts bytes is Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`bytes must be a Uint8Array, not ${shown(bytes)}`);
}

export function checkText(text: unknown): asserts text is string {
  if (typeof text !== "string") throw new TypeError(`text must be a string, not ${shown(text)}`);
}

export function checkTenant(tenant: unknown): asserts tenant is string {
  if (typeof tenant !== "string") throw new TypeError(`tenant must be a string, not ${shown(tenant)}`);
}

/** The names as an array of its own, all of them checked. */
export function readNames(names: Iterable<string>): string[] {
  if (typeof names === "string" || typeof names?.[Symbol.iterator] !== "function") {
    throw new TypeError(`tenants must be an iterable of strings, not ${shown(names)}`);
  }
  const list = [...names];
  for (const name of list) checkTenant(name);
  return list;
}

export function checkTime(timeS: unknown): asserts timeS is number {
  if (!Number.isFinite(timeS)) throw noTime(timeS);
}

function noTime(timeS: unknown): Error {
  if (typeof timeS !== "number") return new TypeError(`timeS must be a number of seconds, not ${shown(timeS)}`);
  return new RangeError(`timeS must be a finite number of seconds, not ${timeS}`);
}

/** Checks a count of characters. */
export function checkCount(name: string, count: unknown): asserts count is number {
  if (typeof count !== "number")
    throw new TypeError(`${name} must be a whole number of characters, not ${shown(count)}`);
  if (!Number.isInteger(count) || count < 0) {
    throw new RangeError(`${name} must be a whole number of characters, 0 or more, not ${count}`);
  }
}

export function checkSweep(options: SweepOptions): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`options must be { evictionThreshold, evictionTarget }, not ${shown(options)}`);
  }
  checkCount("evictionThreshold", options.evictionThreshold);
  checkCount("evictionTarget", options.evictionTarget);
}

/** The longest delay of a timer, 2^31 - 1 ms, in seconds. */
const LONGEST_INTERVAL_S = 2147483.647;

export function checkLoop(options: EvictionLoopOptions): void {
  checkSweep(options);
  const { intervalSecs, onError } = options;
  if (typeof intervalSecs !== "number") {
    throw new TypeError(`intervalSecs must be a number of seconds, not ${shown(intervalSecs)}`);
  }
  if (!(intervalSecs > 0 && intervalSecs <= LONGEST_INTERVAL_S)) {
    throw new RangeError(`intervalSecs must be above 0 and at most ${LONGEST_INTERVAL_S}, not ${intervalSecs}`);
  }
  if (onError !== undefined && typeof onError !== "function") {
    throw new TypeError(`onError must be a function, not ${shown(onError)}`);
  }
}

/** A value as an error message shows it: short, and never throwing. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (value === null || value === undefined || typeof value === "number" || typeof value === "boolean")
    return String(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
