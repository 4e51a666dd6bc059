import { Injectable } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { MessageEdits } from '../../features/messages/message-edits';
import type { MessageView } from '../../features/messages/message-view';
import { PutMessageDto, type VersionView } from '../../features/messages/messages.dto';
import { MessagesService, type MessageHistory } from '../../features/messages/messages.service';
import { Configuration } from '../../platform/configuration/configuration';
import { PRECONDITION_FAILED, VERSION_CONFLICT } from '../../features/messages/messages.problems';
import { invalidField, Problem } from '../../platform/problems/problem';
import { toValid } from '../../platform/validation/request-validation.pipe';
import { isBraid, readBraidHeaders, type BraidHeaders } from './braid-headers';
import { versionsOfIfMatch } from './entity-tags';
import type { MessageExchange } from './exchange';
import { patchedBody, readPatches } from './message-patch';
import { requireKnown, tagMessage, vary } from './response-headers';
import { stateAt } from './message-states';
import { MessageStream } from './message-stream';
import { inOwnContext } from './own-context';
import { RequestPeers } from './request-peers';
import { StreamOpener } from './stream-opener';
import { Subscriptions } from './subscriptions';
import type { UpdateStream } from './update-stream';

/** The fields of a PUT from headers, body and patches. Not validated yet. */
type Fields = Record<string, unknown> & { version?: unknown; parents?: unknown };

/**
 * A message as a Braid resource, with its versions and edits that name theirs. Without Braid's headers it is the
 * message of the JSON API. Both apply the same rules, since they call the same services.
 */
@Injectable()
export class BraidMessages {
  constructor(
    private readonly messages: MessagesService,
    private readonly edits: MessageEdits,
    private readonly subscriptions: Subscriptions,
    private readonly opener: StreamOpener,
    private readonly peers: RequestPeers,
    private readonly configuration: Configuration,
  ) {}

  async get(exchange: MessageExchange): Promise<MessageView | Observable<never>> {
    const { request, response, caller, conversationId, messageId } = exchange;
    const headers = readBraidHeaders(request);
    vary(response);
    // `fetch` adds `no-cache` to every request with `If-None-Match`, and Express would then ignore the tag.
    delete request.headers['cache-control'];
    if (headers.subscribe !== undefined || headers.parents) return this.stream(exchange, headers);
    if (!headers.version)
      return tagged(exchange, await this.messages.get(caller.userId, conversationId, messageId));
    const history = await this.messages.history(caller.userId, conversationId, messageId);
    const [name, ...others] = requireKnown(response, 'Version', headers.version, namesOf(history));
    if (name === undefined || others.length > 0)
      throw invalidField('/headers/Version', 'must name one version');
    const state = stateAt(history, name);
    tagMessage(response, state, history.message.version);
    return state;
  }

  /** Sends the versions after the client's one, and with `Subscribe` the later ones. */
  private async stream(exchange: MessageExchange, headers: BraidHeaders): Promise<Observable<never>> {
    const { response, caller, conversationId, messageId } = exchange;
    const { peer, parents, subscribe } = headers;
    const read = (): Promise<MessageHistory> =>
      this.messages.history(caller.userId, conversationId, messageId);
    const sources = {
      read: () => inOwnContext(caller.userId, this.configuration.REQUEST_TIMEOUT_MS, read),
      isOwn: () => peer !== undefined && this.peers.isCurrent(caller.userId, peer),
      onFailure: (error: unknown) => this.opener.failed(error),
    };
    const make = (stream: UpdateStream): MessageStream =>
      new MessageStream(caller, { conversationId, messageId }, stream, sources);
    return this.opener.open(exchange, headers, make, async (subscriber) => {
      this.subscriptions.follow(subscriber, conversationId);
      const history = await read();
      const names = namesOf(history);
      requireKnown(response, 'Parents', parents ?? [], names);
      const [until] = requireKnown(response, 'Version', headers.version ?? [], names);
      const from = names.findLast((name) => parents?.includes(name));
      return {
        current: [history.message.version],
        tell() {
          if (parents) subscriber.tellVersions(history, from, until);
          else subscriber.tellSnapshot(history);
          if (subscribe === undefined) subscriber.end();
          else subscriber.goOn();
        },
      };
    });
  }

  /** Validates the fields only when they are complete: headers and patches are part of them. */
  async put(exchange: MessageExchange): Promise<MessageView> {
    const { request, response, caller, conversationId, messageId } = exchange;
    vary(response);
    const headers = readBraidHeaders(request);
    if (headers.peer !== undefined) this.peers.remember(caller.userId, headers.peer);
    const fields: Fields = { ...(Buffer.isBuffer(request.body) ? {} : (request.body as Fields)) };
    const version = agreed('Version', theOne(headers.version), fields.version);
    const parents = agreed('Parents', headers.parents, fields.parents);
    if (version !== undefined) fields.version = version;
    // The version that creates a message has the message's id as its name.
    if (parents !== undefined) fields.parents = parents;
    else if (headers.version && version === messageId) fields.parents = [];
    const precondition = await this.applyIfMatch(exchange, fields);
    const isCreation = Array.isArray(fields.parents) && fields.parents.length === 0;
    if (isBraid(request) && !isCreation) {
      const answer = await this.prepareEdit(exchange, headers, fields);
      if (answer) return tagged(exchange, answer);
    }
    const input = toValid(PutMessageDto, fields);
    const mustBeNew = request.get('if-none-match')?.trim() === '*';
    const { message, isNew } = await judged(
      precondition,
      this.messages.put(caller.userId, conversationId, messageId, input, mustBeNew),
    );
    response.status(isNew && !isBraid(request) ? 201 : 200);
    return tagged(exchange, message);
  }

