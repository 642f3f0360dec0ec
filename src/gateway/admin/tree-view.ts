import { RequestError } from "../../protocol/index.js";
import { characterCount, type InspectedNode, type PrefixTree } from "../../tree/index.js";

/** A node of the tree, and what hangs below it. */
export interface TreeViewNode {
  /** Where it is: the steps from the root, with dots between them; "" is the root. Stays the same while nothing above it is split. */
  readonly path: string;
  /** Of its own segment; of token ids, tokens. */
  readonly chars: number;
  /** Of all that is below it, and its own. */
  readonly totalChars: number;
  /** With the time of last use, by the router's clock. */
  readonly owners: readonly { readonly replica: string; readonly atS: number }[];
  readonly children: readonly TreeViewNode[];
  /** Children that are not shown: too deep, or too many. */
  readonly hidden: number;
  /** Its segment, where texts are asked for and allowed. */
  readonly text?: string;
}

/** What `GET /admin/tree` tells: one namespace from one node on, down to some depth. */
export interface TreeView {
  /** Names of all namespaces; the one without a name is "". */
  readonly namespaces: readonly string[];
  readonly namespace: string;
  /** The node that was asked for, or as much of the way to it as there is. */
  readonly root: TreeViewNode | null;
  /** Those above it, from the tree's root on, without their other children. */
  readonly ancestors: readonly Omit<TreeViewNode, "children" | "hidden" | "owners">[];
  readonly shownNodes: number;
  /** When a text of the namespace was last used, by the router's clock. */
  readonly lastUseS: number;
}

export interface TreeViewOptions {
  readonly depth: number;
  /** Null: the one with the most text. */
  readonly namespace: string | null;
  readonly text: boolean;
  /** Path of the node to begin at. */
  readonly at: string;
}

/** What can be shown at a time, by anyone. */
const MOST_SHOWN = 2000;
/** `inspect` reads the whole tree at once; a larger one would hold up all requests for too long (about 1 s a million). */
const MOST_INSPECTED = 250_000;
const MOST_TEXT = 200;

/** A node of one namespace and what is below it down to some depth; where that is too much, those with the most text. */
export function treeView(tree: PrefixTree, { depth, namespace: wanted, text, at }: TreeViewOptions): TreeView {
  const { nodes: count } = tree.stats();
  if (count > MOST_INSPECTED) {
    throw new RequestError(422, `The tree has ${count} nodes; up to ${MOST_INSPECTED} can be shown.`, {
      code: "tree_too_large",
    });
  }
  const { nodes } = tree.inspect();
  const below = new Map<number, number[]>();
  const roots = new Map<string, number>();
  nodes.forEach(({ parent, namespace: of }, i) => {
    if (parent === -1) {
      const name = (of?.name ?? "") + (of?.tokens ? " (token ids)" : "");
      roots.set(name, i);
    } else {
      const siblings = below.get(parent);
      if (siblings === undefined) below.set(parent, [i]);
      else siblings.push(i);
    }
  });
  const totals = nodes.map(charsOf);
  // Every node comes after its parent.
  for (let i = nodes.length - 1; i > 0; i--) {
    const { parent } = nodes[i]!;
    if (parent >= 0) totals[parent]! += totals[i]!;
  }
  for (const siblings of below.values()) siblings.sort((a, b) => totals[b]! - totals[a]!);
  const namespace = wanted ?? [...roots].reduce((a, b) => (totals[b[1]]! > totals[a[1]]! ? b : a))[0];
  const root = roots.get(namespace);
  const names = namesOf(tree);
  const { way, path } = root === undefined ? { way: [], path: [] } : wayTo(root, at);
  const start = way.pop();
  const shown = start === undefined ? new Set<number>() : chosen(start);
  return {
    namespaces: [...roots.keys()],
    namespace,
    root: start === undefined ? null : show(start, path.join(".")),
    ancestors: way.map((i, steps) => figures(i, path.slice(0, steps).join("."))),
    shownNodes: shown.size,
    lastUseS: root === undefined ? 0 : Math.max(0, ...nodes[root]!.times.values()),
  };

  /** The nodes from the root to a path's end, as far as they are there. */
  function wayTo(from: number, to: string): { way: number[]; path: number[] } {
    const nodesOfWay = [from];
    const steps: number[] = [];
    for (const step of to === "" ? [] : to.split(".").map(Number)) {
      const next = below.get(nodesOfWay.at(-1)!)?.find((i) => names.of(nodes[i]!) === step);
      if (next === undefined) break;
      nodesOfWay.push(next);
      steps.push(step);
    }
    return { way: nodesOfWay, path: steps };
  }

  /** Down to the depth; of too many those with the most text, and so none without its parent. */
  function chosen(from: number): Set<number> {
    const found = [from];
    let level = [from];
    for (let left = depth; left > 0 && level.length > 0; left--) {
      level = level.flatMap((i) => below.get(i) ?? []);
      for (const i of level) found.push(i);
    }
    // Of equals the parent is before its child, since the sort is stable.
    if (found.length > MOST_SHOWN) found.sort((a, b) => totals[b]! - totals[a]!);
    return new Set(found.slice(0, MOST_SHOWN));
  }

  function show(i: number, at: string): TreeViewNode {
    const children = below.get(i) ?? [];
    const kept = children.filter((child) => shown.has(child));
    return {
      ...figures(i, at),
      owners: [...nodes[i]!.times].map(([replica, atS]) => ({ replica, atS })),
      children: kept.map((child) => show(child, `${at}${at === "" ? "" : "."}${names.of(nodes[child]!)}`)),
      hidden: children.length - kept.length,
    };
  }

  function figures(i: number, at: string): TreeView["ancestors"][number] {
    const node = nodes[i]!;
    return { path: at, chars: charsOf(node), totalChars: totals[i]!, ...(text && { text: textOf(node) }) };
  }
}

/**
 * Nodes among their siblings: these differ in their first characters, and each character has a number, given when it is first met,
 * so that a path tells nothing of the text.
 */
class Names {
  readonly #numbers = new Map<number, number>();

  of({ text, tokens }: InspectedNode): number {
    // Ids and code points may well share numbers: they are never siblings.
    const first = tokens?.[0] ?? text.codePointAt(0) ?? -1;
    const known = this.#numbers.get(first);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(first, number);
    return number;
  }
}

const NAMES = new WeakMap<PrefixTree, Names>();

function namesOf(tree: PrefixTree): Names {
  let names = NAMES.get(tree);
  if (names === undefined) {
    names = new Names();
    NAMES.set(tree, names);
  }
  return names;
}

function charsOf({ text, tokens }: InspectedNode): number {
  return tokens === undefined ? characterCount(text) : tokens.length;
}

function textOf({ text, tokens }: InspectedNode): string {
  const whole = tokens === undefined ? text : tokens.slice(0, MOST_TEXT).join(" ");
  return whole.length <= MOST_TEXT ? whole : `${whole.slice(0, MOST_TEXT)}…`;
}
