import { type InsertReceipt, PrefixTree } from "../../tree/index.js";
import { NoReplicaError, QueueFullError } from "../errors.js";
import type { Hold } from "../hold.js";
import { hash64 } from "../key/hash.js";
import type { LeaseReport } from "../lease.js";
import type { Replica } from "../replica.js";
import type { RequestKey } from "../request-key.js";

/** How much of what was sent the replicas had been sent before. */
export interface HitCount {
  /** Length of all requests together. */
  readonly sent: number;
  /** Of it, what the chosen replicas had been sent before. */
  readonly hit: number;
  /** Of it, what some replica of that time had been sent before: what always going to the best one would have given. */
  readonly available: number;
}

/** So many conversations are remembered; beyond it the one used longest ago counts as new. About 150 bytes each. */
const MOST_CONVERSATIONS = 1_000_000;
/** As many token ids begin a conversation as 100 characters have, about. */
const OPENING_TOKENS = 25;

interface Open {
  readonly conversation: string | null;
  /** The conversation's home before; null when it is new. */
  readonly before: string | null;
  readonly moved: boolean;
  readonly count: Count;
  readonly sent: number;
  readonly hit: number;
  readonly available: number;
  /** To take the text back if it is rejected. */
  readonly receipt: InsertReceipt | null;
}

class Count {
  sent = 0;
  hit = 0;
  available = 0;
}

/**
 * What a policy's decisions come to, by a tree of its own, so that policies are measured alike whatever they look at themselves. A
 * rejected try counts as if it had not been, but in `rejected`.
 */
export class Tally {
  readonly characters: HitCount = new Count();
  readonly tokens: HitCount = new Count();
  decisions = 0;
  rejected = 0;
  refused = 0;
  waited = 0;
  left = 0;
  laterTurns = 0;
  moves = 0;
  cachedTokens = 0;
  promptTokens = 0;
  readonly reasons: Map<string, number> = new Map();
  readonly served: Map<string, number> = new Map();
  #hotspot = 0;
  readonly #tree: PrefixTree;
  readonly #cacheChars: number;
  #replicas: readonly string[] = [];
  /** Each conversation's last replica; the one used longest ago first. */
  readonly #homes = new Map<string, string>();
  readonly #open = new Map<Hold, Open>();

  /** @param cacheChars what each replica is taken to keep of what it was sent, the newest. */
  constructor(cacheChars: number) {
    this.#tree = new PrefixTree();
    this.#cacheChars = cacheChars;
  }

  /** The conversations seen, at most as many as are remembered. */
  get conversations(): number {
    return this.#homes.size;
  }

  /** Requests of the busiest replica ÷ the average; 1 is even, and 0 when there were none. */
  get imbalance(): number {
    const counts = [...this.served.values()];
    const total = counts.reduce((sum, count) => sum + count, 0);
    return total === 0 ? 0 : (Math.max(...counts) * counts.length) / total;
  }

  /** The longest queue ÷ the average, over the decisions; 1 is even. */
  get hotspot(): number {
    return this.decisions === 0 ? 0 : this.#hotspot / this.decisions;
  }

