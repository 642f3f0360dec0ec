export type JsonRecord = Readonly<Record<string, unknown>>;

/** Data that is not what a reader expects: file, line or record, what was expected and what is there. */
export class DataError extends Error {
  override name = "DataError";
}

/** An object of a file, and where it stands, for messages. */
export interface PlacedRecord {
  readonly value: JsonRecord;
  /** `traces.jsonl, line 7`. */
  readonly where: string;
}

/**
 * The objects of a text of JSON (one, or a list) or JSON Lines; blank lines and a byte order mark are skipped.
 * @param source names the text in messages.
 * @throws DataError
 */
export function recordsOf(text: string, source: string): PlacedRecord[] {
  const content = text.startsWith("\uFEFF") ? text.slice(1) : text;
  return (wholeText(content, source) ?? lines(content, source)).map(({ value, where }) => {
    if (isRecord(value)) return { value, where };
    throw new DataError(`${where}: expected an object, not ${excerpt(value)}`);
  });
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value of JSON as a message shows it. */
export function excerpt(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

interface Placed {
  readonly value: unknown;
  readonly where: string;
}

/** Null when the text is not one value of JSON. */
function wholeText(content: string, source: string): Placed[] | null {
  try {
    const value: unknown = JSON.parse(content);
    const values = Array.isArray(value) ? value : [value];
    return values.map((each: unknown, i) => ({ value: each, where: `${source}, record ${i + 1}` }));
  } catch {
    return null;
  }
}

function lines(content: string, source: string): Placed[] {
  const found: Placed[] = [];
  for (const [i, line] of content.split("\n").entries()) {
    if (line.trim() === "") continue;
    const where = `${source}, line ${i + 1}`;
    try {
      found.push({ value: JSON.parse(line), where });
    } catch (error) {
      throw new DataError(`${where}: neither JSON nor JSON Lines: ${(error as Error).message}`);
    }
  }
  return found;
}
