import type { Tenant } from "./candidates.js";
import type { TreeCore } from "./core.js";
import type { Crossing } from "./crossing.js";

export interface InspectedNode {
  /** Index of the parent in `nodes`; -1 for the root. */
  parent: number;
  /** The node's own segment; empty for the root only. */
  text: string;
  /** The owners, in the tree's tenant order, and when each last touched the node, in seconds. */
  times: Map<string, number>;
}

export interface TreeInspection {
  /** Node 0 is the root; then depth first, children in the order of their first characters (code points). */
  nodes: InspectedNode[];
  /** Each tenant's nodes as indices, newest first, the root first of all. */
  recency: Map<string, number[]>;
}

/** Reads the whole tree by way of the recency lists, which name every node: each has an owner. O(entries + text). */
export function inspectTree(core: TreeCore, crossing: Crossing, tenants: Iterable<Tenant>): TreeInspection {
  const found = new Map<number, FoundNode>();
  const lists = new Map<string, FoundNode[]>();
  for (const { name, address } of tenants) {
    const list: FoundNode[] = [];
    for (let entry = core.newest_entry(address); entry !== 0; entry = core.older_entry(entry)) {
      const node = findNode(core, crossing, found, core.entry_node(entry));
      node.times.set(name, core.entry_time(entry));
      list.push(node);
    }
    lists.set(name, list);
  }
  const root = [...found.values()].find(({ parentAddress }) => parentAddress === 0);
  if (root === undefined) return { nodes: [{ parent: -1, text: "", times: new Map() }], recency: new Map() };
  for (const node of found.values()) {
    if (node !== root) found.get(node.parentAddress)!.children.push(node);
  }
  const nodes = inOrder(root);
  const recency = new Map([...lists].map(([name, list]) => [name, list.map(({ index }) => index)]));
  return { nodes: nodes.map(({ parent, text, times }) => ({ parent, text, times })), recency };
}

interface FoundNode extends InspectedNode {
  parentAddress: number;
  children: FoundNode[];
  index: number;
}

function findNode(core: TreeCore, crossing: Crossing, found: Map<number, FoundNode>, address: number): FoundNode {
  const known = found.get(address);
  if (known !== undefined) return known;
  const node: FoundNode = {
    parent: -1,
    text: textOf(core, crossing, address),
    times: new Map(),
    parentAddress: core.node_parent(address),
    children: [],
    index: 0,
  };
  found.set(address, node);
  return node;
}

function textOf(core: TreeCore, crossing: Crossing, address: number): string {
  let text = "";
  for (;;) {
    const units = core.node_text(address, text.length);
    if (units === 0) return text;
    text += crossing.read(units);
  }
}

/** Depth first with a stack of its own: a path can be longer than the call stack is deep. */
function inOrder(root: FoundNode): FoundNode[] {
  const order: FoundNode[] = [];
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    node.index = order.push(node) - 1;
    node.children.sort((a, b) => b.text.codePointAt(0)! - a.text.codePointAt(0)!);
    for (const child of node.children) {
      child.parent = node.index;
      stack.push(child);
    }
  }
  return order;
}
