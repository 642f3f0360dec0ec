import { PrefixTree } from "../../../dist/index.js";
import type { Peer, PeerTree } from "./peer.js";

/** Room for every workload: the figures are those of operations that need not evict first. */
const MAX_BYTES = 2 ** 31;

/** The package itself. */
export const warmroute: Peer = {
  about: "the package",
  exact: true,
  create: (tenants) => new WarmrouteTree(tenants),
};

class WarmrouteTree implements PeerTree {
  readonly #tree = new PrefixTree({ maxBytes: MAX_BYTES });
  readonly #tenants: readonly string[];

  constructor(tenants: readonly string[]) {
    this.#tenants = tenants;
    this.#tree.addTenants(tenants, 0);
  }

  insert(text: string, tenant: string, timeS: number): void {
    this.#tree.insert(text, tenant, timeS);
  }

  prefixMatch(text: string): number {
    return this.#tree.prefixMatch(text).matchedChars;
  }

  prefixMatchAmong(text: string, tenants: readonly string[]): readonly string[] | null {
    return this.#tree.prefixMatch(text, tenants).matchedTenants;
  }

  evictTenantByLru(tenant: string, leastCharacters: number): number {
    return this.#tree.evictTenantByLru(tenant, leastCharacters);
  }

  clear(): void {
    for (const tenant of this.#tenants) this.#tree.evictTenantByLru(tenant, Number.MAX_SAFE_INTEGER);
  }

  externalBytes(): number {
    return this.#tree.stats().memoryBytes;
  }
}
