import { type InsertReceipt, PrefixTree, type TenantSet, textOfTokens } from "../../tree/index.js";
import type { Choice } from "../decision.js";
import type { Replica } from "../replica.js";
import { Key, type RequestKey } from "../request-key.js";
import type { OptionsOf, ValuesOf } from "./option-table.js";
import type { Policy, PolicyEnvironment, PolicyRequest, ReplicasChange, Route } from "./policy.js";

/** Options of every policy with a tree. Some have other defaults (index.ts). */
export const TREE = {
  maxBytes: {
    kind: "whole",
    least: 65536,
    most: 4293918720,
    default: 268435456,
    unit: "bytes",
    about: "most memory that the tree may have; beyond it what was sent longest ago is forgotten",
  },
  maxChars: {
    kind: "whole",
    least: 0,
    default: null,
    unit: "characters, of all replicas together",
    about: "most text that the tree may hold; beyond it what was sent longest ago is forgotten",
  },
  ttlSecs: {
    kind: "number",
    above: 0,
    default: null,
    unit: "seconds",
    about: "what has not been sent for so long is forgotten, as engines forget",
  },
} as const;

/** Bounds of the tree of a policy that has one. */
export type TreeOptions = OptionsOf<typeof TREE>;

export type TreeValues = ValuesOf<typeof TREE>;

/** What a match tells a policy. */
export interface SentMatch {
  /** Characters of the longest prefix that some candidate has been sent; of token ids, tokens. */
  readonly matchedChars: number;
  /** The candidates that have been sent it, in their order; all when nothing matched; null when the tree knows none. */
  readonly matchedTenants: string[] | null;
}

interface Placed {
  readonly key: RequestKey;
  /** The key may have let it go. */
  readonly text: string;
  readonly replica: Replica;
  readonly receipt: InsertReceipt;
}

/**
 * Which texts have been sent to which replica: a policy's tree, kept in step with the router's replicas, in the namespace of
 * each request. Token ids are a text of one character each, in namespaces of their own.
 *
 * With `insertAt: "choice"` a text is inserted in the descent that matches it, before the choice has a lease. Until
 * `onRouted` claims it that insert is provisional: the next call takes it back, so that a choice which came to nothing, or
 * whose place went to another request, leaves no trace. A rejection takes an insert back too.
 */
export class SentTexts {
  readonly tree: PrefixTree;
  /** Every replica of the router by its id. */
  byId: ReadonlyMap<string, Replica> = new Map();
  readonly #insertAt: "choice" | "accept";
  readonly #shared: boolean;
  #everyone: TenantSet;
  /** The last list of candidates that was not everyone: the same ones are often asked for again. */
  #some: TenantSet;
  #placed: Placed | null = null;
  /** While it is looked what would be chosen, nothing is placed. */
  #looking = false;

  /** @param environment its tree, if it has one, is used with its own bounds. */
  constructor(values: TreeValues, { insertAt, tree }: Pick<PolicyEnvironment, "insertAt" | "tree">) {
    this.tree = tree ?? makeTree(values);
    this.#shared = tree !== undefined;
    this.#insertAt = insertAt;
    this.#everyone = this.tree.tenantSet([]);
    this.#some = this.#everyone;
  }

