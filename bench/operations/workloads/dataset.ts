import { readFileSync } from "node:fs";
import { readEntries } from "../../../src/workloads/index.js";
import type { Conversation } from "./index.js";

/**
 * The conversations of a file in a format of `readEntries`. Texts are made as they are asked for: the blocks of a trace can be gigabytes.
 * @throws Error that names the file and the record.
 */
export function* readConversations(path: string): Generator<Conversation> {
  for (const entry of readEntries(readFileSync(path, "utf8"), path)) {
    yield entry.requests().map(({ prompt }) => prompt);
  }
}
