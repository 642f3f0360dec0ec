import type { PrefixTree } from "warmroute";

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

  /** Adds to the tree what the snapshot holds; nothing where there is none. Replicas that are gone are left out. */
  async load(tree: PrefixTree): Promise<void> {
    const pieces = await this.#storage.list<Uint8Array>({ prefix: "piece-" });
    if (pieces.size === 0) return;
    const replicas = new Set(tree.tenantToCharCount.keys());
    tree.merge(new Uint8Array(await new Blob([...pieces.values()]).arrayBuffer()));
    tree.removeTenants([...tree.tenantToCharCount.keys()].filter((tenant) => !replicas.has(tenant)));
  }
}
