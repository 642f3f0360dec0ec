import { PrefixTree } from "warmroute";

/** A value in a Durable Object's storage has at most 2 MB. */
const PIECE_BYTES = 1024 * 1024;

/** Keeps one tree's snapshot in the storage of a Durable Object, in pieces. */
export class SnapshotStore {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** @returns the bytes saved. The pieces are written in one transaction: a crash leaves the old snapshot or the new one. */
  async save(tree: PrefixTree): Promise<number> {
    const bytes = tree.snapshot();
    await this.#storage.transaction(async (transaction) => {
      for (const key of (await transaction.list({ prefix: "piece-" })).keys()) await transaction.delete(key);
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        // Storage lists keys in the order of their text: the number is padded.
        await transaction.put(`piece-${String(at).padStart(12, "0")}`, bytes.slice(at, at + PIECE_BYTES));
      }
    });
    return bytes.length;
  }

  /** Gives the tree what the snapshot holds; nothing where there is none. Replicas that are gone are left out. */
  async load(tree: PrefixTree): Promise<void> {
    const pieces = await this.#storage.list<Uint8Array>({ prefix: "piece-" });
    if (pieces.size === 0) return;
    const bytes = new Uint8Array(await new Blob([...pieces.values()]).arrayBuffer());
    copy(PrefixTree.restore(bytes), tree);
  }
}

/** Inserts, oldest first, what the tenants of one tree own in another that has them too. */
function copy(from: PrefixTree, to: PrefixTree): void {
  const { nodes, recency } = from.inspect();
  const texts: string[] = [];
  for (const { parent, text } of nodes) texts.push((texts[parent] ?? "") + text);
  for (const [tenant, newestFirst] of recency) {
    for (const node of newestFirst.reverse()) to.insert(texts[node]!, tenant, nodes[node]!.times.get(tenant)!);
  }
}
