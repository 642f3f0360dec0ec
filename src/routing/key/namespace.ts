import { hash64 } from "./hash.js";

/** What keeps requests apart whose texts are alike but whose KV cache cannot be shared. */
export interface NamespaceOptions {
  /** Default: the body's `model`. */
  model?: string;
  /** LoRA adapter. Default: the body's `lora_path` (SGLang); vLLM names an adapter as its `model`. */
  adapter?: string;
  /** Default: the body's `cache_salt`. */
  cacheSalt?: string;
  /** The client's key, where clients must not see each other's matches. Only its hash is kept. Default: none. */
  apiKey?: string;
}

/** Makes namespaces, and makes the last one only once: most requests have that of the one before. */
export class NamespaceNamer {
  #model: string | null = null;
  #adapter: string | null = null;
  #salt: string | null = null;
  #apiKey: string | null = null;
  #name = "";

  /** "" when nothing is given; else different for whatever is different. */
  name(body: Readonly<Record<string, unknown>>, options: NamespaceOptions): string {
    const model = options.model ?? textOrNull(body.model);
    const adapter = options.adapter ?? textOrNull(body.lora_path);
    const salt = options.cacheSalt ?? textOrNull(body.cache_salt);
    const apiKey = options.apiKey ?? null;
    if (model !== this.#model || adapter !== this.#adapter || salt !== this.#salt || apiKey !== this.#apiKey) {
      const parts = [model, adapter, salt].map(shortened);
      parts.push(apiKey === null ? null : hash64(apiKey));
      this.#name = parts.every((part) => part === null) ? "" : JSON.stringify(parts);
      this.#model = model;
      this.#adapter = adapter;
      this.#salt = salt;
      this.#apiKey = apiKey;
    }
    return this.#name;
  }
}

/** A namespace is kept as long as its texts are: of what is longer than any name, a hash. */
const LONGEST_PART = 256;

function shortened(part: string | null): string | null {
  if (part === null || part.length <= LONGEST_PART) return part;
  return `${part.slice(0, 32)}…${part.length}:${hash64(part)}`;
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
