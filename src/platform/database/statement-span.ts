import type { Span } from '../tracing/span';

/** The verb and the first table or function of a statement, without any values. */
export function summaryOf(text: string): string {
  const [verb = ''] = /^\s*[a-z]+( transaction)?/i.exec(text) ?? [];
  const [, target] = /\b(?:from|into|update|join)\s+"?([a-z_]+)/i.exec(text) ?? [];
  return [verb.trim().toUpperCase(), ...(target ? [target.toLowerCase()] : [])].join(' ');
}

/**
 * The span of a statement.
 * @param operation as the metrics name it
 */
export function statementSpan(parent: Span, text: string, operation = 'background'): Span {
  const summary = summaryOf(text);
  return parent.child(summary, {
    kind: 'client',
    attributes: {
      'db.system.name': 'postgresql',
      'db.query.summary': summary,
      'xfchat.operation': operation,
    },
  });
}
