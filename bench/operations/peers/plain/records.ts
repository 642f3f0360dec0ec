/** A piece of text in the tree. */
export interface TreeNode {
  text: string;
  /** Code points of the text. */
  characters: number;
  parent: TreeNode | null;
  /** By the first code point of their texts. */
  readonly children: Map<number, TreeNode>;
  /** By tenant. */
  readonly owners: Map<string, Entry>;
}

/** That a tenant owns a node, and since when. */
export interface Entry {
  readonly tenant: string;
  readonly node: TreeNode;
  timeS: number;
  newer: Entry | null;
  older: Entry | null;
}

export function newNode(text: string, characters: number, parent: TreeNode | null): TreeNode {
  return { text, characters, parent, children: new Map(), owners: new Map() };
}

export function newEntry(tenant: string, node: TreeNode, timeS: number): Entry {
  const entry: Entry = { tenant, node, timeS, newer: null, older: null };
  node.owners.set(tenant, entry);
  return entry;
}
