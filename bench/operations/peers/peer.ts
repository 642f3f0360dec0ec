/** A tree, or what stands for one, that the suite can time inside this process. */
export interface Peer {
  /** One line for `--help`. */
  readonly about: string;
  /** Whether it is to answer as the package does, to the character: checked before it is timed. */
  readonly exact: boolean;
  /** An empty one that knows the tenants. */
  create(tenants: readonly string[]): PeerTree;
}

/** Operations that a peer does not offer are left out; the suite then leaves their figures out. */
export interface PeerTree {
  insert(text: string, tenant: string, timeS: number): void;
  /** How long the longest stored prefix of the text is. */
  prefixMatch(text: string): number;
  /** Which of the tenants own that prefix. */
  prefixMatchAmong?(text: string, tenants: readonly string[]): readonly string[] | null;
  /** Evicts the tenant's least recently used texts, `leastCharacters` or more. Returns the characters removed, 0 when there are none. */
  evictTenantByLru?(tenant: string, leastCharacters: number): number;
  /** Makes it empty; what memory it holds may stay. */
  clear(): void;
  /** Bytes outside the JavaScript heap. */
  externalBytes?(): number;
}
