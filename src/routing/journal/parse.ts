import { checkOptions, type RouterOptions } from "../options.js";
import { POLICIES, type PolicyName } from "../policies/index.js";
import { shown } from "../shown.js";
import { lettersOf } from "./block-hashes.js";
import {
  BLOCK_CHARS,
  isBlockChars,
  JOURNAL_VERSION,
  type JournalEvent,
  type JournalHeader,
  RECORDED_OPTIONS,
  type RequestEvent,
  recordedOptions,
} from "./format.js";

/** A line of a journal that cannot be read. */
export class JournalError extends Error {
  /** Its number; the first is 1. */
  readonly line: number;

  /** @internal */
  constructor(line: number, problem: string) {
    super(`journal, line ${line}: ${problem}`);
    this.name = "JournalError";
    this.line = line;
  }
}

/** @throws JournalError that says what is wrong with the first line. */
export function parseHeader(text: string): JournalHeader {
  const header = parseObject(text, 1);
  if (header.journal !== "warmroute") throw new JournalError(1, "a journal of warmroute must begin with its header");
  // The version first: another one may have other fields.
  if (header.version !== JOURNAL_VERSION) {
    throw new JournalError(1, `version must be ${JOURNAL_VERSION}, not ${shown(header.version)}`);
  }
  check(header, HEADER, "the header", 1);
  if ((header.keys === "hashes") !== "blockChars" in header) {
    throw new JournalError(1, 'blockChars must be there with keys "hashes", and only then');
  }
  checkRecordedOptions(header as unknown as JournalHeader);
  return header as unknown as JournalHeader;
}

/** What the recorded router would have refused is the journal's fault, not that of who replays it. */
function checkRecordedOptions(header: JournalHeader): void {
  const { policy } = header.options;
  const known = !header.own && Object.hasOwn(POLICIES, policy as PolicyName);
  const accepted = [
    "policy",
    ...RECORDED_OPTIONS,
    ...(known ? Object.keys(POLICIES[policy as PolicyName].options) : []),
  ];
  try {
    // For one of its own any will do: only its name is in the header.
    const own = header.own && { policy: () => {} };
    checkOptions({ ...recordedOptions(header), replicas: header.replicas, ...own } as unknown as RouterOptions);
  } catch (error) {
    throw new JournalError(1, (error as Error).message);
  }
  for (const name of Object.keys(header.options)) {
    if (accepted.includes(name)) continue;
    throw new JournalError(1, `unknown option ${shown(name)} in the header; there are ${accepted.join(", ")}`);
  }
}

/** @throws JournalError that says what is wrong with the line. */
export function parseEvent(text: string, line: number, { blockChars }: JournalHeader): JournalEvent {
  const event = parseObject(text, line);
  const what = event.do;
  if (typeof what !== "string" || !Object.hasOwn(EVENTS, what)) {
    throw new JournalError(line, `do must be one of ${Object.keys(EVENTS).join(", ")}, not ${shown(what)}`);
  }
  check(event, EVENTS[what as JournalEvent["do"]], JSON.stringify(what), line);
  if (what === "route" || what === "acquire") checkKey(event as unknown as RequestEvent, blockChars, line);
  return event as unknown as JournalEvent;
}

type Fields = Readonly<Record<string, Check>>;

/** What a value must be, in words, where it is not. */
interface Check {
  readonly is: (value: unknown) => boolean;
  readonly words: string;
  readonly optional?: true;
}

const string: Check = { is: (value) => typeof value === "string", words: "a string" };
const number: Check = { is: Number.isFinite, words: "a number" };
const count: Check = { is: isCount, words: "a whole number, 0 or more" };
const figure: Check = { is: (value) => Number.isFinite(value) && (value as number) >= 0, words: "0 or more" };
const yes: Check = { is: (value) => value === true, words: "true" };
const flag: Check = { is: (value) => typeof value === "boolean", words: "true or false" };
const object: Check = { is: isObject, words: "an object" };
const strings: Check = { is: (value) => isListOf(value, string.is), words: "an array of strings" };
const tokens: Check = { is: (value) => isListOf(value, isCount), words: "an array of token ids" };
const replicas: Check = {
  is: (value) => isListOf(value, (each) => isObject(each) && typeof each.id === "string" && each.id !== ""),
  words: "an array of replicas with ids",
};
const times: Check = { is: (value) => number.is(value) || isListOf(value, number.is), words: "a time or times" };
const leases: Check = {
  is: (value) =>
    isListOf(
      value,
      (lease) =>
        Array.isArray(lease) &&
        lease.length === 4 &&
        isCount(lease[0]) &&
        isCount(lease[1]) &&
        typeof lease[2] === "string" &&
        typeof lease[3] === "string",
    ),
  words: "an array of [id, try, replica, reason]",
};
const blockChars: Check = { is: isBlockChars, words: BLOCK_CHARS };

