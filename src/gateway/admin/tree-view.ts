import { RequestError } from "../../protocol/index.js";
import { characterCount, type InspectedNode, type PrefixTree } from "../../tree/index.js";

/** A node of the tree, and what hangs below it. */
export interface TreeViewNode {
  /** Of its own segment; of token ids, tokens. */
  readonly chars: number;
  /** Of all that is below it, and its own. */
  readonly totalChars: number;
  readonly owners: readonly { readonly replica: string; readonly atS: number }[];
  readonly children: readonly TreeViewNode[];
  /** Children that are not shown: too deep, or too many. */
  readonly hidden: number;
  /** Its segment, where texts are asked for and allowed. */
  readonly text?: string;
}

export interface TreeView {
  /** Names of all namespaces; the one without a name is "". */
  readonly namespaces: readonly string[];
  readonly namespace: string;
  readonly root: TreeViewNode | null;
  readonly shownNodes: number;
}

/** What can be shown at a time, by anyone. */
const MOST_SHOWN = 2000;
/** `inspect` reads the whole tree at once; a larger one would hold up all requests for too long (about 1 s a million). */
const MOST_INSPECTED = 250_000;
const MOST_TEXT = 200;

/** The tree of one namespace down to some depth, the children with the most text first. */
export function treeView(
  tree: PrefixTree,
  { depth, namespace, text }: { depth: number; namespace: string; text: boolean },
): TreeView {
  const { nodes: count } = tree.stats();
  if (count > MOST_INSPECTED) {
    throw new RequestError(422, `The tree has ${count} nodes; up to ${MOST_INSPECTED} can be shown.`, {
      code: "tree_too_large",
    });
  }
  const { nodes } = tree.inspect();
  const children = new Map<number, number[]>();
  const roots = new Map<string, number>();
  nodes.forEach(({ parent, namespace: of }, i) => {
    if (parent === -1) {
      const name = (of?.name ?? "") + (of?.tokens ? " (token ids)" : "");
      roots.set(name, i);
    } else {
      const siblings = children.get(parent);
      if (siblings === undefined) children.set(parent, [i]);
      else siblings.push(i);
    }
  });
  const totals = nodes.map(charsOf);
  // Every node comes after its parent.
  for (let i = nodes.length - 1; i > 0; i--) {
    const { parent } = nodes[i]!;
    if (parent >= 0) totals[parent]! += totals[i]!;
  }
  let shown = 0;
  const show = (i: number, left: number): TreeViewNode => {
    shown++;
    const below = (children.get(i) ?? []).sort((a, b) => totals[b]! - totals[a]!);
    const kept: TreeViewNode[] = [];
    if (left > 0) for (const child of below) if (shown < MOST_SHOWN) kept.push(show(child, left - 1));
    const node = nodes[i]!;
    return {
      chars: charsOf(node),
      totalChars: totals[i]!,
      owners: [...node.times].map(([replica, atS]) => ({ replica, atS })),
      children: kept,
      hidden: below.length - kept.length,
      ...(text && { text: textOf(node) }),
    };
  };
  const root = roots.get(namespace);
  return {
    namespaces: [...roots.keys()],
    namespace,
    root: root === undefined ? null : show(root, depth),
    shownNodes: shown,
  };
}

function charsOf({ text, tokens }: InspectedNode): number {
  return tokens === undefined ? characterCount(text) : tokens.length;
}

function textOf({ text, tokens }: InspectedNode): string {
  const whole = tokens === undefined ? text : tokens.slice(0, MOST_TEXT).join(" ");
  return whole.length <= MOST_TEXT ? whole : `${whole.slice(0, MOST_TEXT)}…`;
}
