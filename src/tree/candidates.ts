/** A tenant of one tree: its address in the core, and the small number that stands for it in the core's bitmaps. */
export interface Tenant {
  readonly name: string;
  readonly address: number;
  readonly slot: number;
}

/**
 * The tenants that a match may name, resolved against a tree's tenants at one time: in order, repeats kept, unknown
 * names dropped. Never changed, so that a match can name its tenants whenever it is read.
 */
export class Candidates {
  readonly tenants: readonly Tenant[];
  /** Whether every tenant of the tree is among them; then the core need not look at owners. */
  readonly everyone: boolean;
  /** Bit `slot & 31` of element `slot >> 5`. */
  readonly bitmap: Uint32Array;
  /** Whether their slots are 0, 1, 2 …, as those of all tenants are while none has been removed. */
  readonly inSlotOrder: boolean;

  constructor(tenants: readonly Tenant[], treeSize: number, bitmapWords: number) {
    this.tenants = tenants;
    this.bitmap = new Uint32Array(bitmapWords * 2);
    let distinct = 0;
    for (const { slot } of tenants) {
      const bit = 1 << (slot & 31);
      if ((this.bitmap[slot >> 5]! & bit) !== 0) continue;
      this.bitmap[slot >> 5]! |= bit;
      distinct++;
    }
    this.everyone = distinct === treeSize;
    this.inSlotOrder = tenants.every(({ slot }, index) => slot === index);
  }
}
