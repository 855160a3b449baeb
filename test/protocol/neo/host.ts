/** A match that has run for a while, and what one of its players can tell a newcomer. */

import { seatOf } from '../../../src/base/ids.ts';
import { neo } from '../../../src/client/options.ts';
import { keyring } from '../../../src/keyring/node.ts';
import { type Invitation, invitationOf } from '../../../src/protocol/neo/invitation.ts';
import { makeSnapshot, newestSnapshot, stepsOf, type Trust } from '../../../src/protocol/neo/snapshot.ts';
import type { Neo } from '../../../src/protocol/neo/state.ts';
import { Simulation } from '../../../src/sim/simulator.ts';
import type { Plain } from '../../../src/wire/plain.ts';
import { sum } from '../../sim/games.ts';

export interface Host {
  readonly machine: Neo;
  readonly agreement: Uint8Array;
  /** The newest round that it hands a snapshot over of, and the bytes of the states for it. */
  readonly round: number;
  readonly states: readonly (Uint8Array | null)[];
  readonly invitation: Invitation;
  readonly trust: Trust;
  readonly snapshot: Uint8Array;
}

const protocol = neo({ roundMs: 50, arrivalMs: 50, arrivalMinMs: 20, arrivalMaxMs: 50, silentRounds: 16 });

export function hostOf(): Host {
  const options = { keyring, protocol, rounds: 30, seed: 3, input: () => 1, network: { delayMs: 10 } };
  const simulation = new Simulation(sum, options);
  simulation.run();
  const session = simulation.neoSession(seatOf(0));
  const play = simulation.players[0]?.play;
  if (!session?.neo || !play) throw new Error('the match has run');
  const machine = session.neo;
  const { agreement } = session.setup;
  const round = newestSnapshot(machine) ?? 0;
  const states = play.states(round, stepsOf(round, machine.setup.log.alpha)) ?? [];
  const invitation = invitationOf(machine, agreement, ['a:1', 'b:2', 'c:3', 'd:4']);
  const trust = { invitation, parameters: machine.setup.log, judges: false };
  const snapshot = makeSnapshot(machine, round, states) ?? new Uint8Array(0);
  return { machine, agreement, round, states, invitation, trust, snapshot };
}

/** The bytes with one bit changed. */
export function flipped(bytes: Plain | undefined, at = 0): Uint8Array {
  const copy = (bytes as Uint8Array).slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
