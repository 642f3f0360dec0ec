import { RequestError, readBody } from "../../protocol/index.js";
import { SnapshotError } from "../../tree/index.js";
import type { Fleet } from "../fleet.js";
import { treeOf } from "./tree-of.js";

/** The largest that is read: more than the tree's own bound by default. */
const MOST_BYTES = 512 * 1024 * 1024;

export function snapshotOut(fleet: Fleet): Response {
  return new Response(treeOf(fleet).snapshot(), { headers: { "content-type": "application/octet-stream" } });
}

/**
 * Adds what another router's tree knows of the replicas that this one has, by their ids.
 * @throws RequestError 400 for bytes that are no whole snapshot; nothing changes.
 */
export async function snapshotIn(fleet: Fleet, request: Request): Promise<object> {
  const bytes = await readBody(request, MOST_BYTES);
  const tree = treeOf(fleet);
  try {
    tree.merge(bytes);
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    throw new RequestError(400, `${error.message}.`, { code: "invalid_snapshot" });
  }
  const ids = new Set(fleet.router.replicas.map(({ id }) => id));
  const foreign = [...tree.tenantToCharCount.keys()].filter((tenant) => !ids.has(tenant));
  tree.removeTenants(foreign);
  for (const member of fleet.members) member.clean = false;
  return { merged: true, chars: tree.stats().chars, leftOut: foreign };
}