  /** The candidates, as the tree takes them. O(1) when they are all replicas, else O(candidates). */
  available({ candidates, everyReplica }: PolicyRequest): TenantSet {
    if (everyReplica) return this.#everyone;
    if (!isListOf(this.#some.names, candidates)) this.#some = this.tree.tenantSet(candidates.map(({ id }) => id));
    return this.#some;
  }

  /** A choice of which no trace stays. */
  look(choose: () => Choice): Choice {
    this.#looking = true;
    try {
      return choose();
    } finally {
      this.#looking = false;
    }
  }

  /** The longest prefix that some of these have been sent. O(characters matched). */
  match({ key, timeS }: Pick<PolicyRequest, "key" | "timeS">, available: TenantSet | readonly string[]): SentMatch {
    this.#takeBackPlaced();
    return this.tree.prefixMatch(textOf(key), available, root(key), timeS);
  }

  /** The longest prefix that each of these has been sent, in their order. One descent. */
  matchEach({ key, timeS }: PolicyRequest, available: TenantSet): Uint32Array {
    this.#takeBackPlaced();
    return this.tree.prefixMatchEach(textOf(key), available, root(key), timeS);
  }

  /**
   * Matches, lets `pick` choose, and places the text with the replica it names, all in one descent.
   * @param pick must not use the tree. Null: none yet.
   */
  matchThenPlace(
    request: PolicyRequest,
    available: TenantSet,
    pick: (match: SentMatch) => Replica | null,
  ): Replica | null {
    const { key, timeS } = request;
    if (this.#insertAt === "accept" || this.#looking) return pick(this.match(request, available));
    this.#takeBackPlaced();
    const text = textOf(key);
    let replica: Replica | null = null;
    const receipt = this.tree.matchThenInsert(
      text,
      available,
      (match) => {
        replica = pick(match);
        return isToBeRouted(replica) ? replica.id : null;
      },
      timeS,
      root(key),
    );
    if (replica !== null && receipt !== null) this.#placed = { key, text, replica, receipt };
    return replica;
  }

  /** Places a request's text with the replica that was chosen for it. */
  place({ key, timeS }: PolicyRequest, replica: Replica): void {
    this.#takeBackPlaced();
    if (this.#insertAt === "accept" || this.#looking || !isToBeRouted(replica)) return;
    const text = textOf(key);
    const receipt = this.tree.insertRevocable(text, replica.id, timeS, root(key));
    this.#placed = { key, text, replica, receipt };
  }

  /**
   * Characters of the text that the chosen replica had been sent before this request.
   * @param matched what is known to have matched there; else, unless the text was just placed, it is looked up.
   */
  hitOf(request: PolicyRequest, replica: Replica, matched?: number): number {
    return this.#placed?.receipt.keptChars ?? matched ?? this.match(request, [replica.id]).matchedChars;
  }

  /**
   * What each candidate had been sent of a text that has been placed with one of them at most. Only right until the next call
   * of anything else.
   */
  hitsOf(request: PolicyRequest): number[] {
    const placed = this.#placed;
    this.#placed = null;
    const matched = this.matchEach(request, this.available(request));
    this.#placed = placed;
    return request.candidates.map((replica, i) =>
      replica === placed?.replica ? placed.receipt.keptChars : matched[i]!,
    );
  }

  /** @returns what `rejected` needs to take the text back; null where there is nothing to take back. */
  routed({ key, replica, timeS }: Route): InsertReceipt | null {
    const placed = this.#placed;
    if (placed !== null && placed.key === key && placed.replica === replica) {
      this.#placed = null;
      return placed.receipt;
    }
    this.#takeBackPlaced();
    if (this.#insertAt === "accept") return null;
    return this.tree.insertRevocable(textOf(key), replica.id, timeS, root(key));
  }

  accepted({ key, replica, timeS }: Route): void {
    if (this.#insertAt === "choice") return;
    this.#takeBackPlaced();
    this.tree.insert(textOf(key), replica.id, timeS, root(key));
  }

  rejected({ key, replica }: Route, receipt: InsertReceipt | null): void {
    if (receipt !== null) this.tree.revokeInsert(textOf(key), replica.id, receipt);
  }

  replicasChanged({ replicas, added, removed, timeS }: ReplicasChange): void {
    this.#takeBackPlaced();
    this.tree.addTenants(added, timeS);
    this.tree.removeTenants(removed);
    this.#everyone = this.tree.tenantSet(replicas.map(({ id }) => id));
    this.byId = new Map(replicas.map((replica) => [replica.id, replica]));
  }

  dispose(): void {
    this.#takeBackPlaced();
    if (!this.#shared) this.tree[Symbol.dispose]();
  }

  #takeBackPlaced(): void {
    const placed = this.#placed;
    if (placed === null) return;
    this.#placed = null;
    this.tree.revokeInsert(placed.text, placed.replica.id, placed.receipt);
  }
}

function makeTree({ maxBytes, maxChars, ttlSecs }: TreeValues): PrefixTree {
  return new PrefixTree({
    maxBytes,
    ...(maxChars !== null && Number.isFinite(maxChars) && { maxChars }),
    ...(ttlSecs !== null && { ttlSecs }),
  });
}

/** The calls of a policy that keeps nothing with a route but the receipt of its text. */
export function textKeeping(texts: SentTexts): Omit<Policy, "name" | "choose" | "preview"> {
  return {
    tree: texts.tree,
    onRouted(route) {
      route.memo = texts.routed(route);
    },
    onAccepted: (route) => texts.accepted(route),
    onRejected: (route) => texts.rejected(route, route.memo as InsertReceipt | null),
    onReplicasChanged: (change) => texts.replicasChanged(change),
    dispose: () => texts.dispose(),
  };
}

/** A full replica may be named to wait for: nothing is sent to it now. */
function isToBeRouted(replica: Replica | null): replica is Replica {
  return replica?.hasRoom === true;
}

/** What the tree has of a request. A router's own key makes it but once. */
function textOf(key: RequestKey): string {
  if (key.tokens === null) return key.text;
  return key instanceof Key ? key.tokenText : textOfTokens(key.tokens);
}

/** The tree's root for a request: of token ids another one than of texts, whose namespaces have no colon before a bracket. */
function root({ namespace, tokens }: RequestKey): string | undefined {
  if (tokens !== null) return `tokens:${namespace}`;
  return namespace === "" ? undefined : namespace;
}

function isListOf(names: readonly string[], replicas: readonly Replica[]): boolean {
  return names.length === replicas.length && replicas.every(({ id }, i) => id === names[i]);
}
