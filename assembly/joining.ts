import { bareBytes, bareRest, extentBytes, extentUnits, newPieces, nextExtent } from "./extents";
import { WINDOW } from "./memory";
import { INLINE_BYTES, Node } from "./records";
import { copyText, freeText, inlineUnits, isLatin1 } from "./text";

/** Where the text being joined goes: the rest of a piece, and the extents after it. */
let to: usize = 0;
let most: usize = 0;
let next: usize = 0;

/**
 * Gives `lower` the texts of all nodes from `upper` down to it, one after the other; each but `lower` has one child, and none keeps
 * its own. No character begins in one and ends in the next. False, and nothing has changed, when there is no room.
 */
export function joinTexts(upper: Node, lower: Node): bool {
  let units: usize = lower.units;
  let characters = lower.characters;
  let wide: u32 = isLatin1(lower) ? 0 : 1;
  for (let each = lower; each !== upper; ) {
    each = changetype<Node>(each.parent);
    units += each.units;
    characters += each.characters;
    if (!wide && !isLatin1(each)) wide = 1;
  }
  const bytes = units << wide;
  const inside = bytes <= INLINE_BYTES;
  const run = inside ? WINDOW : newPieces(bytes, true);
  if (!run) return false;
  to = run;
  most = inside ? bytes : bareBytes;
  next = inside ? 0 : bareRest;
  const rest = next;
  for (let each = upper; ; each = changetype<Node>(each.children)) {
    append(each, wide);
    freeText(each);
    if (each === lower) break;
  }
  if (inside) {
    memory.copy(inlineUnits(lower), WINDOW, bytes);
  } else {
    lower.text = run;
    lower.textRest = <u32>rest;
  }
  lower.wide = <u16>wide;
  lower.units = <u32>units;
  lower.characters = characters;
  return true;
}

function append(node: Node, wide: u32): void {
  for (let from: usize = 0; from < <usize>node.units; ) {
    if (!most) {
      to = extentUnits(next);
      most = extentBytes(next);
      next = nextExtent(next);
    }
    const count = copyText(node, from, most >> wide, to, wide);
    to += count << wide;
    most -= count << wide;
    from += count;
  }
}
