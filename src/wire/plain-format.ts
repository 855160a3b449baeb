/**
 * Canonical plain data: what it is, and how each value is written. One value has one encoding.
 *
 *   value   = NULL | FALSE | TRUE
 *           | INTEGER integer
 *           | STRING length utf8
 *           | BYTES length bytes
 *           | ARRAY count value*
 *           | OBJECT count (length utf8 value)*     keys strictly ascending in UTF-8 byte order
 *
 * A tag is one byte. A length or count is an unsigned LEB128 varint; an integer is the varint of
 * its zigzag (0, -1, 1, -2, ... as 0, 1, 2, 3, ...), so bit 0 of the first byte is the sign and up
 * to 53 bits of magnitude follow. Varints are the shortest possible. -0 is written as 0.
 */

/** Data that every engine stores, prints and compares alike; no floats, no shared references. */
export type Plain =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Plain[]
  | { readonly [key: string]: Plain };

export const NULL = 0;
export const FALSE = 1;
export const TRUE = 2;
export const INTEGER = 3;
export const STRING = 4;
export const BYTES = 5;
export const ARRAY = 6;
export const OBJECT = 7;

/** Arrays and objects within one another, the outermost included. */
export const PLAIN_DEPTH_MAX = 64;

/** Bytes of one whole encoding. */
export const PLAIN_BYTES_MAX = 0x1000000;

/** Arrays, objects and byte strings in one encoding: what bounds the memory that a decoder needs. */
export const PLAIN_CONTAINERS_MAX = 0x100000;

/** Surrogates stand for characters above U+FFFF, so they rank behind U+E000..U+FFFF. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** Order of two well-formed strings by their UTF-8 bytes. Negative, zero or positive. */
export function compareText(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** A string in quotes, with everything escaped that a terminal might obey or hide. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
  });
}

/** A place within a value, as a programmer writes it: `players[2].x`; `root` when there is none. */
export function plainPath(steps: readonly (string | number)[], root: string): string {
  let path = '';
  for (const step of steps) {
    if (typeof step === 'string' && /^[A-Za-z_$][\w$]*$/.test(step)) path += path === '' ? step : `.${step}`;
    else path += `${path === '' ? root : ''}[${typeof step === 'number' ? step : quoted(step)}]`;
  }
  return path === '' ? root : path;
}
