import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { UsageError } from "../usage-error.js";
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "./yaml.js";

/** A path of keys and indexes into a document. */
export type DocumentPath = readonly (string | number)[];

/** A file in YAML, of which JSON is a part, with the place of everything in it. */
export interface TextDocument {
  /** As it is written, aliases and merge keys carried out. */
  value(): unknown;
  /** The node there; null if there is none. */
  node(path: DocumentPath): Node | null;
  /** `file:line:column` of a value, or of the nearest there is on the way to it. @param key of the key itself. */
  place(path: DocumentPath, key?: boolean): string;
  /** `file:line:column` of a node. */
  placeOf(node: Node): string;
  readonly contents: Node | null;
}

/** What is wrong with a file, a line each, every one with its place. */
export class FileError extends UsageError {
  override name = "FileError";
}

/** @throws FileError for a file that cannot be read or is no YAML. */
export async function readDocument(file: string): Promise<TextDocument> {
  const shown = shortest(file);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new FileError(`${shown} cannot be read: ${(error as Error).message}`);
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, merge: true, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return `${shown}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  // Of errors in the syntax, those after the first come of it.
  const [wrong] = [...document.errors, ...document.warnings];
  if (wrong !== undefined) {
    const isVariable = text.slice(0, wrong.pos[0]).endsWith("$") || text.startsWith("${", wrong.pos[0]);
    const hint = isVariable ? "; a variable inside of { } or [ ] needs quotes" : "";
    throw new FileError(`${at(wrong.pos[0])}: ${wrong.message}${hint}`);
  }

  function find(path: DocumentPath, key: boolean): { node: Node | null; found: boolean } {
    let node = document.contents as Node | null;
    for (const [i, step] of path.entries()) {
      const pair = isMap(node) ? node.items.find((each) => isScalar(each.key) && each.key.value === step) : undefined;
      const isLast = i === path.length - 1;
      const next =
        pair === undefined
          ? isSeq(node)
            ? node.items[step as number]
            : undefined
          : isLast && key
            ? pair.key
            : pair.value;
      if (next === undefined || next === null) return { node: (pair?.key as Node | undefined) ?? node, found: false };
      node = next as Node;
    }
    return { node, found: true };
  }

  return {
    contents: document.contents as Node | null,
    value: () => document.toJS({ maxAliasCount: 100 }),
    node(path) {
      const { node, found } = find(path, false);
      return found ? node : null;
    },
    place: (path, key = false) => at(find(path, key).node?.range?.[0] ?? 0),
    placeOf: (node) => at(node.range?.[0] ?? 0),
  };
}

/** As the person at the keyboard would write it. */
function shortest(file: string): string {
  const fromHere = relative("", file);
  return fromHere.length < file.length && !fromHere.startsWith("..") ? fromHere : file;
}
