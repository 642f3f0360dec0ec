import { readFileSync } from "node:fs";
import type { TlsConfig } from "../app/index.js";
import type { Certificate } from "../protocol/index.js";
import { UsageError } from "./usage-error.js";

/** @throws UsageError for files that cannot be read. */
export function readCertificate({ cert, key }: TlsConfig): Certificate {
  try {
    return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  } catch (error) {
    throw new UsageError(`tls cannot be: ${(error as Error).message}`);
  }
}
