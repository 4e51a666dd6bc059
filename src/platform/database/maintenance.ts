import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { MAINTENANCE } from '../problems/general-problems';
import { Problem } from '../problems/problem';

type Listener = (isOn: boolean) => void;

/**
 * Whether people may write. One row of the database has the state for all servers; the monitor reads it twice a
 * second and updates this object. `inTransaction` and the message writer check it before each write.
 */
export class Maintenance {
  private readonly logger = new Logger(Maintenance.name);
  private readonly listeners: Listener[] = [];
  private current: Date | undefined;

  /** When maintenance began; undefined while it is off. */
  get since(): Date | undefined {
    return this.current;
  }

  get isOn(): boolean {
    return this.current !== undefined;
  }

  /** @throws Problem `maintenance` while it is on */
  refuseWrites(): void {
    if (this.isOn) throw new Problem(MAINTENANCE);
  }

  onChange(listener: Listener): void {
    this.listeners.push(listener);
  }

  set(since: Date | undefined): void {
    const wasOn = this.isOn;
    this.current = since;
    if (this.isOn === wasOn) return;
    this.logger.log(`maintenance is ${this.isOn ? 'on' : 'off'}`);
    for (const listener of this.listeners) listener(this.isOn);
  }
}

/** The maintenance state of the server that owns these connections. Commands have none, and may always write. */
export function maintenanceOf(dataSource: DataSource): Maintenance | undefined {
  return (dataSource.options as { extra?: { maintenance?: Maintenance } }).extra?.maintenance;
}
