/**
 * The people and the agreement of a simulated match, all from its options: the same for a run and its replay.
 */

import { compareBytes } from '../base/bytes.ts';
import { type Seat, seatOf } from '../base/ids.ts';
import { prng } from '../base/prng.ts';
import { micros } from '../base/time.ts';
import type { Engine, Restored, Running } from '../protocol/engine.ts';
import type { Game } from '../protocol/game.ts';
import { encodeAgreement } from '../protocol/handshake.ts';
import { lockstepEngine } from '../protocol/lockstep-engine.ts';
import { neoEngine } from '../protocol/neo/engine.ts';
import { alphaOf } from '../protocol/neo/options.ts';
import type { Plain } from '../wire/plain.ts';
import { nobleSigner, simulatedSecret, Verifier } from './keys.ts';
import type { Comer } from './newcomer.ts';
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
  /** One that comes later, from a seed of its own. */
  comer(comer: Comer, world: PlayerWorld, seated: (seat: Seat) => void): Player<State, Input>;
}

export function matchOf<State, Input>(
  game: Game<State, Input>,
  options: SimulationOptions<State, Input>,
): Match<State, Input> {
  const { players = 4, seed = 1, identitySeed = seed, keyring = nobleSigner } = options;
  const { engine, lag, name, parameters, stallMs } = protocolOf(options);
  const verifier = new Verifier(keyring);
  const identities = Array.from({ length: players }, (_, index) => simulatedSecret(identitySeed, index))
    .map((secretKey) => ({ secretKey, publicKey: keyring.publicKey(secretKey) }))
    .sort((a, b) => compareBytes(a.publicKey, b.publicKey))
    .map((pair, index) => ({ ...pair, seat: seatOf(index) }));
  const keys = identities.map(({ publicKey }) => publicKey);
  const agreement = encodeAgreement({
    game: { id: game.id, version: game.version, rules: game.rules },
    protocol: { name, parameters },
  });
  const session = { keys, agreement, stallAfter: micros(stallMs), handshakeWithin: null };
  return {
    identities,
    keys,
    verifier,
    player(seat, world) {
      const { secretKey } = identities[seat] as SimulatedIdentity;
      const random = prng(seed).split('player').split(seat);
      return new Player({
        engine,
        game,
        lag,
        seat,
        secretKey,
        session,
        random,
        verifier,
        world,
      });
    },
    comer({ keys: known, newcomer, seat, secretKey }, world, seated) {
      const random = prng(seed).split('player').split(seat);
      const own = { ...session, keys: known, newcomer };
      return new Player({
        engine,
        game,
        lag,
        seat,
        secretKey,
        session: own,
        random,
        verifier,
        world,
        seated,
      });
    },
  };
}

interface SimulatedProtocol {
  readonly name: string;
  readonly parameters: Plain;
  readonly stallMs: number;
  readonly engine: Engine<Running, Restored>;
  readonly lag: number;
}

/** The protocol of a match: what players agree on, and what runs it. */
function protocolOf({
  protocol,
  stallMs = 1000,
}: Pick<SimulationOptions<never, never>, 'protocol' | 'stallMs'>): SimulatedProtocol {
  if (protocol?.name !== 'neo') {
    return { name: 'lockstep', parameters: { stallMs }, stallMs, engine: lockstepEngine, lag: 1 };
  }
  const { parameters } = protocol;
  return {
    name: 'neo',
    parameters: { ...parameters },
    stallMs: parameters.stallMs,
    engine: neoEngine(parameters),
    lag: alphaOf(parameters),
  };
}
