/** As the tree takes them. No vocabulary has so many, so the largest separates prompts that come in one request. */
const MOST_TOKEN_ID = 1_000_000;

/** The ids of a prompt given as token ids, or as lists of them, one after the other; null for any other prompt. */
export function tokensOfPrompt(prompt: unknown): readonly number[] | null {
  if (!Array.isArray(prompt) || prompt.length === 0) return null;
  if (typeof prompt[0] === "number") return isTokenList(prompt) ? prompt : null;
  // Not `every`, which passes over holes, be they thousands of millions.
  for (let i = 0; i < prompt.length; i++) if (!isTokenList(prompt[i])) return null;
  const lists = prompt as number[][];
  if (lists.length === 1) return lists[0]!;
  return lists.flatMap((list, i) => (i === 0 ? list : [MOST_TOKEN_ID, ...list]));
}

function isTokenList(list: unknown): list is number[] {
  if (!Array.isArray(list) || list.length === 0) return false;
  for (let i = 0; i < list.length; i++) {
    const id: unknown = list[i];
    if (!Number.isInteger(id) || (id as number) < 0 || (id as number) >= MOST_TOKEN_ID) return false;
  }
  return true;
}
