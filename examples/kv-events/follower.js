// What a replica's KV events tell that a tree of texts can use: that its cache was emptied, and how much it holds after it has
// evicted. Which blocks these are, and their hashes, are not looked at: so it does not matter that hashes have 64 bits or 32 bytes,
// and differ between processes that have not the same PYTHONHASHSEED.
import { decode } from "@msgpack/msgpack";

/** Follows one replica. */
export class Follower {
  #replay;
  #onLost;
  #onEvicted;
  /** The number that the next message has; null before the first. */
  #next = null;
  /** The payload of the message before that. */
  #last = null;
  /** Blocks in the cache, every copy counted; null while that is not known. */
  #blocks = null;
  #tokensABlock = 0;
  #hasEvicted = false;

  /**
   * @param replay (from) => the messages that the replica still has, [number, payload] each, from that number on
   * @param onLost (why) => hears that the cache is empty: "restarted" or "cleared"
   * @param onEvicted (tokens) => hears how many tokens the cache holds after it has evicted some
   */
  constructor({ replay, onLost, onEvicted }) {
    this.#replay = replay;
    this.#onLost = onLost;
    this.#onEvicted = onEvicted;
  }

  /** One message; the next one has to wait for it. @param number a BigInt @param payload MessagePack */
  async message(number, payload) {
    if (this.#next === null) await this.#begin(number);
    else if (number < this.#next || (number > this.#next && !(await this.#catchUp(number)))) {
      this.#onLost("restarted");
      await this.#begin(number);
    }
    this.#apply(payload);
    this.#last = payload;
    this.#next = number + 1n;
    if (this.#hasEvicted && this.#blocks !== null) this.#onEvicted(this.#blocks * this.#tokensABlock);
    this.#hasEvicted = false;
  }

  /** All that a process has told before this number. What it does not have any more leaves the size unknown. */
  async #begin(number) {
    const messages = await this.#between(0n, number);
    this.#blocks = BigInt(messages.length) === number ? 0 : null;
    for (const [, payload] of messages) this.#apply(payload);
  }

  /**
   * What was missed before this number. Asks for the last known message again: another one in its place is that of a process that
   * began anew while nobody listened, and has come farther by now.
   * @returns false for such a one
   */
  async #catchUp(number) {
    const [known, ...missed] = await this.#between(this.#next - 1n, number);
    if (known?.[0] !== this.#next - 1n) {
      this.#blocks = null; // too old to be replayed
      return true;
    }
    if (Buffer.compare(known[1], this.#last) !== 0) return false;
    for (const [, payload] of missed) this.#apply(payload);
    return true;
  }

  async #between(from, to) {
    return from === to ? [] : (await this.#replay(from)).filter(([number]) => number < to);
  }

  #apply(payload) {
    const batch = decode(payload);
    for (const event of Array.isArray(batch) ? batch[1] : batch.events) {
      const { type, hashes, group, tokensABlock } = read(event);
      if (type === "AllBlocksCleared") {
        this.#blocks = 0;
        this.#onLost("cleared");
      }
      // Of a model with several kinds of attention the first kind's blocks stand for all.
      if (hashes === undefined || group) continue;
      const stored = type === "BlockStored";
      if (stored) this.#tokensABlock = tokensABlock;
      else this.#hasEvicted = true;
      if (this.#blocks !== null) this.#blocks += stored ? hashes.length : -hashes.length;
    }
  }
}

/** An event is a list up to vLLM 0.22, and in SGLang; a map since then. */
function read(event) {
  if (!Array.isArray(event)) {
    return { type: event.type, hashes: event.block_hashes, group: event.group_idx, tokensABlock: event.block_size };
  }
  const [type, hashes] = event;
  return { type, hashes, group: event[type === "BlockStored" ? 9 : 3], tokensABlock: event[4] };
}
