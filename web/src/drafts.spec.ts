import { MemoryStorage } from '../../client/src/storage.ts';
import { Drafts, forgetLeftDrafts, type TabStorage } from './drafts.ts';

/** A storage that stores nothing until the test allows it. */
class SlowStorage extends MemoryStorage {
  private readonly waiting: (() => void)[] = [];
  isSlow = false;

  override async set(key: string, value: unknown): Promise<void> {
    await this.turn();
    await super.set(key, value);
  }

  override async delete(key: string): Promise<void> {
    await this.turn();
    await super.delete(key);
  }

  letGo(): void {
    this.isSlow = false;
    for (const go of this.waiting.splice(0)) go();
  }

  private turn(): Promise<void> {
    return this.isSlow ? new Promise((resolve) => this.waiting.push(resolve)) : Promise.resolve();
  }
}

function tabStorage(): TabStorage & { readonly values: Map<string, string> } {
  const values = new Map<string, string>();
  return {
    values,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}

describe('drafts', () => {
  let storage: SlowStorage;
  let tab: ReturnType<typeof tabStorage>;
  const open = async (userId = 'ada'): Promise<Drafts> => {
    const drafts = new Drafts(storage, userId, tab);
    await drafts.restore();
    return drafts;
  };
  beforeEach(() => {
    storage = new SlowStorage();
    tab = tabStorage();
  });

  it('survive when the page is left before the storage has them', async () => {
    const before = await open();
    before.set('1', 'stored');
    before.set('2', 'to be sent');
    await before.flush();
    storage.isSlow = true;
    before.set('1', 'stored, and');
    before.set('1', 'stored, and more');
    before.set('2', '');
    before.leave();

    storage.isSlow = false; // the unfinished writes of the old page are lost
    const after = await open();
    expect([after.get('1'), after.get('2')]).toEqual(['stored, and more', '']);
    await after.flush();
    expect(await storage.keys('')).toEqual(['draft:1']);
    expect(tab.values.size).toBe(0);
  });

  it('survive again when the page is left before it has stored the ones that it has found', async () => {
    const first = await open();
    storage.isSlow = true;
    first.set('1', 'a draft');
    first.leave();
    const second = await open();
    second.leave();
    expect((await open()).get('1')).toBe('a draft');
  });

  it('leave nothing in the tab when they are stored', async () => {
    const drafts = await open();
    storage.isSlow = true;
    drafts.set('1', 'a draft');
    drafts.leave(); // the page is hidden, and stays
    expect(tab.values.size).toBe(1);
    storage.letGo();
    await drafts.flush();
    expect(tab.values.size).toBe(0);
    drafts.leave();
    expect(tab.values.size).toBe(0);
  });

  it('leave nothing in the tab when the session ends', async () => {
    const drafts = await open();
    storage.isSlow = true;
    drafts.set('1', 'a draft');
    drafts.leave();
    drafts.end();
    drafts.leave();
    expect(tab.values.size).toBe(0);
  });

  it('of one user are not shown to the next', async () => {
    const drafts = await open();
    storage.isSlow = true;
    drafts.set('1', 'a draft');
    drafts.leave();
    expect((await open('ben')).get('1')).toBe('');
    expect(tab.values.size).toBe(0);
  });

  it('are stored where the tab has no storage', async () => {
    const fail = (): never => {
      throw new Error('not allowed');
    };
    const drafts = new Drafts(storage, 'ada', { getItem: fail, setItem: fail, removeItem: fail });
    await drafts.restore();
    storage.isSlow = true;
    drafts.set('1', 'a draft');
    drafts.leave();
    storage.letGo();
    await drafts.flush();
    drafts.end();
    expect(await storage.get('draft:1')).toBe('a draft');
  });
});

describe('drafts without a user', () => {
  it('are forgotten', () => {
    const tab = tabStorage();
    tab.values.set('xfchat-drafts', '{}');
    forgetLeftDrafts(tab);
    expect(tab.values.size).toBe(0);
  });
});
