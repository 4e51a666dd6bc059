import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { MAINTENANCE } from '../problems/general-problems';
import { Problem } from '../problems/problem';

type Listener = (isOn: boolean) => void;

/**
 * Whether people may write at the moment. One row of the database says so for all servers; the monitor reads it twice a
 * second and keeps this up to date. Writes ask here, which costs nothing: `inTransaction`, and the writer of
 * messages.
 */
export class Maintenance {
  private readonly logger = new Logger(Maintenance.name);
  private readonly listeners: Listener[] = [];
  private current: Date | undefined;

  /** Undefined: everybody may write. */
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

/** Of the server whose connections these are; commands have none, and may write. */
export function maintenanceOf(dataSource: DataSource): Maintenance | undefined {
  return (dataSource.options as { extra?: { maintenance?: Maintenance } }).extra?.maintenance;
}
