import type { Peer, PeerTree } from "../peer.js";
import { LinkedList } from "./linked-list.js";
import { MinHeap } from "./min-heap.js";
import type { Recency } from "./recency.js";
import { type Entry, newEntry, newNode, type TreeNode } from "./records.js";

/** The same algorithm in TypeScript: objects, Maps and strings. */
export const plainTree: Peer = {
  about: "the same algorithm in TypeScript",
  exact: true,
  create: (tenants) => new PlainTree(tenants, LinkedList),
};

/** That, but an eviction finds the oldest entries with a heap. */
export const heapTree: Peer = {
  about: "that, with a heap for evictions",
  exact: true,
  create: (tenants) => new PlainTree(tenants, MinHeap),
};

/** Units of a comparison. */
const STEP = 128;
const SURROGATE = /[\ud800-\udfff]/;
const PAIR = /[\ud800-\udbff][\udc00-\udfff]/g;

class PlainTree implements PeerTree {
  readonly #tenants: readonly string[];
  readonly #Recency: new (
    tenants: readonly string[],
  ) => Recency;
  #recency: Recency;
  #root: TreeNode = newNode("", 0, null);

  constructor(tenants: readonly string[], Order: new (tenants: readonly string[]) => Recency) {
    this.#tenants = tenants;
    this.#Recency = Order;
    this.#recency = new Order(tenants);
  }

  insert(text: string, tenant: string, timeS: number): void {
    let node = this.#root;
    let at = 0;
    while (at < text.length) {
      const first = text.codePointAt(at)!;
      const child = node.children.get(first);
      if (child === undefined) {
        const rest = text.slice(at);
        const leaf = newNode(rest, charactersIn(rest), node);
        node.children.set(first, leaf);
        this.#touch(leaf, tenant, timeS);
        return;
      }
      const shared = sharedUnits(child.text, text, at);
      node = shared < child.text.length ? this.#split(child, shared) : child;
      this.#touch(node, tenant, timeS);
      at += shared;
    }
  }

  prefixMatch(text: string): number {
    return this.#walk(text, null).characters;
  }

  prefixMatchAmong(text: string, tenants: readonly string[]): readonly string[] {
    const { node } = this.#walk(text, tenants);
    return node === this.#root ? tenants : tenants.filter((tenant) => node.owners.has(tenant));
  }

  evictTenantByLru(tenant: string, leastCharacters: number): number {
    let removed = 0;
    let timeS = Number.NaN;
    for (const entry of this.#recency.oldestFirst(tenant)) {
      if (removed >= leastCharacters && entry.timeS !== timeS) break;
      timeS = entry.timeS;
      removed += entry.node.characters;
      this.#disown(entry);
    }
    return removed;
  }

  clear(): void {
    this.#root = newNode("", 0, null);
    this.#recency = new this.#Recency(this.#tenants);
  }

  #walk(text: string, tenants: readonly string[] | null): { node: TreeNode; characters: number } {
    let node = this.#root;
    let at = 0;
    let characters = 0;
    while (at < text.length) {
      const child = node.children.get(text.codePointAt(at)!);
      if (child === undefined || tenants?.some((tenant) => child.owners.has(tenant)) === false) break;
      const shared = sharedUnits(child.text, text, at);
      node = child;
      at += shared;
      if (shared < child.text.length) {
        characters += charactersIn(child.text.slice(0, shared));
        break;
      }
      characters += child.characters;
    }
    return { node, characters };
  }

  #touch(node: TreeNode, tenant: string, timeS: number): void {
    const entry = node.owners.get(tenant) ?? newEntry(tenant, node, timeS);
    entry.timeS = timeS;
    this.#recency.touch(entry);
  }

  /** Puts a node for the first units of `lower` above it, of the same owners. */
  #split(lower: TreeNode, units: number): TreeNode {
    const text = lower.text.slice(0, units);
    const upper = newNode(text, charactersIn(text), lower.parent);
    lower.parent!.children.set(text.codePointAt(0)!, upper);
    lower.text = lower.text.slice(units);
    lower.characters -= upper.characters;
    lower.parent = upper;
    upper.children.set(lower.text.codePointAt(0)!, lower);
    for (const owner of lower.owners.values()) {
      this.#recency.addNewerThan(newEntry(owner.tenant, upper, owner.timeS), owner);
    }
    return upper;
  }

  #disown(entry: Entry): void {
    const { node, tenant } = entry;
    this.#recency.remove(entry);
    node.owners.delete(tenant);
    if (node.owners.size === 0) node.parent!.children.delete(node.text.codePointAt(0)!);
  }
}

/** How many units of `segment` the text has at `at`: never one half of a surrogate pair. */
function sharedUnits(segment: string, text: string, at: number): number {
  // The engine compares equal slices by words: much faster than unit by unit.
  if (text.slice(at, at + segment.length) === segment) {
    return splitsPair(text, at + segment.length) ? segment.length - 1 : segment.length;
  }
  const most = Math.min(segment.length, text.length - at);
  let shared = 0;
  while (
    shared + STEP <= most &&
    segment.slice(shared, shared + STEP) === text.slice(at + shared, at + shared + STEP)
  ) {
    shared += STEP;
  }
  while (shared < most && segment.charCodeAt(shared) === text.charCodeAt(at + shared)) shared++;
  return splitsPair(segment, shared) || splitsPair(text, at + shared) ? shared - 1 : shared;
}

function splitsPair(text: string, at: number): boolean {
  return at > 0 && text.codePointAt(at - 1)! > 0xffff;
}

function charactersIn(text: string): number {
  return text.length - (SURROGATE.test(text) ? (text.match(PAIR)?.length ?? 0) : 0);
}
