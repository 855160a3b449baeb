/**
 * Programmer errors: what *we* got wrong. Always on, in production too.
 * What a peer got wrong is never asserted; it is a {@link Result} (see result.ts).
 */

/** Throws when a rule that our own code must keep is broken. `message` names the rule. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`broken rule: ${message}`);
}

/** Marks a branch that no value reaches; the compiler checks it, and so does the run. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
