import { reasonsToRollBack, type Limits, type ReasonToRollBack } from './criteria';
import type { Look } from './look-at-node';
import { targetsOf, type Target } from './targets';
import { WatchedNode } from './watched-node';
import { inTime } from './wording';

export interface WatchOptions {
  readonly nodes: readonly string[];
  /** All times are milliseconds. */
  readonly durationMs: number;
  readonly intervalMs: number;
  /** How long a criterion must be met to be a reason to roll back. */
  readonly stretchMs: number;
  /** The criteria for a rollback. */
  readonly limits?: Limits;
}

/** The dependencies of the watch; tests bring a clock of their own. */
export interface World {
  now(): number;
  /** Resolves early if the operator ends the observation. */
  pause(milliseconds: number): Promise<void>;
  isCancelled(): boolean;
  look(node: string): Promise<Look>;
  /** Reports events at once, and progress now and then. */
  tell(line: string): void;
}

export interface WatchReport {
  /** No target was missed, no rollback criterion was met, and the whole time was observed. */
  readonly ok: boolean;
  readonly watchedSeconds: number;
  readonly complete: boolean;
  readonly nodes: readonly { url: string; looks: number; unserved: number; restarts: number }[];
  readonly targets: readonly Target[];
  readonly rollback: readonly ReasonToRollBack[];
}

const MAX_SILENCE_MS = 600_000;
const LINES = 12;

/** Observes every server repeatedly, until the time is over or a rollback criterion is met. */
export async function watch(options: WatchOptions, world: World): Promise<WatchReport> {
  const { durationMs, intervalMs, stretchMs, limits = {} } = options;
  const nodes = options.nodes.map((url) => new WatchedNode(url, stretchMs));
  const silenceMs = Math.min(MAX_SILENCE_MS, durationMs / LINES);
  const begunAt = world.now();
  let toldAt = begunAt;
  for (;;) {
    await Promise.all(nodes.map((node) => lookAt(node, world)));
    const now = world.now();
    const rollback = nodes.flatMap((node) => reasonsToRollBack(node.url, node.stretch, limits));
    const isComplete = now - begunAt >= durationMs;
    if (rollback.length > 0 || isComplete || world.isCancelled())
      return conclude(nodes, rollback, { watchedMs: now - begunAt, isComplete });
    if (now - toldAt >= silenceMs) {
      toldAt = now;
      world.tell(`${inTime((now - begunAt) / 1_000)} of ${inTime(durationMs / 1_000)}: ${inShort(nodes)}`);
    }
    await world.pause(Math.min(intervalMs, begunAt + durationMs - now));
  }
}

/** Reports when a server stops serving and why, when the reason changes, and when it serves again. */
async function lookAt(node: WatchedNode, world: World): Promise<void> {
  const before = node.last;
  const moment = node.add(await world.look(node.url), world.now());
  if (moment.restarted) world.tell(`${node.url} was restarted`);
  if (moment.isServing && before?.isServing === false) world.tell(`${node.url} serves again`);
  if (!moment.isServing && moment.reason !== before?.reason) world.tell(`${node.url}: ${moment.reason}`);
}

function conclude(
  nodes: readonly WatchedNode[],
  rollback: readonly ReasonToRollBack[],
  { watchedMs, isComplete }: { watchedMs: number; isComplete: boolean },
): WatchReport {
  const targets = targetsOf(nodes);
  return {
    ok: rollback.length === 0 && isComplete && targets.every(({ met }) => met !== false),
    watchedSeconds: Math.round(watchedMs / 1_000),
    complete: isComplete,
    nodes: nodes.map(({ url, seen: { looks, unserved, restarts } }) => ({ url, looks, unserved, restarts })),
    targets,
    rollback,
  };
}

/** Missed targets come first; targets without observations are left out. */
function inShort(nodes: readonly WatchedNode[]): string {
  const measured = targetsOf(nodes).filter(({ met }) => met !== null);
  return [...measured.filter(({ met }) => !met), ...measured.filter(({ met }) => met)]
    .map(({ name, seen, met }) => `${name} ${met ? '' : 'MISSED '}${seen}`)
    .join(' · ');
}
