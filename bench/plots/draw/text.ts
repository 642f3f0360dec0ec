/** Advance widths of Inter Regular, in thousandths of the size, from the space to the tilde. */
const WIDTHS = [
  281, 288, 466, 633, 642, 982, 644, 300, 365, 365, 501, 662, 288, 460, 288, 360, 631, 407, 610, 618, 646, 593, 620,
  566, 619, 620, 288, 302, 662, 662, 662, 511, 966, 690, 654, 730, 722, 601, 590, 746, 743, 269, 571, 672, 565, 903,
  753, 765, 639, 765, 644, 642, 646, 744, 690, 985, 682, 679, 629, 365, 360, 365, 471, 456, 323, 562, 612, 571, 612,
  583, 370, 613, 591, 242, 242, 549, 242, 876, 591, 600, 612, 612, 376, 528, 327, 591, 562, 818, 546, 562, 552, 426,
  333, 426, 662,
];
/** Of any other character. */
const OTHER = 620;
/** Other fonts, which a browser may take, are wider: Verdana and DejaVu by some 15 %. */
const ROOM = 1.08;

/** Width of a text in pixels, there being no browser to ask. */
export function textWidth(text: string, size: number): number {
  let sum = 0;
  for (const character of text) sum += WIDTHS[character.codePointAt(0)! - 32] ?? OTHER;
  return (sum * size * ROOM) / 1000;
}

/** A text in lines of at most this many pixels; words are not cut. */
export function wrapped(text: string, size: number, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && textWidth(longer, size) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return line === "" ? lines : [...lines, line];
}
