import { hash64 } from "./hash.js";

/** Where a part of OpenAI's, vLLM's or Anthropic's shape keeps what it shows; then the fields of an object found there. */
const MEDIA_FIELDS = [
  "image_url",
  "input_audio",
  "audio_url",
  "video_url",
  "source",
  "file",
  "image",
  "audio",
  "video",
  "file_data",
  "file_id",
  "file_url",
];
const PAYLOAD_FIELDS = ["url", "data", "file_data", "file_id", "file_url"];

/**
 * An image, a sound, a film or a file as a hash: of its bytes where they are in the part (base64, with or without the head of a
 * data URL, or binary), else of its address. Null when the part has neither.
 */
export function mediaHash(part: Readonly<Record<string, unknown>>): string | null {
  for (const field of MEDIA_FIELDS) {
    const payload = payloadOf(part[field]);
    if (payload === null) continue;
    if (typeof payload === "string" && payload.startsWith("data:")) return hash64(payload, payload.indexOf(",") + 1);
    return hash64(payload);
  }
  return null;
}

function payloadOf(value: unknown): string | Uint8Array | null {
  const direct = payload(value);
  if (direct !== null || typeof value !== "object" || value === null) return direct;
  for (const field of PAYLOAD_FIELDS) {
    const inner = payload((value as Record<string, unknown>)[field]);
    if (inner !== null) return inner;
  }
  return null;
}

function payload(value: unknown): string | Uint8Array | null {
  if (typeof value === "string" || value instanceof Uint8Array) return value;
  return value instanceof ArrayBuffer ? new Uint8Array(value) : null;
}
