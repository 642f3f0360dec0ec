import { characterCount, textOfTokens } from "../tree/index.js";
import { NamespaceNamer, type NamespaceOptions } from "./key/namespace.js";
import { referenceText } from "./key/reference.js";
import { StructuredText } from "./key/structured.js";
import { tokensOfPrompt } from "./key/tokens.js";

/**
 * What a router is asked to route: a text, or a parsed body as it is. Read are completions (`prompt`: a string, strings, token
 * ids, lists of token ids), chat (`messages`), Responses (`input`, `instructions`) and Anthropic's messages (`system`, `messages`).
 */
export type RouteRequest =
  | { text: string }
  | { prompt: unknown }
  | { messages: unknown }
  | { input: unknown }
  | Readonly<Record<string, unknown>>;

/**
 * How a body becomes a text. `"structured"`: with tools, roles, and separators between messages. `"reference"`: the bare contents
 * joined, as Ray Serve LLM does it.
 */
export type Rendering = "structured" | "reference";

/** What a request is matched by. */
export interface RequestKey {
  /** Root in the tree: made of model, LoRA adapter, `cache_salt` and API key; "" when none of them is given. */
  readonly namespace: string;
  /** "" when `tokens` is given, and when nothing can be read. */
  readonly text: string;
  /** A prompt given as token ids, matched by the tree's calls for tokens; else null. */
  readonly tokens: readonly number[] | null;
  /** Length in characters; of a prompt given as token ids, in tokens. */
  readonly chars: number;
  /** The first 100 characters of the first user message, else of the prompt; "" for token ids. */
  readonly affinity: string;
  /** The sticky key that the caller gave. */
  readonly session: string | null;
}

/** What is known of a request besides its body. */
export interface KeyOptions extends NamespaceOptions {
  /** Sticky key of the conversation, for policies that keep one on its replica. */
  session?: string;
}

/** KubeAI's `prefixCharLength`. */
const AFFINITY_CHARS = 100;

/** Reads requests. Never throws: a body must not keep a request from being routed; what cannot be read is an empty text. */
export class KeyReader {
  readonly #rendering: Rendering;
  readonly #copies: boolean;
  readonly #namer = new NamespaceNamer();

  /** @param copies whether lists of token ids are copied: the caller's own may change once the request is routed. */
  constructor(rendering: Rendering, copies = false) {
    this.#rendering = rendering;
    this.#copies = copies;
  }

  /** @param request may be a key already, as a replayed one is. */
  read(request: RouteRequest, options: KeyOptions): Key {
    if (isKey(request)) return request;
    const session = options.session ?? null;
    try {
      const body = request as Readonly<Record<string, unknown>>;
      const namespace = this.#namer.name(body, options);
      if (typeof body.text === "string") return new Key(namespace, body.text, null, body.text, session);
      if (this.#rendering === "reference") {
        const text = referenceText(body);
        return new Key(namespace, text, null, text, session);
      }
      const tokens = (body.messages ?? null) === null ? tokensOfPrompt(body.prompt ?? body.input) : null;
      if (tokens !== null) return new Key(namespace, "", this.#copies ? tokens.slice() : tokens, "", session);
      const { text, firstUserText } = new StructuredText(body);
      return new Key(namespace, text, null, firstUserText ?? text, session);
    } catch {
      return new Key(this.#namer.name({}, options), "", null, "", session);
    }
  }
}

/** False for a body that cannot even be asked. */
function isKey(request: unknown): request is Key {
  try {
    return request instanceof Key;
  } catch {
    return false;
  }
}

/** A key that can let its text go. */
export class Key implements RequestKey {
  readonly namespace: string;
  text: string;
  tokens: readonly number[] | null;
  readonly chars: number;
  readonly session: string | null;
  #opening: string;
  #tokenText: string | null = null;

  constructor(
    namespace: string,
    text: string,
    tokens: readonly number[] | null,
    opening: string,
    session: string | null,
  ) {
    this.namespace = namespace;
    this.text = text;
    this.tokens = tokens;
    this.chars = tokens === null ? characterCount(text) : tokens.length;
    this.session = session;
    this.#opening = opening;
  }

  get affinity(): string {
    return firstCharacters(this.#opening, AFFINITY_CHARS);
  }

  /** Its token ids as a text of one character each, as it was when this was first asked for. */
  get tokenText(): string {
    this.#tokenText ??= textOfTokens(this.tokens ?? []);
    return this.#tokenText;
  }

  /** Before the caller goes on, who may change the list of token ids that it gave. */
  keep(): void {
    if (this.tokens !== null) this.tokens = this.tokens.slice();
  }

  /** Drops what has the size of the request. */
  forget(): void {
    this.text = "";
    this.tokens = null;
    this.#tokenText = null;
    this.#opening = "";
  }
}

function firstCharacters(text: string, count: number): string {
  let end = 0;
  for (let i = 0; i < count && end < text.length; i++) end += text.codePointAt(end)! > 0xffff ? 2 : 1;
  return text.slice(0, end);
}
