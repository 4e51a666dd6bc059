import { readFile } from 'node:fs/promises';
import type { FlagdCore } from '@openfeature/flagd-core';
import {
  FlagNotFoundError,
  OpenFeatureEventEmitter,
  ProviderEvents,
  type EvaluationContext,
  type JsonValue,
  type Provider,
  type ResolutionDetails,
} from '@openfeature/server-sdk';
import { openFlags, type OpenFlags } from './flag-file';

/**
 * How often the content is compared. That is cheap for a small file. Notifications would miss editors and
 * orchestrators that replace the file, and remote file systems.
 */
const LOOK_AGAIN_MS = 250;

interface Witness {
  /** The flags now have the values of the file. */
  changed(): void;
  /** The file cannot be used; the last valid flags stay in force. */
  broken(fault: string): void;
}

/** Flags from a file, for OpenFeature. A broken or missing file changes nothing: the last valid content stays in force. */
export class FileProvider implements Provider {
  readonly metadata = { name: 'xfchat-flags-file' };
  readonly runsOn = 'server';
  readonly events = new OpenFeatureEventEmitter();
  private good: OpenFlags | undefined;
  private text: string | undefined;
  private current: string | undefined;
  private lookedAt = performance.now();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    readonly path: string,
    private readonly witness: Witness,
  ) {}

  /** The last good content; undefined when there never was one. */
  get flags(): OpenFlags | undefined {
    return this.good;
  }

  /** The current fault of the file. */
  get fault(): string | undefined {
    return this.current;
  }

  /** Milliseconds since the file was last read. */
  get ageMs(): number {
    return performance.now() - this.lookedAt;
  }

  async initialize(): Promise<void> {
    await this.look();
    const again = (): void => {
      this.timer = setTimeout(() => void this.look().finally(again), LOOK_AGAIN_MS).unref();
    };
    again();
  }

  async onClose(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  async resolveBooleanEvaluation(
    name: string,
    fallback: boolean,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<boolean>> {
    return this.known(name).resolveBooleanEvaluation(name, fallback, context);
  }
  async resolveStringEvaluation(
    name: string,
    fallback: string,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<string>> {
    return this.known(name).resolveStringEvaluation(name, fallback, context);
  }
  async resolveNumberEvaluation(
    name: string,
    fallback: number,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<number>> {
    return this.known(name).resolveNumberEvaluation(name, fallback, context);
  }
  async resolveObjectEvaluation<T extends JsonValue>(
    name: string,
    fallback: T,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<T>> {
    return this.known(name).resolveObjectEvaluation(name, fallback, context);
  }

  private known(name: string): FlagdCore {
    if (!this.good) throw new FlagNotFoundError(name);
    return this.good.core;
  }

  private async look(): Promise<void> {
    try {
      const text = await readFile(this.path, 'utf8');
      this.lookedAt = performance.now();
      if (text === this.text) return;
      this.text = text;
      this.good = openFlags(text);
      this.current = undefined;
      this.witness.changed();
      this.events.emit(ProviderEvents.ConfigurationChanged);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // A file that cannot be read now may come back unchanged.
      if (code !== undefined) this.text = undefined;
      const fault = code ?? message;
      if (fault !== this.current) this.witness.broken(fault);
      this.current = fault;
    }
  }
}
