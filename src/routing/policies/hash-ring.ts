import { textHash } from "./text-hash.js";

/** More than any router has replicas, so that a point's hash and its owner are one exact number: 32 + 20 bits. */
const OWNERS = 1048576;

/**
 * A ring of points, `virtualNodes` of them for each id, each at a place that hangs on the id alone: every router that knows the
 * same ids has the same ring, in whatever order it got them, and one id more or less moves only what it gains or had.
 */
export class HashRing {
  /** Sorted: place × OWNERS + owner. */
  readonly #points: Float64Array;
  /** Ids in an order of their own, so that even two points at one place fall out alike everywhere. */
  readonly ids: readonly string[];

  /** O(n log n) for n points. */
  constructor(ids: readonly string[], virtualNodes: number) {
    this.ids = [...ids].sort();
    this.#points = new Float64Array(ids.length * virtualNodes);
    let next = 0;
    this.ids.forEach((id, owner) => {
      const base = textHash(id, 0);
      for (let i = 0; i < virtualNodes; i++) this.#points[next++] = textHash(`${i}`, base) * OWNERS + owner;
    });
    this.#points.sort();
  }

  /**
   * From a place on, clockwise, the first owner for which `accepts` holds; -1 when there is none. An owner may be asked more
   * than once. O(log points + points passed).
   */
  find(place: number, accepts: (owner: number) => boolean): number {
    const points = this.#points;
    const start = this.#firstFrom(place * OWNERS);
    for (let i = 0; i < points.length; i++) {
      const at = start + i;
      const owner = points[at < points.length ? at : at - points.length]! % OWNERS;
      if (accepts(owner)) return owner;
    }
    return -1;
  }

  /** The first point at or after that value; the number of points if there is none. */
  #firstFrom(value: number): number {
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#points[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
