import type { LoggerService } from '@nestjs/common';
import pino, { type Logger as Pino } from 'pino';
import pretty from 'pino-pretty';
import { isSqlState } from '../database/sql-state';
import { currentContext, identifiersOf } from '../request-context';
import { LineBuffer } from './line-buffer';

/** Nest tells every module, route and handler that it finds; that is worth reading only while looking for something. */
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
 * JSON lines on standard output; readable ones in development. Every line inside a request carries its id, and that of its trace.
 * Bodies of messages, tokens and statement parameters never get here: errors are reduced to what is known to be safe.
 */
export class StructuredLogger implements LoggerService {
  private readonly pino: Pino;

  constructor(options: { level: string; readable: boolean }) {
    const base = { level: options.level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime };
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
      : pino(base, new LineBuffer());
  }

  /** One line about one thing that happened, with its fields. */
  event(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields: Fields = {}): void {
    this.pino[level]({ ...requestFields(), ...fields }, message);
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
    this.pino[level](
      { ...requestFields(), context: strings.at(-1), ...(error && { error: describeError(error) }) },
      message instanceof Error ? safeMessage(message) : String(message),
    );
  }
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

/** What may be said of an error. A database error's own text can quote values, so its code and names stand for it. */
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