  async delete(exchange: MessageExchange): Promise<MessageView> {
    const { request, response, caller, conversationId, messageId } = exchange;
    vary(response);
    const headers = readBraidHeaders(request);
    if (headers.peer !== undefined) this.peers.remember(caller.userId, headers.peer);
    const fields: Fields = { version: theOne(headers.version), parents: headers.parents };
    const precondition = await this.applyIfMatch(exchange, fields);
    if (headers.parents) {
      const history = await this.messages.history(caller.userId, conversationId, messageId);
      requireKnown(response, 'Parents', headers.parents, namesOf(history), { mayComeLater: true });
    }
    const basis = fields as { version?: string; parents?: string[] };
    const tombstone = this.edits.delete(caller.userId, conversationId, messageId, basis);
    return tagged(exchange, await judged(precondition, tombstone));
  }

  /**
   * Checks an edit against the history: its parents must exist, and no other edit may have its version's name. Applies
   * its patches.
   * @returns the answer, when the edit was done before
   */
  private async prepareEdit(
    { request, response, caller, conversationId, messageId }: MessageExchange,
    headers: BraidHeaders,
    fields: Fields,
  ): Promise<MessageView | undefined> {
    const isPatch = Buffer.isBuffer(request.body);
    if (!isPatch && !headers.version && !headers.parents) return undefined;
    const history = await this.messages.history(caller.userId, conversationId, messageId);
    if (headers.parents)
      requireKnown(response, 'Parents', headers.parents, namesOf(history), { mayComeLater: true });
    const { message, versions } = history;
    const known = versions.find(({ version }) => version === fields.version);
    if (known && known.authorId !== caller.userId)
      throw new Problem(VERSION_CONFLICT, { carried: { current: message } });
    if (!isPatch) return undefined;
    if (message.deletedAt) {
      if (known) return message;
      throw new Problem(VERSION_CONFLICT, { carried: { current: message } });
    }
    const base = baseOf(history, known, fields.parents as string[] | undefined);
    if (!known && base.version !== message.version)
      throw new Problem(VERSION_CONFLICT, { carried: { current: message } });
    fields.body = patchedBody(base.body ?? '', readPatches(request.headers, request.body as Buffer));
    // The edit is based on the version that was patched, so that it cannot overwrite a faster edit.
    fields.parents ??= [base.version];
    return undefined;
  }

  /**
   * Reads from `If-Match` what an edit over plain HTTP is based on. The edit compares it with the current version,
   * under the lock.
   * @returns the versions that the header names, when a conflict with them is a failed precondition; Braid answers a
   * stale version in its own way
   */
  private async applyIfMatch(
    { request, caller, conversationId, messageId }: MessageExchange,
    fields: Fields,
  ): Promise<readonly string[] | undefined> {
    const ifMatch = request.get('if-match');
    if (ifMatch === undefined) return undefined;
    const { version: current } = await this.messages.get(caller.userId, conversationId, messageId);
    const versions = versionsOfIfMatch(ifMatch);
    if (versions === undefined) return undefined;
    // This version cannot exist, so it conflicts with any current one.
    const basis = versions.includes(current) ? current : (versions[0] ?? UNKNOWN_VERSION);
    fields.parents = agreed('If-Match', [basis], fields.parents);
    return isBraid(request) ? undefined : versions;
  }
}

/** Sets the version headers of the answer. */
function tagged({ response }: MessageExchange, message: MessageView): MessageView {
  tagMessage(response, message, message.version);
  return message;
}

/** A valid UUID that is never given to a version. */
const UNKNOWN_VERSION = '00000000-0000-0000-0000-000000000000';

/** Turns a conflict with `If-Match` into 412. A conflict over the version's own name stays as it is. */
async function judged<T>(versions: readonly string[] | undefined, change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (error) {
    const isConflict = versions && error instanceof Problem && error.kind === VERSION_CONFLICT;
    const current = isConflict ? (error.fields.carried?.current as MessageView) : undefined;
    if (!current || versions?.includes(current.version)) throw error;
    throw new Problem(PRECONDITION_FAILED, { carried: { current } });
  }
}

const namesOf = ({ versions }: MessageHistory): string[] => versions.map(({ version }) => version);

/** The version to which the patches apply: the parent of the edit. If the edit is known by name, its stored parent. */
function baseOf(
  { versions }: MessageHistory,
  known: VersionView | undefined,
  parents: readonly string[] | undefined,
): VersionView {
  const named = known ? known.parents : parents;
  const found = versions.findLast(({ version }) => named?.includes(version));
  return found ?? versions.at(-1)!;
}

function theOne(versions: string[] | undefined): string | undefined {
  if (versions && versions.length !== 1) throw invalidField('/headers/Version', 'must name one version');
  return versions?.[0];
}

/** A header and the body must not contradict each other. */
function agreed<T extends string | string[]>(
  name: string,
  header: T | undefined,
  field: unknown,
): T | undefined {
  if (header === undefined || field === undefined || field === null)
    return header ?? (field as T | undefined);
  const sorted = (value: unknown): string =>
    JSON.stringify(Array.isArray(value) ? [...(value as unknown[])].sort() : value);
  if (sorted(header) !== sorted(field)) throw invalidField(`/headers/${name}`, 'disagrees with the body');
  return header;
}
