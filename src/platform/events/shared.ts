import { Injectable } from '@nestjs/common';
import type { RoomContent } from '../servers/carrier';

type EventClass<E extends object> = abstract new (...values: never[]) => E;

export interface SharedOptions {
  /** Its name in the log. Never reuse a name, because servers of two versions run side by side. */
  readonly kind: string;
  /**
   * `taken`: the causing request is answered once every server has applied the event (G6). `given`: a user receives
   * more events than before.
   */
  readonly rights?: 'given' | 'taken';
}

const SHARED = new Map<EventClass<object>, SharedOptions>();

/** Other servers receive this event as well. Its fields have to be JSON, unless it has a codec. */
export const Shared =
  (options: SharedOptions) =>
  (event: EventClass<object>): void =>
    void SHARED.set(event, options);

export const isControl = (event: object): boolean =>
  SHARED.get(event.constructor as EventClass<object>)?.rights === 'taken';

/** Whether other users receive events after this one than before. */
export const changesRights = ({ kind }: EncodedEvent): boolean =>
  [...SHARED.values()].some((shared) => shared.kind === kind && shared.rights !== undefined);

/** An event as the log has it. */
export interface EncodedEvent {
  readonly kind: string;
  readonly payload: object;
}

/** For events that are stored as a reference. Each server that needs one reads the current rows. */
export interface EventCodec<E extends object, Payload extends object> {
  encode(event: E): Payload;
  /**
   * Reads all of them in one query. Returns one list of events for each payload, empty when no client of this
   * server needs it.
   */
  decode(payloads: readonly Payload[], reading: Reading): Promise<readonly (readonly E[])[]>;
  /**
   * Whether content may travel ahead of the log, to servers that host the room. They keep it until the log names it.
   */
  readonly ahead?: {
    roomOf(event: E): string;
    contentOf(event: E): object;
    keep(content: object): void;
  };
}

/** The part of the log that is read. */
export interface Reading {
  /** Whether the server may deliver now, because its last read of the log is recent. */
  readonly isCurrent: boolean;
  /** All events of this part, of any kind and server. */
  readonly events: readonly EncodedEvent[];
}

/** Encodes events for the log, and decodes them. */
@Injectable()
export class SharedEvents {
  private readonly codecs = new Map<unknown, EventCodec<object, object>>();

  useCodec<E extends object, Payload extends object>(
    event: EventClass<E>,
    codec: EventCodec<E, Payload>,
  ): void {
    this.codecs.set(event, codec);
  }

  /** Leaves out events that are not shared, since only this server needs them. */
  encode(events: readonly object[]): EncodedEvent[] {
    return events.flatMap((event) => {
      const shared = SHARED.get(event.constructor as EventClass<object>);
      if (!shared) return [];
      return [{ kind: shared.kind, payload: this.codecs.get(event.constructor)?.encode(event) ?? event }];
    });
  }

  /** The content that may travel ahead of the log (`EventCodec.ahead`). */
  contentsOf(events: readonly object[]): RoomContent[] {
    return events.flatMap((event) => {
      const ahead = this.codecs.get(event.constructor)?.ahead;
      if (!ahead) return [];
      const { kind } = SHARED.get(event.constructor as EventClass<object>)!;
      return [{ room: ahead.roomOf(event), kind, content: ahead.contentOf(event) }];
    });
  }

  /** Content that another server published ahead of the log. */
  keepContent(kind: string, content: object): void {
    for (const [event, shared] of SHARED)
      if (shared.kind === kind) this.codecs.get(event)?.ahead?.keep(content);
  }

  /** One list of events for each payload; empty for a kind that this release does not know. */
  async decode(encoded: readonly EncodedEvent[], reading: Reading): Promise<(readonly object[])[]> {
    const decoded: (readonly object[])[] = encoded.map(() => []);
    for (const [event, { kind }] of SHARED) {
      const places = [...encoded.keys()].filter((place) => encoded[place]!.kind === kind);
      if (places.length === 0) continue;
      const payloads = places.map((place) => encoded[place]!.payload);
      const codec = this.codecs.get(event);
      const events = codec
        ? await codec.decode(payloads, reading)
        : payloads.map((payload) => [revive(event, payload)]);
      for (const [index, place] of places.entries()) decoded[place] = events[index] ?? [];
    }
    return decoded;
  }
}

const revive = ({ prototype }: EventClass<object>, payload: object): object =>
  Object.assign(Object.create(prototype as object) as object, payload);
