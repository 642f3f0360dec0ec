const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

/**
 * JSON in UTF-8 with another text as the value of one member of the outermost object; every other byte stays as it is. Where the member
 * comes several times it is another one each time, since readers differ in which of them counts. O(bytes).
 * @param json an object that `JSON.parse` takes; the byte order mark that a decoder drops may come first.
 */
export function withText(json: Uint8Array, name: string, text: string): Uint8Array<ArrayBuffer> {
  const value = new TextEncoder().encode(JSON.stringify(text));
  const pieces: Uint8Array[] = [];
  let kept = 0;
  for (const { start, end } of valuesOf(json, name)) {
    pieces.push(json.subarray(kept, start), value);
    kept = end;
  }
  pieces.push(json.subarray(kept));
  const changed = new Uint8Array(pieces.reduce((bytes, piece) => bytes + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    changed.set(piece, at);
    at += piece.byteLength;
  }
  return changed;
}

/** Where the values of the outermost object's members of that name are. Bytes of characters beyond ASCII are never one of those looked for. */
function valuesOf(json: Uint8Array, name: string): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  let at = spaceEnd(json, json.indexOf(OPEN) + 1);
  while (json[at] === QUOTE) {
    const keyEnd = stringEnd(json, at);
    const start = spaceEnd(json, json.indexOf(COLON, keyEnd) + 1);
    const end = valueEnd(json, start);
    if (isText(json.subarray(at, keyEnd), name)) found.push({ start, end });
    at = spaceEnd(json, end);
    if (json[at] === COMMA) at = spaceEnd(json, at + 1);
  }
  return found;
}

/** A name may be written with escapes: `"m\u006fdel"`. */
function isText(quoted: Uint8Array, text: string): boolean {
  return JSON.parse(new TextDecoder().decode(quoted)) === text;
}

function spaceEnd(json: Uint8Array, from: number): number {
  let at = from;
  while (json[at]! <= 0x20) at++;
  return at;
}

/** Behind the closing quote. */
function stringEnd(json: Uint8Array, from: number): number {
  let at = from + 1;
  while (json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

function valueEnd(json: Uint8Array, from: number): number {
  if (json[from] === QUOTE) return stringEnd(json, from);
  let depth = 0;
  for (let at = from; ; ) {
    const byte = json[at]!;
    if (depth === 0 && (byte === COMMA || byte === CLOSE || byte <= 0x20)) return at;
    if (byte === QUOTE) {
      at = stringEnd(json, at);
      continue;
    }
    if (byte === OPEN || byte === OPEN_LIST) depth++;
    else if (byte === CLOSE || byte === CLOSE_LIST) depth--;
    at++;
    if (depth === 0 && (byte === CLOSE || byte === CLOSE_LIST)) return at;
  }
}
