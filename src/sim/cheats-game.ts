/** The game in which cheats are measured: its state is what everybody has played last. */

import { equalBytes } from '../base/bytes.ts';
import { hash } from '../crypto/hash.ts';
import type { Game } from '../protocol/game.ts';
import { decodePlain, encodePlain } from '../wire/plain.ts';

/** By seat the last inputs; null for none. */
export interface Hands {
  readonly round: number;
  readonly hands: readonly (number | null)[];
}

const empty: Uint8Array = new Uint8Array(0);

function encodeState({ hands, round }: Hands): Uint8Array {
  return encodePlain([round, [...hands]], 'state');
}

/** The number of an input's bytes; null for all else. */
export function handOf(bytes: Uint8Array): number | null {
  const decoded = decodePlain(bytes);
  return decoded.ok && typeof decoded.value === 'number' ? decoded.value : null;
}

/** Bytes of a number that is played. */
export function encodeHand(hand: number): Uint8Array {
  return encodePlain(hand, 'input');
}

/** Numbers below 0 are against the rules. */
export const hands: Game<Hands, number> = {
  id: 'hands',
  version: 1,
  rules: null,
  init: () => ({ round: 0, hands: [] }),
  step: (_state, { inputs, round }) => ({ round, hands: [...inputs] }),
  legal: (_state, _player, input) => input >= 0,
  encodeInput: (input) => (input === null ? empty : encodeHand(input)),
  decodeInput: (bytes) => {
    const input = handOf(bytes);
    return input === null ? { ok: false } : { ok: true, input };
  },
  permits: (_state, _player, input) => input.length === 0 || (handOf(input) ?? -1) >= 0,
  encodeState,
  decodeState: (bytes) => {
    const decoded = decodePlain(bytes);
    if (!decoded.ok || !Array.isArray(decoded.value)) return { ok: false };
    const [round, played] = decoded.value as [number, (number | null)[]];
    const state = { round, hands: played };
    return equalBytes(encodeState(state), bytes) ? { ok: true, state } : { ok: false };
  },
  stateHash: (state) => hash('state', encodeState(state)),
  start: () => ({ round: 0, hands: [] }),
  advance: (_state, { inputs, round }) => {
    const given = inputs.map((bytes) =>
      bytes === null || bytes.length === 0 ? null : (handOf(bytes) ?? -1),
    );
    const played = given.map((hand) => (hand === null || hand < 0 ? null : hand));
    const illegal = given.map((hand) => hand !== null && hand < 0);
    return { state: { round, hands: played }, inputs: played, illegal };
  },
};
