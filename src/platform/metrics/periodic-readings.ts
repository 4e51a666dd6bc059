import { randomUUID } from 'node:crypto';
import { Injectable, Logger, Optional, type BeforeApplicationShutdown } from '@nestjs/common';
import { DatabaseMonitor } from '../database/database-monitor';
import { toProblem } from '../problems/to-problem';
import { runInContext } from '../request-context';
import { ThisWorker } from '../workers/this-worker';

/** The operation in whose name the statements run. */
export const READINGS = 'figures';
const INTERVAL_MS = 15_000;
/** For all statements of one round together. */
const DATABASE_TIMEOUT_MS = 5_000;

interface Reading {
  readonly name: string;
  readonly isFromDatabase: boolean;
  read(): Promise<void>;
  forget(): void;
}

/**
 * Values that are too slow to read on each scrape; they are read every 15 seconds. A value that cannot be read is
 * undefined until it can.
 */
@Injectable()
export class PeriodicReadings implements BeforeApplicationShutdown {
  private readonly logger = new Logger(PeriodicReadings.name);
  private readonly readings: Reading[] = [];
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> | undefined;
  private isStopped = false;
  /** These values are the same for all workers, so the first worker reads them for all. */
  private readonly isReader: boolean;

  constructor(
    private readonly monitor: DatabaseMonitor,
    @Optional() worker?: ThisWorker,
  ) {
    this.isReader = worker === undefined || worker.number === 1;
  }

  /** @returns a function that returns the last value */
  add<T>(name: string, read: () => Promise<T>): () => T | undefined {
    return this.register(name, false, read);
  }

  /** Like `add`, for values from the database. They are not read while it is down. */
  addFromDatabase<T>(name: string, read: () => Promise<T>): () => T | undefined {
    return this.register(name, true, read);
  }

  /** Reads all values for the first time, and schedules the later rounds. */
  async start(): Promise<void> {
    if (this.isReader) await this.beginRound();
  }

  /** Runs while there still is a database connection. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  private register<T>(name: string, isFromDatabase: boolean, read: () => Promise<T>): () => T | undefined {
    let value: T | undefined;
    this.readings.push({
      name,
      isFromDatabase,
      read: async () => void (value = await read()),
      forget: () => (value = undefined),
    });
    return () => value;
  }

  private beginRound(): Promise<void> {
    this.round = this.readAll().finally(() => {
      if (!this.isStopped) this.timer = setTimeout(() => void this.beginRound(), INTERVAL_MS).unref();
    });
    return this.round;
  }

  /** Never rejects. */
  private async readAll(): Promise<void> {
    const deadline = performance.now() + DATABASE_TIMEOUT_MS;
    await runInContext({ requestId: randomUUID(), operation: READINGS, deadline }, async () => {
      for (const reading of this.readings) await this.readOne(reading);
    });
  }

  private async readOne(reading: Reading): Promise<void> {
    if (reading.isFromDatabase && !this.monitor.verdict.isUp) return reading.forget();
    try {
      await reading.read();
    } catch (error) {
      reading.forget();
      this.logger.warn(`the ${reading.name} could not be read for the metrics: ${toProblem(error).code}`);
    }
  }
}
