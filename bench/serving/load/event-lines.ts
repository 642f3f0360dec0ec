const LINE_FEED = 0x0a;
const DATA = Buffer.from("data:");

/**
 * Takes the `data:` lines out of a stream of server-sent events whose pieces are cut anywhere: all that APIs of models use of that format.
 * It works on bytes, so that a character cut in two is read whole, and copies nothing but a line that a cut goes through.
 */
export class EventLines {
  #rest: Buffer | null = null;

  /** Calls `onData` with what follows `data:` in each line that the piece completes. */
  push(piece: Buffer, onData: (data: string) => void): void {
    const bytes = this.#rest === null ? piece : Buffer.concat([this.#rest, piece]);
    let from = 0;
    for (;;) {
      const end = bytes.indexOf(LINE_FEED, from);
      if (end < 0) break;
      if (end - from > DATA.length && DATA.compare(bytes, from, from + DATA.length) === 0) {
        // JSON does not mind the blank after the colon or a carriage return before the end.
        onData(bytes.toString("utf8", from + DATA.length, end).trim());
      }
      from = end + 1;
    }
    this.#rest = from === bytes.length ? null : bytes.subarray(from);
  }
}
