/** Characters (UTF-16 units) of the texts when what they begin with in common is counted once: what a radix tree stores. */
export function distinctCharacters(texts: readonly string[]): number {
  let previous = "";
  let characters = 0;
  for (const text of [...texts].sort((a, b) => (a < b ? -1 : 1))) {
    characters += text.length - sharedLength(previous, text);
    previous = text;
  }
  return characters;
}

function sharedLength(left: string, right: string): number {
  const most = Math.min(left.length, right.length);
  let length = 0;
  while (length < most && left.charCodeAt(length) === right.charCodeAt(length)) length++;
  return length;
}
