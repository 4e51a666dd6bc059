import type { Page, WebSocketRoute } from 'playwright-core';

/** Drops or delays packets of a page's sockets that connect afterwards. */
export class Wire {
  private losing: string | undefined;
  private holding: string | undefined;
  private readonly held: (() => void)[] = [];

  static async of(page: Page): Promise<Wire> {
    const wire = new Wire();
    await page.routeWebSocket(/\/socket\.io\//, (socket) => wire.connect(socket));
    return wire;
  }

  /** Drops the next event of this name on its way to the page. */
  loseNext(event: string): void {
    this.losing = event;
  }

  get hasLost(): boolean {
    return this.losing === undefined;
  }

  /** Holds back commands of this name. @returns a function that releases them */
  hold(command: string): () => void {
    this.holding = command;
    return () => {
      this.holding = undefined;
      for (const letGo of this.held.splice(0)) letGo();
    };
  }

  get hasHeld(): boolean {
    return this.held.length > 0;
  }

  private connect(socket: WebSocketRoute): void {
    const server = socket.connectToServer();
    server.onMessage((message) => {
      if (!isCalled(this.losing, message)) socket.send(message);
      else this.losing = undefined;
    });
    socket.onMessage((message) => {
      if (isCalled(this.holding, message)) this.held.push(() => server.send(message));
      else server.send(message);
    });
  }
}

/** A packet of Socket.IO: `42["name",…]`, optionally with the id of an acknowledgement before the list. */
function isCalled(name: string | undefined, message: string | Buffer): boolean {
  return name !== undefined && /^42\d*\["([^"]+)"/.exec(message.toString())?.[1] === name;
}
