import { withText } from "../protocol/index.js";
import type { Message } from "./message.js";

/** By which names a model is asked for, and by which its replicas know it. */
export interface Naming {
  readonly aliases: readonly string[];
  /** Its replicas' name for it. */
  readonly served: string;
}

/**
 * A message for a model under the names that count: its own for the router, so that whoever asks by an alias shares its cache, and its
 * replicas' in the bytes that are sent to them. Nothing else of these changes.
 */
export function renamed(message: Message, model: string, { served }: Naming): Message {
  const { bytes, body, model: named } = message;
  if (named === model && served === model) return message;
  return {
    model,
    body: named === model ? body : { ...body, model },
    bytes: named === served ? bytes : withText(bytes, "model", served),
  };
}
