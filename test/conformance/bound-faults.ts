import {
  type Bounds,
  type Candidates,
  type Found,
  PrefixTreeUnderTest,
  type Text,
  type TreeUnderTest,
} from "./adapter.js";
import type { NaiveNamespace, NaiveNode } from "./naive-node.js";
import type { Unit } from "./naive-structure.js";
import { NaiveTree, type Receipt } from "./naive-tree.js";

interface Fault {
  fault: string;
  group: string;
  Tree: new (bounds?: Bounds) => TreeUnderTest;
}

/** Trees that each go wrong in one way at their bounds, in namespaces, or when they are restored, compacted or merged. */
export const BOUND_FAULTS: readonly Fault[] = [
  {
    fault: "pressure goes by time, not by order of calls",
    group: "maxChars",
    Tree: class extends NaiveTree {
      protected override oldestUnit(inserting?: string, path: NaiveNode[] = []): Unit | undefined {
        const units = [...this.recency.keys()].map((tenant) => this.unitOf(tenant, inserting, path));
        return units.filter((unit) => unit !== undefined).sort((a, b) => a.timeS - b.timeS)[0];
      }

      protected unitOf(tenant: string, inserting?: string, path: NaiveNode[] = []): Unit | undefined {
        const others = this.recency;
        this.recency = new Map([[tenant, others.get(tenant)!]]);
        const unit = super.oldestUnit(inserting, path);
        this.recency = others;
        return unit;
      }
    },
  },
  {
    fault: "pressure evicts a node, not all that its insert touched",
    group: "maxChars",
    Tree: class extends NaiveTree {
      protected override oldestUnit(inserting?: string, path: NaiveNode[] = []): Unit | undefined {
        const unit = super.oldestUnit(inserting, path);
        return unit && { ...unit, nodes: unit.nodes.slice(-1) };
      }
    },
  },
  {
    fault: "pressure evicts the path of the insert under way",
    group: "maxChars",
    Tree: class extends NaiveTree {
      protected override oldestUnit(): Unit | undefined {
        return super.oldestUnit();
      }
    },
  },
  {
    fault: "pressure spares the path of the insert for other tenants too",
    group: "maxChars",
    Tree: class extends NaiveTree {
      protected override oldestUnit(inserting?: string, path: NaiveNode[] = []): Unit | undefined {
        const unit = super.oldestUnit(inserting, path);
        const nodes = unit?.nodes.filter((node) => !path.includes(node)) ?? [];
        return unit && nodes.length > 0 ? { ...unit, nodes } : unit;
      }
    },
  },
  {
    fault: "a node of the path that has lost its owners is gone before the insert comes to it",
    group: "maxChars",
    Tree: class extends NaiveTree {
      protected override evictUnit(...rest: Parameters<NaiveTree["evictUnit"]>): void {
        const { held } = this;
        this.held = [];
        super.evictUnit(...rest);
        this.held = held;
      }
    },
  },
  {
    fault: "a text that does not fit is left out",
    group: "maxChars",
    Tree: class extends NaiveTree {
      protected override makeRoom(...rest: Parameters<NaiveTree["makeRoom"]>): string[] {
        const enters = super.makeRoom(...rest);
        return enters.length < this.charactersOf(rest[0]).length ? [] : enters;
      }
    },
  },
  {
    fault: "maxChars is passed by one character",
    group: "maxChars",
    Tree: class extends NaiveTree {
      constructor({ maxChars, ...others }: Bounds = {}) {
        super({ ...others, ...(maxChars === undefined ? {} : { maxChars: maxChars + 1 }) });
      }
    },
  },
  {
    fault: "an eviction is not reported",
    group: "maxChars",
    Tree: class extends NaiveTree {
      override takeEvictions(): ReturnType<NaiveTree["takeEvictions"]> {
        return super.takeEvictions().slice(1);
      }
    },
  },
  {
    fault: "evictions by bytes are reported in another order",
    group: "maxBytes from 64 to 256 KiB",
    Tree: class extends PrefixTreeUnderTest {
      override takeEvictions(): ReturnType<PrefixTreeUnderTest["takeEvictions"]> {
        return super.takeEvictions().reverse();
      }
    },
  },
  {
    fault: "an insert under pressure makes more room than it says",
    group: "maxBytes from 64 to 256 KiB",
    Tree: class extends PrefixTreeUnderTest {
      override insert(text: Text, tenant: string, timeS: number, namespace?: string): void {
        const { pressureEvictions } = this.tree.stats();
        super.insert(text, tenant, timeS, namespace);
        if (this.tree.stats().pressureEvictions > pressureEvictions) this.tree.evictTenantByLru("t0", 1);
      }
    },
  },
  {
    fault: "a text is shortened although something else could go",
    group: "maxBytes from 64 to 256 KiB",
    Tree: class extends PrefixTreeUnderTest {
      override insert(text: Text, tenant: string, timeS: number, namespace?: string): void {
        const enters = this.tree.stats().freeBytes < 20_000 ? text.slice(0, 10_000) : text;
        super.insert(enters, tenant, timeS, namespace);
      }
    },
  },
  {
    fault: "what is as old as ttlSecs is gone already",
    group: "ttlSecs",
    Tree: class extends NaiveTree {
      constructor({ ttlSecs, ...others }: Bounds = {}) {
        super({ ...others, ...(ttlSecs === undefined ? {} : { ttlSecs: ttlSecs - 0.5 }) });
      }
    },
  },
  {
    fault: "in a tree with ttlSecs an insert has the time it asks for",
    group: "ttlSecs",
    Tree: class extends NaiveTree {
      protected override advance(timeS: number): number {
        super.advance(timeS);
        return timeS;
      }
    },
  },
  {
    fault: "a match sees what has expired",
    group: "ttlSecs",
    Tree: class extends NaiveTree {
      override match(text: Text, candidates: Candidates, namespace?: string): Found {
        return super.match(text, candidates, namespace);
      }
    },
  },
  {
    fault: "the namespace of no name is the tree's own",
    group: "namespaces",
    Tree: inNamespaces(({ name, tokens }) => ({ name: name || undefined, tokens })),
  },
  {
    fault: "a namespace that is called as its kind begins is another",
    group: "namespaces",
    Tree: inNamespaces(({ name, tokens }) => ({ name: name?.replace(":", ""), tokens })),
  },
  {
    fault: "the root of an emptied namespace stays",
    group: "namespaces",
    Tree: class extends NaiveTree {
      protected override prune(node: NaiveNode): void {
        if (node.namespace === null) super.prune(node);
      }
    },
  },
  {
    fault: "tokens are found as the text of their characters",
    group: "tokens",
    Tree: inNamespaces(({ name }) => ({ name, tokens: false })),
  },
  {
    fault: "two tokens pair to one",
    group: "tokens",
    Tree: class extends NaiveTree {
      protected override charactersOf(text: Text): string[] {
        if (typeof text === "string") return super.charactersOf(text);
        const characters = super.charactersOf(text);
        return characters.flatMap((each, i) => {
          const isHigh = (id: number | undefined): boolean => id !== undefined && id >= 0xd800 && id < 0xdc00;
          const isLow = (id: number | undefined): boolean => id !== undefined && id >= 0xdc00 && id < 0xe000;
          if (isLow(text[i]) && isHigh(text[i - 1])) return [];
          return isHigh(text[i]) && isLow(text[i + 1]) ? [each + characters[i + 1]] : [each];
        });
      }
    },
  },
  {
    fault: "a restored tree forgets which insert touched what",
    group: "maxChars and everything else",
    Tree: class extends NaiveTree {
      override restart(): void {
        super.restart();
        for (const node of this.nodesInOrder()) for (const entry of node.owners.values()) entry.call = 0;
      }
    },
  },
  {
    fault: "a restored tree has the tenants in another order",
    group: "snapshots in the middle",
    Tree: class extends NaiveTree {
      override restart(): void {
        this.characterCounts = new Map([...this.characterCounts].reverse());
      }
    },
  },
  {
    fault: "compaction joins what two calls have touched at one time",
    group: "compaction",
    Tree: class extends NaiveTree {
      protected override isLikeItsParent(lower: NaiveNode): boolean {
        const calls = new Map([...lower.owners].map(([tenant, { call }]) => [tenant, call]));
        for (const [tenant, entry] of lower.owners) entry.call = lower.parent?.owners.get(tenant)?.call ?? entry.call;
        const isLike = super.isLikeItsParent(lower);
        for (const [tenant, entry] of lower.owners) entry.call = calls.get(tenant)!;
        return isLike;
      }
    },
  },
  {
    fault: "after compaction a revocation takes back all of a joined node",
    group: "compaction",
    Tree: class extends NaiveTree {
      override revoke(text: Text, tenant: string, receipt: Receipt | null, namespace?: string): number {
        return super.revoke(text, tenant, receipt && { ...receipt, kept: 0 }, namespace);
      }
    },
  },
  {
    fault: "of equal times theirs is the later in a merge",
    group: "merging",
    Tree: class extends NaiveTree {
      override merge(other: NaiveTree): void {
        for (const node of other.nodesInOrder()) for (const entry of node.owners.values()) entry.timeS += 1e-9;
        super.merge(other);
      }
    },
  },
  {
    fault: "a merge leaves the inserts their numbers",
    group: "merging",
    Tree: class extends NaiveTree {
      override merge(other: NaiveTree): void {
        const { calls } = this;
        super.merge(other);
        this.calls = calls;
      }
    },
  },
];

/** A tree that takes one namespace for another. */
function inNamespaces(taken: (namespace: NaiveNamespace) => NaiveNamespace): new (bounds?: Bounds) => NaiveTree {
  return class extends NaiveTree {
    override startOf(namespace: NaiveNamespace): NaiveNode | undefined {
      return super.startOf(taken(namespace));
    }

    override startFor(namespace: NaiveNamespace): NaiveNode {
      return super.startFor(taken(namespace));
    }
  };
}
