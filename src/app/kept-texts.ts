import type { Rendering, Router } from "../routing/index.js";

/** What a new router knows of what was sent before. */
export interface KeptTexts {
  /** Characters of the tree that it has taken over, all replicas together. */
  readonly chars: number;
  /** Of so many. Fewer are kept where the new tree's bounds are smaller: what was sent longest ago is left out. */
  readonly of: number;
  /** Why nothing is kept; null where something may be. */
  readonly lost: string | null;
}

/** A router, and how it renders a body as a text. */
interface Rendered {
  readonly router: Router;
  readonly rendering: Rendering;
}

/**
 * Gives the tree of a router to the one that takes its place and has the same replicas, so that what is warm stays so. O(both trees).
 * The two trees have nothing in common afterwards.
 */
export function handOver(before: Rendered, after: Rendered): KeptTexts {
  const from = before.router.tree;
  const to = after.router.tree;
  const of = from?.stats().chars ?? 0;
  const nothing = (lost: string): KeptTexts => ({ chars: 0, of, lost });
  if (from === null) return nothing(`${before.router.policy} keeps no prefix tree`);
  if (to === null) return nothing(`${after.router.policy} keeps no prefix tree`);
  if (before.rendering !== after.rendering) return nothing(`texts were rendered as ${before.rendering}`);
  // A policy from code may go on with the tree that it had.
  if (from === to) return { chars: of, of, lost: null };
  const own = new Set([...to.tenantToCharCount.keys(), ...after.router.replicas.map(({ id }) => id)]);
  try {
    to.merge(from.snapshot());
  } catch (error) {
    return nothing(error instanceof Error ? error.message : String(error));
  }
  const foreign = [...to.tenantToCharCount.keys()].filter((tenant) => !own.has(tenant));
  to.removeTenants(foreign);
  return { chars: to.stats().chars, of, lost: null };
}
