/** Something that must not be. `where` names a conversation, message, constraint or index; `detail` is a sentence. */
export interface Finding {
  readonly kind: string;
  readonly where: string;
  readonly detail: string;
}

/**
 * A question to the database whose every row is a finding: columns `place` and `detail`. A check reads whole tables and
 * is not meant for a request.
 */
export interface IntegrityCheck {
  readonly kind: string;
  readonly sql: string;
}
