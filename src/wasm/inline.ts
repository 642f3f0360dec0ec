import { BASE64 } from "./bytes.js";

let compiled: WebAssembly.Module | undefined;

/** The core's module, compiled from bytes in this package on first use. Works wherever compiling bytes is allowed. */
export function treeModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(decode(BASE64));
  return compiled;
}

interface Base64Decoder {
  fromBase64?(text: string): Uint8Array<ArrayBuffer>;
}

/** `Uint8Array.from(atob(text), callback)` would take ten times as long as the loop. */
function decode(base64: string): Uint8Array<ArrayBuffer> {
  const native = (Uint8Array as Base64Decoder).fromBase64;
  if (native !== undefined) return native.call(Uint8Array, base64);
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
