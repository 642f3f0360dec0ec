import type { TextDocument } from "./document.js";
import { FileError } from "./document.js";
import { isScalar, type Node, parseDocument, type Scalar, visit } from "./yaml.js";

/** Texts of a document that had variables in them. */
export interface Substituted {
  /** Makes the text there what YAML reads it as: a number, a flag. False if it was not substituted, or is a text in any case. */
  reread(node: Node | null): boolean;
}

const REFERENCE = /\$(\$\{)|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/**
 * Puts the environment's variables into a document's texts: `${NAME}`, or `${NAME:-default}` for one that is not set or empty; `$${` is
 * `${` itself. What comes in is a text, whatever its look, until `reread`.
 * @throws FileError that names every variable that is missing, and its place.
 */
export function substitute(
  document: TextDocument,
  environment: Readonly<Record<string, string | undefined>>,
): Substituted {
  const missing: string[] = [];
  const substituted = new Set<Scalar>();
  visit(document.contents as Node, {
    Scalar(key, node) {
      if (key === "key" || typeof node.value !== "string" || !node.value.includes("${")) return;
      const place = document.placeOf(node);
      node.value = node.value.replace(REFERENCE, (_, escaped?: string, name?: string, fallback?: string) => {
        if (escaped !== undefined) return escaped;
        const value = environment[name!];
        if (value !== undefined && (value !== "" || fallback === undefined)) return value;
        if (fallback === undefined) missing.push(`${place}: the environment has no ${name}`);
        return fallback ?? "";
      });
      substituted.add(node);
    },
  });
  if (missing.length > 0) throw new FileError(missing.join("\n"));
  return {
    reread(node) {
      if (!isScalar(node) || !substituted.delete(node)) return false;
      const { contents } = parseDocument(node.value as string);
      if (!isScalar(contents) || typeof contents.value === "string") return false;
      node.value = contents.value;
      return true;
    },
  };
}