  replicasAre(replicas: readonly string[], timeS: number): void {
    const gone = this.#replicas.filter((id) => !replicas.includes(id));
    const come = replicas.filter((id) => !this.#replicas.includes(id));
    this.#tree.removeTenants(gone);
    this.#tree.addTenants(come, timeS);
    for (const id of come) if (!this.served.has(id)) this.served.set(id, 0);
    this.#replicas = replicas;
  }

  leased(hold: Hold, reason: string, replicas: readonly Replica[]): void {
    const { key, replica, timeS } = hold;
    const { id } = replica;
    this.decisions++;
    add(this.reasons, reason, 1);
    add(this.served, id, 1);
    this.#hotspot += hotspot(replicas);
    const sent = this.#send(key, id, timeS);
    const conversation = conversationOf(key);
    const before = conversation === null ? null : (this.#homes.get(conversation) ?? null);
    const moved = before !== null && before !== id;
    if (before !== null) this.laterTurns++;
    if (moved) this.moves++;
    if (conversation !== null) this.#settle(conversation, id);
    this.#open.set(hold, { conversation, before, moved, ...sent });
  }

  ended(hold: Hold, { cachedTokens, promptTokens }: LeaseReport): void {
    const open = this.#open.get(hold);
    this.#open.delete(hold);
    this.cachedTokens += cachedTokens ?? 0;
    this.promptTokens += promptTokens ?? 0;
    if (open === undefined || hold.end !== "rejected") return;
    const { conversation, before, moved, count, receipt } = open;
    this.rejected++;
    add(this.served, hold.replica.id, -1);
    count.sent -= open.sent;
    count.hit -= open.hit;
    count.available -= open.available;
    if (receipt !== null) this.#tree.revokeInsert(hold.key.text, hold.replica.id, receipt);
    if (before !== null) this.laterTurns--;
    if (moved) this.moves--;
    if (conversation === null) return;
    if (before === null) this.#homes.delete(conversation);
    else this.#settle(conversation, before);
  }

  gone(error: unknown): void {
    if (error instanceof NoReplicaError || error instanceof QueueFullError) this.refused++;
    else this.left++;
  }

  dispose(): void {
    this.#tree[Symbol.dispose]();
  }

  #send(
    { text, tokens, chars, namespace }: RequestKey,
    id: string,
    timeS: number,
  ): Omit<Open, "conversation" | "before" | "moved"> {
    const tree = this.#tree;
    const root = namespace === "" ? undefined : namespace;
    const count = (tokens === null ? this.characters : this.tokens) as Count;
    let available: number;
    let hit: number;
    let receipt: InsertReceipt | null = null;
    if (tokens === null) {
      available = tree.prefixMatch(text, this.#replicas, root).matchedChars;
      receipt = tree.insertRevocable(text, id, timeS, root);
      hit = receipt.keptChars;
    } else {
      available = tree.prefixMatchTokens(tokens, this.#replicas, root).matchedTokens;
      hit = tree.prefixMatchTokens(tokens, [id], root).matchedTokens;
      tree.insertTokens(tokens, id, timeS, root);
    }
    if (this.#cacheChars < Number.POSITIVE_INFINITY) {
      tree.sweep({ evictionThreshold: this.#cacheChars, evictionTarget: this.#cacheChars });
    }
    count.sent += chars;
    count.hit += hit;
    count.available += available;
    return { count, sent: chars, hit, available, receipt };
  }

  #settle(conversation: string, id: string): void {
    this.#homes.delete(conversation);
    this.#homes.set(conversation, id);
    if (this.#homes.size <= MOST_CONVERSATIONS) return;
    for (const oldest of this.#homes.keys()) {
      this.#homes.delete(oldest);
      return;
    }
  }
}

/** What tells a conversation: its session; else its namespace and how its first user message, or its prompt, begins. */
function conversationOf({ session, affinity, tokens, namespace }: RequestKey): string | null {
  if (session !== null) return hash64(`s${namespace}\u0000${session}`);
  if (affinity !== "") return hash64(`o${namespace}\u0000${affinity}`);
  return tokens === null ? null : hash64(`t${namespace}\u0000${tokens.slice(0, OPENING_TOKENS).join()}`);
}

function hotspot(replicas: readonly Replica[]): number {
  let total = 0;
  let longest = 0;
  for (const { queueLength } of replicas) {
    total += queueLength;
    if (queueLength > longest) longest = queueLength;
  }
  return total === 0 ? 1 : (longest * replicas.length) / total;
}

function add(counts: Map<string, number>, name: string, change: number): void {
  counts.set(name, (counts.get(name) ?? 0) + change);
}
