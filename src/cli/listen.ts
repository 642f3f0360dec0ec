import {
  type FetchHandler,
  type HttpHandler,
  ListenError,
  type Listener,
  type ListenOptions,
  listen as listenAt,
  listenHttp as listenHttpAt,
} from "../protocol/index.js";
import { UsageError } from "./usage-error.js";

/**
 * Serves a fetch handler at an address that was given on the command line or in a file.
 * @throws UsageError when it cannot be had, or the certificate is none.
 */
export function listen(handler: FetchHandler, address: ListenOptions): Promise<Listener> {
  return listening(listenAt(handler, address));
}

/** As `listen`, for a handler that does without the web's objects. */
export function listenHttp(handler: HttpHandler, address: ListenOptions): Promise<Listener> {
  return listening(listenHttpAt(handler, address));
}

async function listening(begun: Promise<Listener>): Promise<Listener> {
  try {
    return await begun;
  } catch (error) {
    throw explained(error);
  }
}

/** What to give instead of an address that cannot be had. */
export function explained(error: unknown): unknown {
  if (!(error instanceof ListenError)) return error;
  if (error.field === "certificate") return new UsageError(error.message);
  return new UsageError(`${error.message}; choose another with --${error.field}`);
}
