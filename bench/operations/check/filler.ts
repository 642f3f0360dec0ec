import { PrefixTree, type PrefixTreeOptions } from "../../../dist/index.js";

/** A tree with these tenants, named by their numbers. */
export function treeOf(tenants: number, options: PrefixTreeOptions = {}): PrefixTree {
  const tree = new PrefixTree(options);
  tree.addTenants(tenantNames(tenants), 0);
  return tree;
}

export function tenantNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `replica-${i}`);
}

/** Every text is inserted for one of the tenants, which take turns. */
export class Filler {
  readonly tree: PrefixTree;
  readonly texts: readonly string[];
  readonly #names: readonly string[];
  #now = 0;

  constructor(texts: readonly string[], tenants: number, options: PrefixTreeOptions = {}) {
    this.tree = treeOf(tenants, options);
    this.texts = texts;
    this.#names = tenantNames(tenants);
  }

  insert(index: number): void {
    this.tree.insert(this.texts[index]!, this.#names[index % this.#names.length]!, ++this.#now);
  }

  fill(): this {
    for (let i = 0; i < this.texts.length; i++) this.insert(i);
    return this;
  }

  /** Filled, and every text is found as a whole: what is timed then is a full hit. */
  fillWholly(): this {
    this.fill();
    for (const [i, text] of this.texts.entries()) {
      if (this.tree.prefixMatch(text).matchedText.length !== text.length) throw new Error(`text ${i} is not all there`);
    }
    return this;
  }

  /** The memory stays as large as it has grown. */
  empty(): void {
    for (const name of this.#names) this.tree.evictTenantByLru(name, Number.MAX_SAFE_INTEGER);
  }
}
