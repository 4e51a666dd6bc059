import { randomUUID } from 'node:crypto';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { OpenFeature, ProviderEvents, type Client } from '@openfeature/server-sdk';
import { Configuration } from '../configuration/configuration';
import { FLAGS, type FlagName } from './catalogue';
import { FileProvider } from './file-provider';
import { stateOfFlags, unknownFlags, type FlagState } from './flag-file';

/**
 * Decides for a person which of two code paths to use. The answer for one person is the same on every server while the
 * flags stay the same. Without a readable `FLAGS_FILE`, the catalogue decides.
 */
@Injectable()
export class Flags implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(Flags.name);
  /** Several servers may live in one process, each with flags of its own. */
  private readonly domain = `xfchat-${randomUUID()}`;
  private readonly client: Client = OpenFeature.getClient(this.domain);
  private readonly provider: FileProvider | undefined;

  constructor({ FLAGS_FILE: path }: Configuration) {
    if (path === undefined) return;
    this.provider = new FileProvider(path, {
      changed: () => this.logger.log(`flags: ${JSON.stringify(this.state)}`),
      broken: (fault) =>
        this.logger.error(`FLAGS_FILE cannot be used (${fault}); the last valid flags stay in force`),
    });
  }

  async onModuleInit(): Promise<void> {
    if (this.provider) await OpenFeature.setProviderAndWait(this.domain, this.provider);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.provider?.onClose();
  }

  async isOn(name: FlagName, userId: string): Promise<boolean> {
    return this.client.getBooleanValue(name, FLAGS[name].default, { targetingKey: userId });
  }

  /** The listener runs when answers may have changed. */
  onChange(listener: () => void): void {
    this.client.addHandler(ProviderEvents.ConfigurationChanged, listener);
  }

  get file(): { fault: string | undefined; ageMs: number; unknown: string[] } | undefined {
    if (!this.provider) return undefined;
    const { fault, ageMs, flags } = this.provider;
    return { fault, ageMs, unknown: flags ? unknownFlags(flags) : [] };
  }

  get state(): FlagState[] {
    return stateOfFlags(this.provider?.flags);
  }
}
