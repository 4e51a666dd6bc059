import type { LoggerService } from '@nestjs/common';
import pino, { type Logger as Pino } from 'pino';
import pretty from 'pino-pretty';
import { isSqlState } from '../database/sql-state';
import { currentContext, identifiersOf } from '../request-context';
import { visible, visibleJson } from './foreign-text';
import { LineBuffer } from './line-buffer';

/** Nest logs every module, route and handler that it finds, which helps only when debugging. */
const FRAMEWORK = new Set([
  'NestFactory',
  'NestApplication',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'WebSocketsController',
]);

type Fields = Record<string, unknown>;

/**
 * JSON lines on standard output; readable ones in development. Every line inside a request carries its id, and that of its
 * trace. Bodies of messages, tokens and statement parameters never get here: errors are reduced to what is known to be safe.
 */
export class StructuredLogger implements LoggerService {
  private readonly pino: Pino;
  private readonly isReadable: boolean;

  /** @param options.worker the number of this worker, which is then on each line */
  constructor(options: { level: string; readable: boolean; worker?: number }) {
    const { level, worker } = options;
    const base = {
      level,
      base: worker === undefined ? undefined : { worker },
      timestamp: pino.stdTimeFunctions.isoTime,
    };
    this.pino = options.readable
      ? pino(
          base,
          pretty({
            colorize: process.stdout.isTTY,
            singleLine: true,
            ignore: 'context',
            translateTime: 'HH:MM:ss.l',
          }),
        )
      : pino(base, escaping(new LineBuffer()));
    this.isReadable = options.readable;
  }

  /** Logs one event with its fields, on one line. */
  event(level: pino.Level, message: string, fields: Fields = {}): void {
    const all = { ...requestFields(), ...fields };
    if (this.isReadable) this.pino[level](readableFields(all), visible(message));
    else this.pino[level](all, message);
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write(FRAMEWORK.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(level: pino.Level, message: unknown, rest: unknown[]): void {
    const strings = rest.filter((entry) => typeof entry === 'string');
    const error = [message, ...rest].find((entry) => entry instanceof Error);
    this.event(level, message instanceof Error ? safeMessage(message) : String(message), {
      context: strings.at(-1),
      ...(error && { error: describeError(error) }),
    });
  }
}

/** Escapes characters that JSON does not escape and that would control a terminal. */
function escaping(output: LineBuffer): { write(line: string): void } {
  return { write: (line) => output.write(visibleJson(line)) };
}

/**
 * Makes fields safe for readable lines, which go to a terminal unescaped. A stack is trusted, and has several
 * lines.
 */
function readableFields(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, name === 'stack' ? value : readableValue(value)]),
  );
}

function readableValue(value: unknown): unknown {
  if (typeof value === 'string') return visible(value);
  const isPlain = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isPlain ? readableFields(value as Fields) : value;
}

function requestFields(): Fields {
  const context = currentContext();
  return context ? identifiersOf(context) : {};
}

interface DatabaseFailure extends Error {
  code?: string;
  constraint?: string;
  table?: string;
  driverError?: DatabaseFailure;
}

/** TypeORM wraps the driver's error, which is the one with the code. */
function rootOf(error: DatabaseFailure): DatabaseFailure {
  return error.driverError ?? error;
}

/**
 * The loggable part of an error. The text of a database error can quote values, so only its code and names are
 * logged.
 */
export function describeError(error: Error): Fields {
  const failure = rootOf(error);
  return {
    type: error.name,
    message: safeMessage(error),
    ...(failure.code && { code: failure.code }),
    ...(failure.constraint && { constraint: failure.constraint }),
    ...(failure.table && { table: failure.table }),
    stack: error.stack
      ?.split('\n')
      .filter((line) => /^\s+at /.test(line))
      .join('\n'),
    ...(error.cause instanceof Error && { cause: describeError(error.cause) }),
  };
}

function safeMessage(error: Error): string {
  const failure = rootOf(error);
  return isSqlState(failure.code ?? '') ? `database error ${failure.code}` : error.message;
}
