import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const names = [
  'closeSync',
  'fdatasyncSync',
  'fsyncSync',
  'ftruncateSync',
  'openSync',
  'renameSync',
  'rmSync',
  'unlinkSync',
  'writeFileSync',
  'writeSync',
] as const;

/** The calls of node:fs that change files. */
export type Calls = Pick<typeof fs, (typeof names)[number]>;

/** The calls as they are. */
export const real: Calls = Object.fromEntries(names.map((name) => [name, fs[name]])) as unknown as Calls;

/** Puts others in their place, for everybody. */
export function patchCalls(
  changes: { readonly [Name in keyof Calls]?: (...args: never[]) => unknown },
): void {
  Object.assign(fs, changes);
  syncBuiltinESMExports();
}

/** Puts the real ones back. */
export function restoreCalls(): void {
  Object.assign(fs, real);
  syncBuiltinESMExports();
}

/** What a failing call throws. */
export function systemError(code: string, text: string): Error {
  return Object.assign(new Error(`${code}: ${text}`), { code });
}
