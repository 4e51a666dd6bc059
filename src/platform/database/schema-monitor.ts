import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { compareSchema } from '../migrations/compare-schema';
import { incompletenessOf, unusableSchema, type SchemaVerdict } from '../migrations/schema-verdict';
import { DatabaseMonitor } from './database-monitor';
import type { DatabaseSchema } from './database-options';
import { inBackground } from '../request-context';
import { StatementWatch } from './statement-watch';
import type { DatabaseFault } from './unusable-database';
import { damageOfSchema } from './verify-schema';

export const DATABASE_SCHEMA = Symbol('DatabaseSchema');

/** SQLSTATE of statements that failed because the schema does not fit: a missing table, column or function. */
const MISFIT = ['42P01', '42703', '42883'];
const LOOK_AGAIN_MS = 2_000;

export interface SchemaState extends SchemaVerdict {
  /** Why this program cannot run on the schema, as a word for operators. */
  readonly fault: DatabaseFault | undefined;
  /** Required objects that are missing or invalid. */
  readonly damage: string[];
  /** On the clock of `performance.now()`. */
  readonly checkedAt: number;
}

/**
 * Checks that the database has the schema of this program. It checks when the database comes up. It also checks
 * after a statement failed for a missing object, until the schema fits.
 */
@Injectable()
export class SchemaMonitor implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(SchemaMonitor.name);
  private current: SchemaState | undefined;
  private looking: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(DATABASE_SCHEMA) private readonly schema: DatabaseSchema,
    private readonly monitor: DatabaseMonitor,
    private readonly watch: StatementWatch,
  ) {}

  async onModuleInit(): Promise<void> {
    this.monitor.onChange(({ isUp }) => isUp && void this.lookOnce());
    this.watch.onFailure((code) => MISFIT.includes(code) && void this.lookOnce());
    await this.look();
  }

  onApplicationShutdown(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  /** Undefined until the first check. */
  get state(): SchemaState | undefined {
    return this.current;
  }

  get fits(): boolean {
    return this.current !== undefined && this.current.fault === undefined;
  }

  private lookOnce(): Promise<void> {
    this.looking ??= inBackground(() => this.look())
      .catch((error: unknown) => this.logger.warn('could not compare the schema', error))
      .finally(() => {
        this.looking = undefined;
        clearTimeout(this.timer);
        if (!this.fits && !this.isStopped)
          this.timer = setTimeout(() => void this.lookOnce(), LOOK_AGAIN_MS).unref();
      });
    return this.looking;
  }

  private async look(): Promise<void> {
    const verdict = await compareSchema(this.dataSource, this.schema);
    const damage = await damageOfSchema(this.dataSource, this.schema);
    const unusable = unusableSchema(verdict) ?? incompletenessOf(verdict);
    const fault = unusable?.fault ?? (damage.length > 0 ? 'schema-damaged' : undefined);
    this.current = { ...verdict, fault, damage, checkedAt: performance.now() };
  }
}
