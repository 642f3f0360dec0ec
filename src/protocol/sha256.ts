/**
 * The SHA-256 of a text's UTF-8. At once where the runtime can do that: a promise of WebCrypto's is kept by another thread, which costs
 * as much as all that the gateway does with a request (25 µs of CPU).
 */
export function sha256(text: string): Uint8Array | Promise<Uint8Array> {
  // Looked for when it is first needed: an edge runtime throws at whoever asks for it.
  atOnce ??= byNode() ?? byWebCrypto;
  return atOnce(text);
}

/** @internal Where there is nothing else, as in a page. */
export async function byWebCrypto(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

/** The bytes as hex digits, in small letters. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

let atOnce: ((text: string) => Uint8Array | Promise<Uint8Array>) | undefined;

/** Node's (20.12 and later), which Deno, Bun and Workers may have too. */
function byNode(): ((text: string) => Uint8Array) | null {
  try {
    const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
    const node = process?.getBuiltinModule?.("node:crypto") as NodeCrypto | undefined;
    return typeof node?.hash === "function" ? (text) => node.hash("sha256", text, "buffer") : null;
  } catch {
    return null;
  }
}

interface NodeCrypto {
  hash(algorithm: string, data: string, encoding: "buffer"): Uint8Array;
}
