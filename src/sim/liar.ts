import type { Cheat } from './cheat.ts';
export class Conspiracy {}
export function liar(_: { conspiracy?: Conspiracy } = {}): Cheat {
  return { name: 'liar', begin: () => ({ outgoing: (to, d) => [[to, d]], incoming: (from, d) => [[from, d]] }) };
}
