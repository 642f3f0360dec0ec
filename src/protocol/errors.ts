/** What may be said of an error besides its message. */
export interface ErrorDetails {
  /** OpenAI's kind of error. Default: `invalid_request_error` below status 500, else `server_error`. */
  type?: string | undefined;
  /** The field of the body that is wrong. */
  param?: string | null | undefined;
  /** A word for programs. */
  code?: string | number | null | undefined;
  /** Of the answer, besides its content type. */
  headers?: Readonly<Record<string, string>> | undefined;
}

/** The body of an error answer, as OpenAI and vLLM shape it. */
export interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string | number | null };
}

/** A request that is refused for what it is: carries the status and body of the answer. */
export class RequestError extends Error {
  readonly status: number;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | number | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = "RequestError";
    this.status = status;
    this.type = details.type ?? defaultType(status);
    this.param = details.param ?? null;
    this.code = details.code ?? null;
    this.headers = details.headers ?? {};
  }

  toResponse(): Response {
    return errorResponse(this.status, this.message, this);
  }
}

export function errorBody(message: string, { type, param, code }: ErrorDetails = {}): ErrorBody {
  return { error: { message, type: type ?? "invalid_request_error", param: param ?? null, code: code ?? null } };
}

export function errorResponse(status: number, message: string, details: ErrorDetails = {}): Response {
  const body = errorBody(message, { ...details, type: details.type ?? defaultType(status) });
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...details.headers },
  });
}

function defaultType(status: number): string {
  return status < 500 ? "invalid_request_error" : "server_error";
}
