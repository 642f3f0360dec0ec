import type { TreeState } from "./adapter.js";
import { isOwn, keyOf, type NaiveNamespace, NaiveNode, sharedLength } from "./naive-node.js";

/** What the naive tree is made of: nodes, whose they are, and in which order. */
export class NaiveStructure {
  root: NaiveNode = new NaiveNode([], null);
  /** The roots of the other namespaces, by key. */
  namespaces: Map<string, NaiveNode> = new Map();
  /** The characters that each tenant owns, in the tree's order of tenants. */
  characterCounts: Map<string, number> = new Map();
  /** Each tenant's nodes, newest first, the root first of all. */
  recency: Map<string, NaiveNode[]> = new Map();
  /** The number of the last insert. */
  calls = 0;
  /** The path of the insert under way: these nodes stay, although for a while nobody may own them. */
  protected held: NaiveNode[] = [];

  /** The root, depth first all below it, then in the same way the other namespaces. */
  nodesInOrder(): NaiveNode[] {
    const order: NaiveNode[] = [];
    const visit = (node: NaiveNode, tokens: boolean): void => {
      order.push(node);
      for (const child of node.inOrder(tokens)) visit(child, tokens);
    };
    visit(this.root, false);
    for (const [, root] of [...this.namespaces].sort(([a], [b]) => (a < b ? -1 : 1))) {
      visit(root, root.namespace!.tokens);
    }
    return order;
  }

  dump(): TreeState {
    const order = this.nodesInOrder();
    const indices = new Map(order.map((node, index) => [node, index]));
    const tenants = [...this.characterCounts.keys()];
    return {
      nodes: order.map(({ parent, text, owners, namespace }) => ({
        parent: parent === null || namespace !== null ? -1 : indices.get(parent)!,
        text: text.join(""),
        namespace: namespace === null ? null : keyOf(namespace),
        times: tenants.flatMap((tenant): [string, number][] => {
          const entry = owners.get(tenant);
          return entry === undefined ? [] : [[tenant, entry.timeS]];
        }),
      })),
      recency: tenants.map((tenant) => [tenant, this.recency.get(tenant)!.map((node) => indices.get(node)!)]),
    };
  }

  /** The root of a namespace, if it is there. */
  startOf(namespace: NaiveNamespace): NaiveNode | undefined {
    return isOwn(namespace) ? this.root : this.namespaces.get(keyOf(namespace));
  }

  /** The root of a namespace, which is made if need be. */
  startFor(namespace: NaiveNamespace): NaiveNode {
    const start = this.startOf(namespace) ?? new NaiveNode([], this.root, namespace);
    if (start !== this.root) this.namespaces.set(keyOf(namespace), start);
    return start;
  }

  /** The nodes that lie wholly on a text, from the root down, and the one that the text ends or goes astray in. */
  pathOf(characters: string[], namespace: NaiveNamespace): { whole: NaiveNode[]; partly: NaiveNode | undefined } {
    let node = this.startOf(namespace);
    const whole = node === undefined || node === this.root ? [this.root] : [this.root, node];
    for (let rest = characters; node !== undefined && rest.length > 0; rest = rest.slice(node.text.length)) {
      node = node.children.get(rest[0]!);
      if (node === undefined) break;
      if (sharedLength(node.text, rest) < node.text.length) return { whole, partly: node };
      whole.push(node);
    }
    return { whole, partly: undefined };
  }

  /** Makes the node the tenant's, its newest, with that time. */
  protected touch(node: NaiveNode, tenant: string, timeS: number, call: number): void {
    if (!node.owners.has(tenant)) this.addToCount(tenant, node.text.length);
    node.owners.set(tenant, { timeS, call });
    if (node === this.root) return;
    const others = this.recency.get(tenant)!.slice(1);
    this.recency.set(tenant, [this.root, node, ...others.filter((other) => other !== node)]);
  }

  /** The child that the rest of a text leads to: one that is there, a new leaf, or the upper part of one split. */
  childFor(node: NaiveNode, rest: string[], timeS?: number): NaiveNode {
    const child = node.children.get(rest[0]!);
    if (child === undefined) {
      const leaf = new NaiveNode(rest, node);
      node.children.set(rest[0]!, leaf);
      return leaf;
    }
    const shared = sharedLength(child.text, rest);
    return shared < child.text.length ? this.split(child, shared, timeS) : child;
  }

