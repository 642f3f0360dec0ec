import type { Bounds, Candidates, Found, Text } from "./adapter.js";
import type { NaiveNode } from "./naive-node.js";
import { NaiveTree, type Receipt } from "./naive-tree.js";

/** Naive trees that each go wrong in one way: what the fuzz must notice, and by which of its groups. */
export const FAULTS: readonly { fault: string; group: string; Tree: new (bounds?: Bounds) => NaiveTree }[] = [
  {
    fault: "a split gives the upper part the time of the insert, for every owner",
    group: "a small alphabet",
    Tree: class extends NaiveTree {
      protected override split(lower: NaiveNode, at: number, timeS: number): NaiveNode {
        const upper = super.split(lower, at, timeS);
        for (const entry of upper.owners.values()) entry.timeS = timeS;
        return upper;
      }
    },
  },
  {
    fault: "a split puts the upper part on the older side of the lower",
    group: "a small alphabet",
    Tree: class extends NaiveTree {
      protected override split(lower: NaiveNode, at: number, timeS: number): NaiveNode {
        const upper = super.split(lower, at, timeS);
        for (const tenant of upper.owners.keys()) {
          const list = this.recency.get(tenant)!;
          list.splice(list.indexOf(upper), 2, lower, upper);
        }
        return upper;
      }
    },
  },
  {
    fault: "a split gives the inserting tenant the lower part too",
    group: "a small alphabet",
    Tree: class extends NaiveTree {
      protected override touch(node: NaiveNode, tenant: string, timeS: number, call: number): void {
        super.touch(node, tenant, timeS, call);
        const [only, ...others] = node.children.values();
        if (only !== undefined && others.length === 0 && only.owners.size < node.owners.size) {
          super.touch(only, tenant, timeS, call);
        }
      }
    },
  },
  {
    fault: "an earlier time does not replace a later one",
    group: "decreasing times",
    Tree: class extends NaiveTree {
      protected override touch(node: NaiveNode, tenant: string, timeS: number, call: number): void {
        super.touch(node, tenant, Math.max(timeS, node.owners.get(tenant)?.timeS ?? timeS), call);
      }
    },
  },
  {
    fault: "a node that is touched again keeps its place in the list",
    group: "a small alphabet",
    Tree: class extends NaiveTree {
      protected override touch(node: NaiveNode, tenant: string, timeS: number, call: number): void {
        const before = this.recency.get(tenant)!;
        super.touch(node, tenant, timeS, call);
        if (before.includes(node)) this.recency.set(tenant, before);
      }
    },
  },
  {
    fault: "eviction stops in the middle of a run",
    group: "equal times",
    Tree: class extends NaiveTree {
      protected override oldestRun(tenant: string): NaiveNode[] {
        return super.oldestRun(tenant).slice(0, 1);
      }
    },
  },
  {
    fault: "eviction takes every node of the oldest node's time, not only the run",
    group: "few distinct times",
    Tree: class extends NaiveTree {
      protected override oldestRun(tenant: string): NaiveNode[] {
        const timeOf = (node: NaiveNode): number => node.owners.get(tenant)!.timeS;
        const oldestFirst = this.recency.get(tenant)!.slice(1).reverse();
        return oldestFirst.filter((node) => timeOf(node) === timeOf(oldestFirst[0]!));
      }
    },
  },
  {
    fault: "eviction goes by time, not by order of calls",
    group: "decreasing times",
    Tree: class extends NaiveTree {
      protected override oldestRun(tenant: string): NaiveNode[] {
        const timeOf = (node: NaiveNode): number => node.owners.get(tenant)!.timeS;
        const nodes = this.recency.get(tenant)!.slice(1).reverse();
        const least = Math.min(...nodes.map(timeOf));
        return nodes.filter((node) => timeOf(node) === least);
      }
    },
  },
  {
    fault: "a match refreshes the recency of what it found",
    group: "a small alphabet",
    Tree: class extends NaiveTree {
      override match(text: Text, candidates: Candidates): Found {
        const found = super.match(text, candidates);
        for (const tenant of found.matchedTenants ?? []) {
          for (const node of this.path(found.matchedText, undefined).whole) {
            if (node.owners.has(tenant)) this.touch(node, tenant, node.owners.get(tenant)!.timeS, 0);
          }
        }
        return found;
      }
    },
  },
  {
    fault: "a match names each tenant once, however often it is listed",
    group: "a small alphabet",
    Tree: class extends NaiveTree {
      protected override matchCandidates(candidates: Candidates): string[] {
        return [...new Set(super.matchCandidates(candidates))];
      }
    },
  },
  {
    fault: "a match with an empty list finds nobody",
    group: "a small alphabet",
    Tree: class extends NaiveTree {
      protected override matchCandidates(candidates: Candidates): string[] {
        return candidates?.names.length === 0 ? [] : super.matchCandidates(candidates);
      }
    },
  },
  {
    fault: "a match sees no tenant beyond the 64th",
    group: "many tenants",
    Tree: class extends NaiveTree {
      protected override matchCandidates(candidates: Candidates): string[] {
        const seen = [...this.characterCounts.keys()].slice(0, 64);
        return super.matchCandidates(candidates).filter((tenant) => seen.includes(tenant));
      }
    },
  },
  {
    fault: "every eighth removal of a tenant leaves one node behind",
    group: "tenants that come and go",
    Tree: class extends NaiveTree {
      #removals = 0;
      override remove(tenants: readonly string[]): [string, number][] {
        const [tenant] = tenants;
        const deepest = tenant === undefined ? undefined : this.recency.get(tenant)?.[1];
        if (deepest !== undefined && ++this.#removals % 8 === 0) this.recency.get(tenant!)!.splice(1, 1);
        return super.remove(tenants);
      }
    },
  },
  {
    fault: "a node without owners stays",
    group: "a small alphabet",
    Tree: class extends NaiveTree {
      protected override release(node: NaiveNode, tenant: string): number {
        const siblings = node.parent?.children;
        const characters = super.release(node, tenant);
        siblings?.set(node.text[0]!, node);
        return characters;
      }
    },
  },
  {
    fault: "a removed tenant that is added again has its old place in the order",
    group: "tenants that come and go",
    Tree: class extends NaiveTree {
      override counts(): [string, number][] {
        return super.counts().sort(([a], [b]) => (a < b ? -1 : 1));
      }
    },
  },
  {
    fault: "a tenant added again while known gets a new time at the root",
    group: "a small alphabet",
    Tree: class extends NaiveTree {
      override addTenants(tenants: readonly string[], timeS: number): void {
        super.addTenants(tenants, timeS);
        for (const tenant of tenants) this.root.owners.get(tenant)!.timeS = timeS;
      }
    },
  },
  {
    fault: "a revocation takes back what a later insert has touched",
    group: "a small alphabet",
    Tree: class extends NaiveTree {
      override revoke(text: Text, tenant: string, receipt: Receipt | null, namespace?: string): number {
        for (const node of this.path(text, namespace).whole) {
          const entry = node.owners.get(tenant);
          if (entry !== undefined && receipt !== null && entry.call > receipt.call) entry.call = receipt.call;
        }
        return super.revoke(text, tenant, receipt, namespace);
      }
    },
  },
  {
    fault: "a sweep evicts at the threshold, not above it",
    group: "a small alphabet",
    Tree: class extends NaiveTree {
      override sweep(evictionThreshold: number, evictionTarget: number): [string, number][] {
        return super.sweep(evictionThreshold - 1, evictionTarget);
      }
    },
  },
  {
    fault: "characters are UTF-8 bytes",
    group: "CJK",
    Tree: readingTexts((text) => Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte))),
  },
  {
    fault: "of a long text only the first 128 characters are kept",
    group: "segments of all lengths",
    Tree: readingTexts((text) => Array.from(text).slice(0, 128)),
  },
  {
    fault: "characters are UTF-16 units",
    group: "emoji that share surrogates",
    Tree: readingTexts((text) => text.split("")),
  },
  {
    fault: "a lone surrogate becomes U+FFFD",
    group: "lone surrogates",
    Tree: readingTexts((text) => Array.from(text.replace(/[\ud800-\udfff]/gu, "\ufffd"))),
  },
  {
    fault: "U+FEFF at the start of a text is dropped",
    group: "mixed widths",
    Tree: readingTexts((text) => Array.from(text.replace(/^\ufeff/, ""))),
  },
  {
    fault: "a combining mark is one character with what it marks",
    group: "mixed widths",
    Tree: readingTexts((text) => text.match(/\P{M}\p{M}*|\p{M}+/gsu) ?? []),
  },
  {
    fault: "a pair on the edge of the crossing window is torn",
    group: "texts around the crossing window",
    Tree: readingTexts((text) => [...Array.from(text.slice(0, 8192)), ...Array.from(text.slice(8192))]),
  },
  {
    fault: "one byte of the second crossing window is lost",
    group: "texts around the crossing window",
    Tree: readingTexts((text) => Array.from(text).filter((_, index) => index !== 16384)),
  },
];

/** A tree that takes a text to be these characters. */
function readingTexts(charactersOf: (text: string) => string[]): new (bounds?: Bounds) => NaiveTree {
  return class extends NaiveTree {
    protected override charactersOf(text: Text): string[] {
      return typeof text === "string" ? charactersOf(text) : super.charactersOf(text);
    }
  };
}
