import { LRUCache } from "lru-cache";
import type { Peer, PeerTree } from "./peer.js";

/** Characters of a block: about the 16 tokens of an engine's. */
const BLOCK_CHARACTERS = 64;
/** Of a tenant; more than 40,000 texts have. */
const MOST_BLOCKS = 2 ** 20;

/**
 * A text as a chain of hashes, each of a block and of what comes before it; an LRU of hashes a tenant, and who has which.
 * Finds whole blocks only, and two texts with one hash would be one.
 */
export const blockHashes: Peer = {
  about: "hashes of blocks of 64 characters in npm's lru-cache; evicts block by block",
  exact: false,
  create: (tenants) => new BlockHashes(tenants),
};

class BlockHashes implements PeerTree {
  readonly #blocks: Map<string, LRUCache<number, true>>;
  readonly #owners = new Map<number, Set<string>>();

  constructor(tenants: readonly string[]) {
    this.#blocks = new Map(
      tenants.map((tenant) => {
        const dispose = (_: true, hash: number) => this.#disown(hash, tenant);
        return [
          tenant,
          new LRUCache({ maxSize: MOST_BLOCKS, sizeCalculation: () => 1, dispose, noDisposeOnSet: true }),
        ];
      }),
    );
  }

  insert(text: string, tenant: string): void {
    const blocks = this.#blocks.get(tenant)!;
    const hashes = chainOf(text);
    // The last block first: what is evicted then is the end of a chain, never its beginning.
    for (let i = hashes.length - 1; i >= 0; i--) {
      const hash = hashes[i]!;
      blocks.set(hash, true);
      const owners = this.#owners.get(hash);
      if (owners === undefined) this.#owners.set(hash, new Set([tenant]));
      else owners.add(tenant);
    }
  }

  prefixMatch(text: string): number {
    const hashes = chainOf(text);
    let matched = 0;
    while (matched < hashes.length && this.#owners.has(hashes[matched]!)) matched++;
    return matched * BLOCK_CHARACTERS;
  }

  prefixMatchAmong(text: string, tenants: readonly string[]): readonly string[] {
    let found = tenants;
    for (const hash of chainOf(text)) {
      const owners = this.#owners.get(hash);
      const still = owners === undefined ? [] : found.filter((tenant) => owners.has(tenant));
      if (still.length === 0) break;
      found = still;
    }
    return found;
  }

  evictTenantByLru(tenant: string, leastCharacters: number): number {
    const blocks = this.#blocks.get(tenant)!;
    let removed = 0;
    while (removed < leastCharacters && blocks.pop() !== undefined) removed += BLOCK_CHARACTERS;
    return removed;
  }

  clear(): void {
    for (const blocks of this.#blocks.values()) blocks.clear();
  }

  #disown(hash: number, tenant: string): void {
    const owners = this.#owners.get(hash)!;
    owners.delete(tenant);
    if (owners.size === 0) this.#owners.delete(hash);
  }
}

/** Two FNV-1a hashes of 32 bits side by side, of which 53 are used. A last block that is not full has no hash. */
function chainOf(text: string): number[] {
  const hashes: number[] = [];
  let high = 0x811c9dc5;
  let low = 0x050c5d1f;
  for (let end = BLOCK_CHARACTERS; end <= text.length; end += BLOCK_CHARACTERS) {
    for (let i = end - BLOCK_CHARACTERS; i < end; i++) {
      const unit = text.charCodeAt(i);
      high = Math.imul(high ^ unit, 0x01000193);
      low = Math.imul(low ^ unit, 0x01000193);
    }
    hashes.push((high >>> 11) * 2 ** 32 + (low >>> 0));
  }
  return hashes;
}
