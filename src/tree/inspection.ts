import type { Tenant } from "./candidates.js";
import { DESCRIBED, type TreeCore, WIDE } from "./core.js";
import type { Crossing } from "./crossing.js";
import { eachEntry } from "./entries.js";
import type { Namespaces } from "./namespaces.js";
import { tokensOfText } from "./tokens.js";

/** A node of the tree as `inspect` shows it. */
export interface InspectedNode {
  /** Index of the parent in `nodes`; -1 for the root. */
  parent: number;
  /** The node's own segment; empty for roots, and where there are `tokens`. */
  text: string;
  /** The segment of a node below a root of tokens. */
  tokens?: number[];
  /** Of the root of a namespace: which one (`parent` is -1). `tokens` marks one of token ids. */
  namespace?: { name?: string; tokens?: true };
  /** The owners, in the tree's tenant order, and when each last touched the node, in seconds. */
  times: Map<string, number>;
}

/** The whole tree as plain values. */
export interface TreeInspection {
  /** Node 0 is the root; then depth first, children in the order of their first characters (code points); namespaces follow, by name. */
  nodes: InspectedNode[];
  /** Each tenant's nodes as indices, newest first, the root first of all. */
  recency: Map<string, number[]>;
}

/** Reads the whole tree by way of the recency lists, which name every node: each has an owner. O(entries + text). */
export function inspectTree(
  core: TreeCore,
  crossing: Crossing,
  tenants: Iterable<Tenant>,
  namespaces: Namespaces,
): TreeInspection {
  const words = new Uint32Array(core.memory.buffer);
  const found = new Map<number, FoundNode>();
  const lists = new Map<string, FoundNode[]>();
  for (const { name, address } of tenants) {
    const list: FoundNode[] = [];
    eachEntry(core, address, (at, _call, timeS) => {
      const node = findNode(core, words, crossing, found, at);
      node.times.set(name, timeS);
      list.push(node);
    });
    lists.set(name, list);
  }
  const roots: FoundNode[] = [];
  for (const node of found.values()) {
    if (node.parentAddress === 0 || node.number > 0) roots.push(node);
    else found.get(node.parentAddress)!.children.push(node);
  }
  if (roots.length === 0) return { nodes: [{ parent: -1, text: "", times: new Map() }], recency: new Map() };
  for (const root of roots) if (root.number > 0) describeNamespace(root, namespaces);
  roots.sort((a, b) =>
    a.number && b.number ? compare(namespaces.keyOf(a.number), namespaces.keyOf(b.number)) : a.number - b.number,
  );
  const nodes: FoundNode[] = [];
  for (const root of roots) appendInOrder(nodes, root);
  return {
    nodes: nodes.map(shownNode),
    recency: new Map([...lists].map(([name, list]) => [name, list.map(({ index }) => index)])),
  };
}

interface FoundNode extends InspectedNode {
  parentAddress: number;
  /** Of a namespace, if the node is its root; else 0. */
  number: number;
  children: FoundNode[];
  index: number;
  ofTokens: boolean;
}

/** `words` is the core's memory. */
function findNode(
  core: TreeCore,
  words: Uint32Array,
  crossing: Crossing,
  found: Map<number, FoundNode>,
  address: number,
): FoundNode {
  const known = found.get(address);
  if (known !== undefined) return known;
  core.describe(address);
  const node: FoundNode = {
    parent: -1,
    text: textOf(core, crossing, address),
    times: new Map(),
    parentAddress: words[DESCRIBED]!,
    number: words[DESCRIBED + 1]!,
    children: [],
    index: 0,
    ofTokens: false,
  };
  found.set(address, node);
  return node;
}

function textOf(core: TreeCore, crossing: Crossing, address: number): string {
  let text = "";
  for (;;) {
    const units = core.node_text(address, text.length, WIDE, 0);
    if (units === 0) return text;
    text += crossing.read(units);
  }
}

/** Depth first with a stack of its own: a path can be longer than the call stack is deep. */
function appendInOrder(order: FoundNode[], root: FoundNode): void {
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    node.index = order.push(node) - 1;
    node.children.sort((a, b) => b.text.codePointAt(0)! - a.text.codePointAt(0)!);
    for (const child of node.children) {
      child.parent = node.index;
      child.ofTokens = node.ofTokens;
      stack.push(child);
    }
  }
}

function describeNamespace(root: FoundNode, namespaces: Namespaces): void {
  const { name, alphabet } = namespaces.describe(root.number);
  root.ofTokens = alphabet === "tokens";
  root.namespace = { ...(name === undefined ? {} : { name }), ...(root.ofTokens ? { tokens: true } : {}) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function shownNode({ parent, text, times, ofTokens, namespace }: FoundNode): InspectedNode {
  if (namespace !== undefined) return { parent, text, times, namespace };
  return ofTokens ? { parent, text: "", tokens: tokensOfText(text), times } : { parent, text, times };
}
