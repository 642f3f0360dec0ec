import { appendFileSync, existsSync, statSync, truncateSync } from "node:fs";

/**
 * Appends to a file, all of it or nothing: of a line that a full disk cuts, nothing is left for the next one to be glued to.
 * @throws the system's error, whose message names the file.
 */
export function appendWhole(path: string, text: string): void {
  const size = existsSync(path) ? statSync(path).size : 0;
  try {
    appendFileSync(path, text);
  } catch (error) {
    if (existsSync(path) && statSync(path).isFile()) truncateSync(path, size);
    if (error instanceof Error && !error.message.includes(path)) error.message = `${path}: ${error.message}`;
    throw error;
  }
}
