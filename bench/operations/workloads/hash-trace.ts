import { Random } from "../../../src/random/index.js";
import { ENGLISH, Writer } from "./writer.js";

/** Tokens that a hash of Mooncake's traces stands for. */
const BLOCK_TOKENS = 512;
const CHARACTERS_A_TOKEN = 4;

/** A text of that many tokens in which equal ids are equal text. */
export function textOfBlocks(ids: readonly number[], tokens: number): string {
  return ids
    .map(blockOf)
    .join("")
    .slice(0, tokens * CHARACTERS_A_TOKEN);
}

function blockOf(id: number): string {
  const length = BLOCK_TOKENS * CHARACTERS_A_TOKEN;
  return new Writer(new Random(id), ENGLISH).prose(length, length).slice(0, length);
}
