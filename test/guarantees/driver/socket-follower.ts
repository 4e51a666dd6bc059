import type { Heard, Message } from '../history/history';
import type { Recorder } from '../history/recorder';
import { until } from '../../support/until';
import type { Follower } from './device';
import { HeldConversation } from './held-conversation';
import type { SocketDevice } from './socket-device';

const FILL_DELAY_MS = 150;

/** Follows one conversation over a device's socket, and writes down what it hears. */
export class SocketFollower implements Follower {
  private readonly held = new HeldConversation();
  private epoch: number | undefined;
  private isSyncing = false;
  /** Catching up is asked for by number, since another reason may come up while an answer is on its way. */
  private wanted = 0;
  private satisfied = 0;
  private filling: NodeJS.Timeout | undefined;

  constructor(
    private readonly name: string,
    private readonly device: SocketDevice,
    private readonly conversationId: string,
    private readonly recorder: Recorder,
  ) {
    device.socket.on('ready', ({ epoch }: { epoch: number }) => {
      // Numbers are never trusted across epochs.
      if (this.epoch !== undefined && this.epoch !== epoch) this.held.clear();
      this.epoch = epoch;
      this.want();
    });
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- events of every shape
    device.socket.onAny((event: string, payload: any) => this.take(event, payload));
  }

  /** Up to where it lacks nothing, as far as it knows. */
  get position(): { readonly seq: number; readonly rev: number } {
    return this.held.position;
  }

  async settled(): Promise<readonly Message[]> {
    await until(
      `${this.name} to have everything`,
      async () => {
        // Whatever was heard: an answer that says "nothing more" is the proof.
        this.want();
        const { wanted } = this;
        await until('an answer', () => this.satisfied >= wanted || !this.device.isReady);
        return this.satisfied >= wanted && !this.held.hasHole;
      },
      60_000,
    );
    return this.held.list();
  }

  close(): void {
    clearTimeout(this.filling);
    this.device.close();
  }

  private get process(): string {
    return `${this.name}#${this.device.connections}`;
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- events of every shape
  private take(event: string, payload: any): void {
    if (payload?.conversationId !== this.conversationId) return;
    if (event.startsWith('message:')) {
      const heard = { userId: this.device.userId, event, message: payload as Message } as Heard;
      this.recorder.observe(this.process, 'hear', this.conversationId, heard);
      this.held.take(heard.message);
    }
    if (event === 'conversation:removed') this.held.clear();
    else if (payload.rev > 0) this.held.takeRev(payload.rev as number);
    if (event === 'conversation:created') this.want();
    else if (this.held.hasHole) this.fillSoon();
  }

  /** What is missing may come a moment later; many holes are filled by one answer. */
  private fillSoon(): void {
    this.filling ??= setTimeout(() => {
      this.filling = undefined;
      if (this.held.hasHole) this.want();
    }, FILL_DELAY_MS);
  }

  private want(): void {
    this.wanted++;
    void this.catchUp();
  }

  /** Until there is nothing more, or the connection is gone: the next one begins with this again. */
  private async catchUp(): Promise<void> {
    if (this.isSyncing) return;
    this.isSyncing = true;
    while (this.satisfied < this.wanted && this.device.isReady) {
      const { wanted, epoch } = this;
      const { generation } = this.held;
      const answer = await this.sync();
      if (!answer) await new Promise((resolve) => setTimeout(resolve, 50));
      if (!answer || this.epoch !== epoch || this.held.generation !== generation) continue;
      if (answer.reset || answer.gone) this.held.clear();
      else this.held.takeChanges(answer);
      if (answer.gone || answer.complete) this.satisfied = wanted;
    }
    this.isSyncing = false;
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- one of the three shapes of an answer
  private async sync(): Promise<any> {
    const { conversationId, epoch } = this;
    const { userId } = this.device;
    const { position } = this.held;
    const outcome = await this.recorder.perform(
      `${this.process}/sync`,
      'sync',
      conversationId,
      { userId, ...position },
      async () => {
        const cursors = [{ conversationId, ...position }];
        const answer = await this.device.command('conversation:sync', { epoch, cursors });
        return answer.type === 'ok' ? { type: 'ok', value: answer.value.changes?.[0] } : answer;
      },
    );
    return outcome.type === 'ok' ? outcome.value : undefined;
  }
}