  /** Cuts a node in two. The new upper part has the same owners and times, and lies just on its newer side in their lists. */
  protected split(lower: NaiveNode, at: number, _timeS?: number): NaiveNode {
    const upper = new NaiveNode(lower.text.slice(0, at), lower.parent);
    lower.parent!.children.set(upper.text[0]!, upper);
    lower.text = lower.text.slice(at);
    lower.parent = upper;
    upper.children.set(lower.text[0]!, lower);
    for (const [tenant, entry] of lower.owners) {
      upper.owners.set(tenant, { ...entry });
      const list = this.recency.get(tenant)!;
      list.splice(list.indexOf(lower), 0, upper);
    }
    return upper;
  }

  /** The nodes at the old end of the tenant's list that follow each other with one time, oldest first; never the root. */
  protected oldestRun(tenant: string): NaiveNode[] {
    const oldestFirst = this.recency.get(tenant)!.slice(1).reverse();
    const timeOf = (node: NaiveNode): number => node.owners.get(tenant)!.timeS;
    const end = oldestFirst.findIndex((node) => timeOf(node) !== timeOf(oldestFirst[0]!));
    return end === -1 ? oldestFirst : oldestFirst.slice(0, end);
  }

  /**
   * What the oldest insert call of all touched and nobody since: at the old end of its tenant's list, oldest first. Not what
   * `inserting` has on the path of the call under way.
   */
  protected oldestUnit(inserting?: string, path: NaiveNode[] = []): Unit | undefined {
    let oldest: Unit | undefined;
    for (const [tenant, list] of this.recency) {
      const isSpared = (node: NaiveNode): boolean => tenant === inserting && path.includes(node);
      const callOf = (node: NaiveNode): number => node.owners.get(tenant)!.call;
      const last = list.findLast((node) => node !== this.root && !isSpared(node));
      if (last === undefined || (oldest !== undefined && oldest.call < callOf(last))) continue;
      const nodes = list.filter((node) => node !== this.root && !isSpared(node) && callOf(node) === callOf(last));
      oldest = { tenant, nodes: nodes.reverse(), call: callOf(last), timeS: last.owners.get(tenant)!.timeS };
    }
    return oldest;
  }

  /** Whether a node is an only child, and both have the same owners, times and calls and lie side by side in their lists. */
  protected isLikeItsParent(lower: NaiveNode): boolean {
    const upper = lower.parent;
    if (upper === null || upper.text.length === 0 || upper.children.size > 1) return false;
    if (upper.owners.size !== lower.owners.size) return false;
    return [...lower.owners].every(([tenant, { timeS, call }]) => {
      const other = upper.owners.get(tenant);
      const list = this.recency.get(tenant)!;
      const apart = Math.abs(list.indexOf(upper) - list.indexOf(lower));
      return other !== undefined && other.timeS === timeS && other.call === call && apart === 1;
    });
  }

  /** Ends a tenant's ownership of a node, and the node when it was the last. Returns the characters given up. */
  protected release(node: NaiveNode, tenant: string): number {
    node.owners.delete(tenant);
    this.addToCount(tenant, -node.text.length);
    this.removeFromList(node, tenant);
    this.prune(node);
    return node.text.length;
  }

  /** Takes a node without owners out of the tree. */
  protected prune(node: NaiveNode): void {
    if (node.owners.size > 0 || node === this.root || this.held.includes(node)) return;
    if (node.namespace === null) node.parent!.children.delete(node.text[0]!);
    else this.namespaces.delete(keyOf(node.namespace));
  }

  protected removeFromList(node: NaiveNode, tenant: string): void {
    const list = this.recency.get(tenant)!;
    list.splice(list.indexOf(node), 1);
  }

  protected addToCount(tenant: string, characters: number): void {
    this.characterCounts.set(tenant, this.characterCounts.get(tenant)! + characters);
  }
}

/** What goes together under pressure. */
export interface Unit {
  tenant: string;
  /** Oldest first. */
  nodes: NaiveNode[];
  call: number;
  timeS: number;
}
