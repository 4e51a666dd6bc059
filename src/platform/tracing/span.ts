/** The attributes of a span. They must not have bodies, tokens, addresses or parameters of statements. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** How a span ended. */
export interface Ending {
  /** The final name, if it is only known at the end, such as the route of a request. */
  readonly name?: string;
  readonly attributes?: Attributes;
  /** The problem code, if the server was at fault. */
  readonly error?: string;
}

export interface ChildOptions {
  /** `client` when another program does the work. */
  readonly kind?: 'client' | 'internal';
  readonly attributes?: Attributes;
  /** The spans whose work this one does together. Links lead both ways, because a span can have only one parent. */
  readonly on?: readonly Span[];
}

/** A piece of work in progress, recorded in a trace. */
export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** False when the sampler has left it out; it is then not exported, and has no children. */
  readonly isRecorded: boolean;
  child(name: string, options?: ChildOptions): Span;
  end(ending?: Ending): void;
}

/** Creates spans. */
export interface SpanSource {
  /** Begins a span for a request or command, in the trace of `parent` or in a new one. */
  begin(name: string, parent: TraceParent | undefined): Span;
  /** Sends the remaining spans. Takes at most `boundMs`, and never rejects. */
  shutdown(boundMs: number): Promise<void>;
}

/** The trace of the caller: the header `traceparent` of W3C Trace Context. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}
