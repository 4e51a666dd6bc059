/** The attributes of a span. Never what people typed: no bodies, tokens, addresses or parameters of statements. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** How it ended. */
export interface Ending {
  /** When only now it is known what it was: a route is, once a request is routed. */
  readonly name?: string;
  readonly attributes?: Attributes;
  /** The code of what went wrong, when that was the server's fault. */
  readonly error?: string;
}

export interface ChildOptions {
  /** `client` when another program does the work. */
  readonly kind?: 'client' | 'internal';
  readonly attributes?: Attributes;
  /** The spans whose work it does together. They and it are linked, both ways: it can have one parent only. */
  readonly on?: readonly Span[];
}

/** A piece of work that is under way, as it will be seen in a trace. */
export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** False when the sampler has left it out: then nothing is told of it, and it has no children. */
  readonly isRecorded: boolean;
  child(name: string, options?: ChildOptions): Span;
  end(ending?: Ending): void;
}

/** Where spans come from. */
export interface SpanSource {
  /** A piece of work that somebody else has asked for, in the trace of `parent` or in one of its own. */
  begin(name: string, parent: TraceParent | undefined): Span;
  /** Sends what is left. Takes no longer than `boundMs`, and never rejects. */
  shutdown(boundMs: number): Promise<void>;
}

/** The trace of the caller: the header `traceparent` of W3C Trace Context. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}
