import { extentBytes, extentUnits, newExtents, nextExtent } from "./extents";
import { WINDOW } from "./memory";
import { INLINE_BYTES, Node } from "./records";
import { copyText, freeText, inlineUnits, isLatin1 } from "./text";

/** Where the text being joined goes: an extent, and the bytes of it that are full. */
let extent: usize = 0;
let used: usize = 0;

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
  if (bytes <= INLINE_BYTES) {
    let to = WINDOW;
    for (let each = upper; ; each = changetype<Node>(each.children)) {
      to += copyText(each, 0, each.units, to, wide) << wide;
      freeText(each);
      if (each === lower) break;
    }
    memory.copy(inlineUnits(lower), WINDOW, bytes);
  } else {
    const chain = newExtents(bytes);
    if (!chain) return false;
    extent = chain;
    used = 0;
    for (let each = upper; ; each = changetype<Node>(each.children)) {
      append(each, wide);
      freeText(each);
      if (each === lower) break;
    }
    lower.text = chain;
  }
  lower.wide = <u16>wide;
  lower.units = <u32>units;
  lower.characters = characters;
  return true;
}

function append(node: Node, wide: u32): void {
  for (let from: usize = 0; from < <usize>node.units; ) {
    if (used == extentBytes(extent)) {
      extent = nextExtent(extent);
      used = 0;
    }
    const count = copyText(node, from, (extentBytes(extent) - used) >> wide, extentUnits(extent) + used, wide);
    used += count << wide;
    from += count;
  }
}
