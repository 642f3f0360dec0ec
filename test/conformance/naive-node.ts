import type { Text } from "./adapter.js";

/** A node of the naive tree. Its text is a list of characters; a token is one too, its id in decimals. */
export class NaiveNode {
  text: string[];
  parent: NaiveNode | null;
  /** Of the root of a namespace: which. It has no text, and the tree's root is its parent. */
  readonly namespace: NaiveNamespace | null;
  /** By first character. */
  readonly children: Map<string, NaiveNode> = new Map();
  readonly owners: Map<string, NaiveEntry> = new Map();

  constructor(text: string[], parent: NaiveNode | null, namespace: NaiveNamespace | null = null) {
    this.text = text;
    this.parent = parent;
    this.namespace = namespace;
  }

  /** The text from the root down to the node's end, and whose namespace it is. */
  place(): { namespace: NaiveNamespace; characters: string[] } {
    if (this.namespace !== null || this.parent === null) {
      return { namespace: this.namespace ?? { name: undefined, tokens: false }, characters: [] };
    }
    const { namespace, characters } = this.parent.place();
    return { namespace, characters: [...characters, ...this.text] };
  }

  /** Children in the order of their first characters: code points, or token ids. */
  inOrder(tokens: boolean): NaiveNode[] {
    const first = ({ text }: NaiveNode): number => (tokens ? Number(text[0]) : text[0]!.codePointAt(0)!);
    return [...this.children.values()].sort((a, b) => first(a) - first(b));
  }
}

export interface NaiveEntry {
  timeS: number;
  /** The number of the last insert that touched the node for the tenant. */
  call: number;
}

/** Texts of two namespaces never match each other, and tokens never a text. */
export interface NaiveNamespace {
  readonly name: string | undefined;
  readonly tokens: boolean;
}

export function kindOf(text: Text, name: string | undefined): NaiveNamespace {
  return { name, tokens: typeof text !== "string" };
}

/** Whether it is the tree's own, which the root is of. */
export function isOwn({ name, tokens }: NaiveNamespace): boolean {
  return name === undefined && !tokens;
}

/** Names a namespace among the others, and orders them. */
export function keyOf({ name, tokens }: NaiveNamespace): string {
  return `${tokens ? "t" : "c"}${name === undefined ? "" : `:${name}`}`;
}

export function sharedLength(a: string[], b: string[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
