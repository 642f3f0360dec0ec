import { InvalidArgumentError } from "./commander.js";

export function port(value: string): number {
  return wholeNumber(value, 0, 65535);
}

export function positiveInteger(value: string): number {
  return wholeNumber(value, 1, Number.MAX_SAFE_INTEGER);
}

export function nonNegativeInteger(value: string): number {
  return wholeNumber(value, 0, Number.MAX_SAFE_INTEGER);
}

/** A number from 0 up; `Infinity` is one. */
export function nonNegativeNumber(value: string): number {
  const number = toNumber(value);
  if (!(number >= 0)) throw new InvalidArgumentError("It must be a number, 0 or more.");
  return number;
}

export function positiveNumber(value: string): number {
  const number = toNumber(value);
  if (!(number > 0 && number < Infinity)) throw new InvalidArgumentError("It must be a number above 0.");
  return number;
}

/** A number from 0 to 1. */
export function share(value: string): number {
  const number = toNumber(value);
  if (!(number >= 0 && number <= 1)) throw new InvalidArgumentError("It must be a number from 0 to 1.");
  return number;
}

/** Names by commas. */
export function names(value: string): string[] {
  const list = value.split(",").map((name) => name.trim());
  if (list.includes("")) throw new InvalidArgumentError("They must be names, with commas between them.");
  return list;
}

export interface ReplicaAddress {
  readonly id: string;
  readonly url: string;
}

/** Reads `url` or `id=url`, or several by commas, and adds them to those before; without an id it is host and port of the url. */
export function replica(value: string, before: readonly ReplicaAddress[] = []): ReplicaAddress[] {
  return [...before, ...value.split(",").map(oneReplica)];
}

function oneReplica(value: string): ReplicaAddress {
  const [, id, address] = /^(?:([^=:/]+)=)?(.*)$/s.exec(value)!;
  if (!URL.canParse(address!) || !/^https?:\/\//i.test(address!)) {
    throw new InvalidArgumentError("It must be an http or https address, or id=address.");
  }
  const url = new URL(address!);
  if (url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
    throw new InvalidArgumentError("The address must have no credentials, query or fragment.");
  }
  const path = url.pathname.replace(/\/+$/, "");
  if (path.endsWith("/v1")) throw new InvalidArgumentError("Give the address without /v1: paths are appended to it.");
  return { id: id ?? url.host, url: url.origin + path };
}

function wholeNumber(value: string, least: number, most: number): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `from ${least} to ${most}`;
  throw new InvalidArgumentError(`It must be a whole number, ${range}.`);
}

/** As `Number`, but what is blank is no number. */
function toNumber(value: string): number {
  return value.trim() === "" ? Number.NaN : Number(value);
}
