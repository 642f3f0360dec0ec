import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { join } from "node:path";
import type { KubernetesConfig } from "../../app/index.js";

/** What the API refused. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
/** Until an answer begins. */
const ANSWER_MS = 30_000;

/** A Kubernetes API, with who asks it. */
export class KubernetesApi {
  readonly namespace: string;
  readonly #server: string;
  readonly #tokenFile: string | null;
  readonly #caFile: string | null;

  /** @throws TypeError where neither the configuration nor a pod's environment tells where it is. */
  constructor({ server, tokenFile, caFile, namespace }: KubernetesConfig, account: string = ACCOUNT) {
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = process.env;
    if (server === undefined && host === undefined) {
      throw new TypeError("the Kubernetes API is not known: this is no pod, and discovery.kubernetes has no server");
    }
    this.#server = (server ?? `https://${host!.includes(":") ? `[${host}]` : host}:${port}`).replace(/\/+$/, "");
    const ofAccount = (name: string) => (existsSync(join(account, name)) ? join(account, name) : null);
    this.#tokenFile = tokenFile ?? ofAccount("token");
    this.#caFile = caFile ?? ofAccount("ca.crt");
    const namespaceFile = ofAccount("namespace");
    this.namespace = namespace ?? (namespaceFile === null ? "default" : readFileSync(namespaceFile, "utf8").trim());
  }

  /**
   * An answer's body, as it comes. Token and CA are read for each request, since they are changed while it runs.
   * @throws ApiError for a status that is not 200.
   */
  async get(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const url = new URL(this.#server + path);
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    const token = this.#tokenFile === null ? null : readFileSync(this.#tokenFile, "utf8").trim();
    const request = send(url, {
      signal,
      headers: { accept: "application/json", ...(token !== null && { authorization: `Bearer ${token}` }) },
      ...(this.#caFile !== null && { ca: readFileSync(this.#caFile) }),
    });
    // Of a connection that breaks later the answer tells.
    request.on("error", () => {});
    const late = setTimeout(() => request.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`)), ANSWER_MS);
    try {
      const answer = once(request, "response");
      request.end();
      const [response] = (await answer) as [IncomingMessage];
      if (response.statusCode === 200) return response;
      throw new ApiError(
        response.statusCode!,
        `${url.host} answers ${response.statusCode}: ${await messageOf(response)}`,
      );
    } finally {
      clearTimeout(late);
    }
  }
}

/** What a `Status` object says, or the body's beginning. */
async function messageOf(response: IncomingMessage): Promise<string> {
  const text = await textOf(response).catch(() => "");
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text.slice(0, 200);
  } catch {
    return text.slice(0, 200);
  }
}

export async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of response.setEncoding("utf8")) text += piece;
  return text;
}