const HEADER: Fields = {
  journal: string,
  version: number,
  keys: word("texts", "hashes"),
  blockChars: optional(blockChars),
  whole: flag,
  t: number,
  options: object,
  own: optional(yes),
  replicas,
};

const EVENT: Fields = { do: string, t: optional(times), to: optional(leases) };
const OF_REQUEST: Fields = { ...EVENT, id: count, try: optional(count) };
const REQUEST: Fields = {
  ...OF_REQUEST,
  text: optional(string),
  tokens: optional(tokens),
  blocks: optional(string),
  chars: optional(count),
  ids: optional(yes),
  opening: optional(string),
  ns: optional(string),
  session: optional(string),
  model: optional(string),
  exclude: optional(strings),
  labels: optional(object),
  refused: optional(yes),
};

const EVENTS: Readonly<Record<JournalEvent["do"], Fields>> = {
  route: REQUEST,
  acquire: REQUEST,
  accept: OF_REQUEST,
  first: OF_REQUEST,
  back: OF_REQUEST,
  end: {
    ...OF_REQUEST,
    how: word("released", "rejected", "aborted", "idle", "forgotten"),
    ttftMs: optional(figure),
    cachedTokens: optional(figure),
    promptTokens: optional(figure),
    completionTokens: optional(figure),
    error: optional(yes),
    queueLength: optional(count),
  },
  leave: { ...OF_REQUEST, why: word("timeout", "aborted") },
  replicas: { ...EVENT, list: replicas },
  load: {
    ...EVENT,
    replica: string,
    running: figure,
    waiting: figure,
    kvUsage: optional({ is: (value) => figure.is(value) && (value as number) <= 1, words: "from 0 to 1" }),
    at: number,
  },
  sweep: EVENT,
};

function parseObject(text: string, line: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const cut = text.startsWith("{") && !text.endsWith("}");
    throw new JournalError(
      line,
      cut ? `cut off after ${text.length} characters` : `not JSON: ${shown(text.slice(0, 60))}`,
    );
  }
  if (!isObject(value)) throw new JournalError(line, `must be an object, not ${shown(value)}`);
  return value;
}

function check(value: Record<string, unknown>, fields: Fields, where: string, line: number): void {
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(fields, name)) {
      throw new JournalError(
        line,
        `unknown field ${shown(name)} in ${where}; there are ${Object.keys(fields).join(", ")}`,
      );
    }
  }
  for (const name in fields) {
    const { is, words, optional: mayMiss } = fields[name]!;
    const field = value[name];
    if (field === undefined ? mayMiss : is(field)) continue;
    const problem =
      field === undefined ? `${name} is missing in ${where}` : `${name} must be ${words}, not ${shown(field)}`;
    throw new JournalError(line, problem);
  }
}

/** What goes with what of a request's text. */
function checkKey(
  { text, tokens: ids, blocks, chars, ids: areIds }: RequestEvent,
  size: number | undefined,
  line: number,
): void {
  const given = [text, ids, blocks].filter((each) => each !== undefined).length;
  if (given > 1) throw new JournalError(line, "there must be one of text, tokens and blocks");
  if ((blocks === undefined) !== (chars === undefined)) throw new JournalError(line, "blocks and chars go together");
  if (blocks === undefined) {
    if (areIds !== undefined) throw new JournalError(line, "ids goes with blocks");
    if (given > 0 && size !== undefined) throw new JournalError(line, "a journal of hashes has blocks, not texts");
    return;
  }
  if (size === undefined) throw new JournalError(line, "blocks needs a header with blockChars");
  const letters = lettersOf(chars!, areIds ? size / 4 : size);
  if (blocks.length !== letters || !/^[\w-]*$/.test(blocks)) {
    throw new JournalError(line, `blocks must be ${letters} letters for ${chars} characters, not ${blocks.length}`);
  }
}

function optional(of: Check): Check {
  return { ...of, optional: true };
}

function word(...words: string[]): Check {
  return { is: (value) => words.includes(value as string), words: words.map((each) => shown(each)).join(" or ") };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOf(value: unknown, is: (each: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is);
}
