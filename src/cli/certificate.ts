import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { AppConfig, TlsConfig } from "../app/index.js";
import type { Certificate } from "../protocol/index.js";
import type { UpstreamOptions } from "./upstream.js";
import { UsageError } from "./usage-error.js";

/** @throws UsageError for files that cannot be read, or are no certificate with its key. */
export function readCertificate({ cert, key }: TlsConfig): Certificate {
  return checked("tls", { cert: read("tls.cert", cert), key: read("tls.key", key) });
}

/** How replicas are connected to. @throws UsageError as above. */
export function upstreamOptions({ upstream = {}, timeouts = {} }: AppConfig): UpstreamOptions {
  const { ca, cert, key, servername, rejectUnauthorized, keepAliveMs, connections } = upstream;
  const { connectMs } = timeouts;
  const tls = checked("upstream", {
    ...(ca !== undefined && { ca: read("upstream.ca", ca) }),
    ...(cert !== undefined && { cert: read("upstream.cert", cert) }),
    ...(key !== undefined && { key: read("upstream.key", key) }),
  });
  return {
    ...(connectMs !== undefined && { connectMs }),
    ...(keepAliveMs !== undefined && { keepAliveMs }),
    ...(connections !== undefined && { connections }),
    tls: {
      ...tls,
      ...(servername !== undefined && { servername }),
      ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    },
  };
}

function read(key: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`${key} cannot be read: ${(error as Error).message}`);
  }
}

function checked<Texts extends { cert?: string; key?: string; ca?: string }>(name: string, texts: Texts): Texts {
  try {
    createSecureContext(texts);
    return texts;
  } catch (error) {
    throw new UsageError(`${name} has files that are no certificate with its key: ${(error as Error).message}`);
  }
}
