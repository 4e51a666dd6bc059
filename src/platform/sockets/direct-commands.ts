import { Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { GATEWAY_METADATA, MESSAGE_METADATA } from '@nestjs/websockets/constants';
import { commandDocument } from '../documents/documented';
import { dtoOf } from '../documents/dto-of';
import { toValid } from '../validation/request-validation.pipe';
import type { SocketIdentity } from './socket-identity';

type Handler = (identity: SocketIdentity, payload: unknown) => Promise<object>;
type Method = (identity: SocketIdentity, payload: object) => Promise<object>;

/**
 * The commands that set `isDirect`. The middleware calls them itself, with the same arguments that Nest's guards,
 * pipes and interceptors would give them, but faster. All other commands go through Nest.
 */
@Injectable()
export class DirectCommands implements OnModuleInit {
  private readonly handlers = new Map<string, Handler>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  onModuleInit(): void {
    for (const { instance, metatype } of this.discovery.getProviders()) {
      if (!metatype || !Reflect.hasMetadata(GATEWAY_METADATA, metatype)) continue;
      this.addCommandsOf(instance as Record<string, Method>, metatype as Type);
    }
  }

  handlerOf(event: string): Handler | undefined {
    return this.handlers.get(event);
  }

  private addCommandsOf(gateway: Record<string, Method>, type: Type): void {
    for (const name of this.scanner.getAllMethodNames(type.prototype as object)) {
      const method = gateway[name]!;
      if (!commandDocument(method)?.isDirect) continue;
      const dto = dtoOf(type, name, RouteParamtypes.BODY);
      if (!dto || method.length !== 2) throw new Error(`${type.name}.${name} must take caller and payload`);
      const event = Reflect.getMetadata(MESSAGE_METADATA, method) as string;
      this.handlers.set(event, async (identity, payload) => gateway[name]!(identity, toValid(dto, payload)));
    }
  }
}
