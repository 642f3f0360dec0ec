/**
 * What is used of `@opentelemetry/api`, in types of our own: the package is an optional peer, and who does not have it must be able to
 * read our declarations.
 */
export interface OpenTelemetryApi {
  /** Tracers and spans. */
  readonly trace: {
    getTracer(name: string): OpenTelemetryTracer;
    getSpan(context: unknown): OpenTelemetrySpan | undefined;
    setSpan(context: unknown, span: OpenTelemetrySpan): unknown;
  };
  /** What is active. */
  readonly context: {
    active(): unknown;
    with<Result>(context: unknown, call: () => Result): Result;
  };
  /** Contexts in headers. */
  readonly propagation: {
    extract(context: unknown, carrier: unknown, getter: unknown): unknown;
    inject(context: unknown, carrier: unknown, setter: unknown): void;
    fields(): string[];
  };
}

/** Starts spans. */
export interface OpenTelemetryTracer {
  startSpan(
    name: string,
    options: { readonly kind: number; readonly attributes: OpenTelemetryAttributes },
    context: unknown,
  ): OpenTelemetrySpan;
}

/** A span that has begun. */
export interface OpenTelemetrySpan {
  spanContext(): { readonly traceId: string };
  setAttributes(attributes: OpenTelemetryAttributes): unknown;
  addEvent(name: string, attributes?: OpenTelemetryAttributes): unknown;
  setStatus(status: { readonly code: number }): unknown;
  end(): void;
}

/** By the conventions' names. */
export type OpenTelemetryAttributes = Readonly<Record<string, string | number | boolean | string[]>>;
