/**
 * The people and the agreement of a simulated match, all from its options: the same for a run and its replay.
 */

import { compareBytes } from '../base/bytes.ts';
import { type Seat, seatOf } from '../base/ids.ts';
import { prng } from '../base/prng.ts';
import { micros } from '../base/time.ts';
import type { Game } from '../protocol/game.ts';
import { encodeAgreement } from '../protocol/handshake.ts';
import { nobleSigner, simulatedSecret, Verifier } from './keys.ts';
import type { SimulationOptions } from './options.ts';
import { Player, type PlayerWorld } from './player.ts';

export interface SimulatedIdentity {
  readonly seat: Seat;
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

export interface Match<State, Input> {
  /** In seat order. */
  readonly identities: readonly SimulatedIdentity[];
  readonly keys: readonly Uint8Array[];
  readonly verifier: Verifier;
  /** A player that has not started yet. */
  player(seat: Seat, world: PlayerWorld): Player<State, Input>;
}

export function matchOf<State, Input>(
  game: Game<State, Input>,
  options: SimulationOptions<State, Input>,
): Match<State, Input> {
  const { players = 4, seed = 1, identitySeed = seed, stallMs = 1000, keyring = nobleSigner } = options;
  const verifier = new Verifier(keyring);
  const identities = Array.from({ length: players }, (_, index) => simulatedSecret(identitySeed, index))
    .map((secretKey) => ({ secretKey, publicKey: keyring.publicKey(secretKey) }))
    .sort((a, b) => compareBytes(a.publicKey, b.publicKey))
    .map((pair, index) => ({ ...pair, seat: seatOf(index) }));
  const keys = identities.map(({ publicKey }) => publicKey);
  const agreement = encodeAgreement({
    game: { id: game.id, version: game.version, rules: game.rules },
    protocol: { name: 'lockstep', parameters: { stallMs } },
  });
  const session = { keys, agreement, stallAfter: micros(stallMs), handshakeWithin: null };
  return {
    identities,
    keys,
    verifier,
    player(seat, world) {
      const { secretKey } = identities[seat] as SimulatedIdentity;
      const random = prng(seed).split('player').split(seat);
      return new Player({ game, seat, secretKey, session, random, verifier, world });
    },
  };
}
