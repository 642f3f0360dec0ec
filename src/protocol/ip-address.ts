/** Addresses as one number of 128 bits: IPv4 ones as IPv6 maps them (`::ffff:a.b.c.d`), so that both spellings are one. */
const MAPPED = 0xffffn << 32n;

/** An address, or a network of them (CIDR): `10.0.0.0/8`, `::1`. */
interface Network {
  readonly from: bigint;
  /** How many of the lowest bits may be any. */
  readonly free: bigint;
}

/** Networks, to ask whether an address is in one. */
export class Networks {
  readonly #networks: readonly Network[];

  /** @param networks each as `isNetwork` accepts it; others are left out. */
  constructor(networks: readonly string[]) {
    this.#networks = networks.map(parseNetwork).filter((network) => network !== null);
  }

  /**
   * Where a request came from: the peer, or where that is in one of these networks the last of the hops that is not; where all are, the
   * first of them. Only proxies that are trusted have a word in it.
   * @param forwarded `X-Forwarded-For`: each proxy adds at the end whom it heard from.
   */
  clientOf(peer: string, forwarded: string | null): string {
    let client = parseAddress(peer);
    if (client === null || !this.#have(client)) return shortAddress(peer);
    for (const hop of (forwarded ?? "").split(",").reverse()) {
      const address = parseAddress(withoutPort(hop.trim()));
      if (address === null) break;
      client = address;
      if (!this.#have(address)) break;
    }
    return addressText(client);
  }

  #have(address: bigint): boolean {
    return this.#networks.some(({ from, free }) => address >> free === from >> free);
  }
}

/** Whether it is an address of IPv4 or IPv6, or one with the length of a prefix behind a slash. */
export function isNetwork(text: unknown): boolean {
  return typeof text === "string" && parseNetwork(text) !== null;
}

/** A peer's address without what a socket of both versions puts before one of IPv4. */
export function shortAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

function parseNetwork(text: string): Network | null {
  const [, address = "", length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const from = parseAddress(address);
  const bits = address.includes(":") ? 128 : 32;
  if (from === null || Number(length ?? 0) > bits) return null;
  return { from, free: BigInt(length === undefined ? 0 : bits - Number(length)) };
}

function parseAddress(text: string): bigint | null {
  if (text.includes(":")) return parseSix(text.replace(/%.*$/, ""));
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1);
  // Some read a leading zero as octal.
  if (parts === undefined || parts.some((part) => Number(part) > 255 || /^0./.test(part))) return null;
  return MAPPED | parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function parseSix(text: string): bigint | null {
  if (!/^[\da-f:.]+$/i.test(text) || !URL.canParse(`http://[${text}]`)) return null;
  const [head = "", tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split("::");
  const before = groupsOf(head);
  const after = groupsOf(tail ?? "");
  const groups = [...before, ...new Array<string>(8 - before.length - after.length).fill("0"), ...after];
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

function groupsOf(text: string): string[] {
  return text === "" ? [] : text.split(":");
}

function addressText(bits: bigint): string {
  const part = (size: number, at: number) => (bits >> BigInt(size * at)) & ((1n << BigInt(size)) - 1n);
  if (bits >> 32n === 0xffffn) return [3, 2, 1, 0].map((at) => part(8, at)).join(".");
  const groups = [7, 6, 5, 4, 3, 2, 1, 0].map((at) => part(16, at).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

/** `1.2.3.4:56` and `[::1]:56`, as some proxies write it. */
function withoutPort(hop: string): string {
  return /^\[(.*)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
}
