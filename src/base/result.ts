/** The answer to untrusted input: a value, or a refusal by name. Never an exception. */

export type Result<Value, Refused extends string> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly refused: Refused };

export function accept<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value };
}

export function refuse<Refused extends string>(
  refused: Refused,
): { readonly ok: false; readonly refused: Refused } {
  return { ok: false, refused };
}
