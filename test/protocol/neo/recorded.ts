/** Recorded rounds of a match of four, signed by hand: what its players said is up to the test. */

import { expect } from 'vitest';
import { seatOf } from '../../../src/base/ids.ts';
import { firstPlayers, nobody, type PlayerSet, seatsOf } from '../../../src/base/players.ts';
import { defineGame } from '../../../src/client/game.ts';
import { commit, vectorDigest } from '../../../src/crypto/commitment.ts';
import { attest, type Sealed, type Verified } from '../../../src/crypto/signature.ts';
import { keyring } from '../../../src/keyring/node.ts';
import type { Game } from '../../../src/protocol/game.ts';
import { encodeAgreement, sessionOf } from '../../../src/protocol/handshake.ts';
import type { NeoParameters } from '../../../src/protocol/neo/options.ts';
import {
  encodeRecording,
  type RecordingVerdict,
  verifyRecording,
} from '../../../src/protocol/neo/recording.ts';
import type { RecordedRound, RecordingHead } from '../../../src/protocol/neo/recording-format.ts';
import { vectorOf } from '../../../src/protocol/neo/values.ts';
import { type Packet, partHashOf } from '../../../src/wire/packet.ts';
import type { Statement, Vote } from '../../../src/wire/statement.ts';
import { nonceOf, type People, packet, people } from '../table.ts';
import { setOf } from './group.ts';

/** alpha is 3. */
export const parameters: NeoParameters = {
  roundMs: 50,
  roundMaxMs: 200,
  arrivalMs: 10,
  arrivalMinMs: 5,
  arrivalMaxMs: 10,
  silentRounds: 11,
  window: 3,
  openMs: 3000,
  lateMs: 1500,
  stallMs: 2000,
  keepF: false,
};

/** A game in which nothing happens, and 13 must not be played. */
export const still: Game<{ x: number }, number> = defineGame<{ x: number }, number>({
  id: 'still',
  version: 1,
  init: () => ({ x: 0 }),
  step: (state) => state,
  legal: (_state, _player, input) => input !== 13,
});

export const agreement: Uint8Array = encodeAgreement({
  game: { id: 'still', version: 1, rules: null },
  protocol: { name: 'neo', parameters: { ...parameters } },
});

const four = people(4);
export const head: RecordingHead = {
  agreement,
  keys: four.keys,
  nonces: four.keys.map((_, seat) => nonceOf(seat)),
};
export const session: Uint8Array = sessionOf(agreement, head.keys, head.nonces);
const of: People = { ...four, session };

/** The native check of signatures, which is a hundred times faster. */
export const verify = <T>(sealed: Sealed<T>): Verified<T> | null =>
  keyring.verify(sealed.publicKey, sealed.message, sealed.signature) ? attest(sealed) : null;

export const NONE: Uint8Array = new Uint8Array(32);

export function say(seat: number, ...statements: readonly Statement[]): Verified<Packet> {
  return packet(of, seat, ...statements);
}

/** A round that is told of, with hashes and openings as they are when all goes well. */
export class Told {
  readonly epoch: number;
  readonly round: number;
  readonly members: PlayerSet;
  readonly inputs: readonly Uint8Array[];
  /** By seat what each has committed to. */
  readonly hashes: readonly Uint8Array[];

  constructor(
    round = 1,
    inputs: Readonly<Record<number, Uint8Array>> = {},
    epoch = 0,
    members: readonly number[] = [0, 1, 2, 3],
  ) {
    this.round = round;
    this.epoch = epoch;
    this.members = setOf(members);
    this.inputs = four.keys.map((_, seat) => inputs[seat] ?? new Uint8Array(0));
    this.hashes = this.inputs.map((input, author) =>
      commit({ session, epoch, round, author: seatOf(author) }, this.salt(author), input),
    );
  }

  salt(seat: number): Uint8Array {
    return new Uint8Array(16).fill(16 * seat + this.round);
  }

  /** A vote that says what the others say, with what is told changed; `-` for null. */
  vote(change: Readonly<Record<number, Uint8Array | null>> = {}, state: Uint8Array = NONE): Vote {
    const values = this.hashes.map((hash, seat) => (seat in change ? (change[seat] ?? NONE) : hash));
    const { hashes, named } = vectorOf(this.members, values);
    return { kind: 'vote', epoch: this.epoch, round: this.round, named, values: vectorDigest(hashes), state };
  }

  confirm(slots: readonly number[], view: number, values: readonly Uint8Array[] = this.hashes): Statement {
    const { hashes, named } = vectorOf(setOf(slots), values);
    return {
      ...this.#at(255, view),
      kind: 'confirm',
      index: 0,
      slots: setOf(slots),
      named,
      values: vectorDigest(hashes),
    };
  }

  confirmVoid(author: number, view = 1): Statement {
    const nothing = { named: nobody, values: vectorDigest([]) };
    return { ...this.#at(author, view), kind: 'confirm', index: 0, slots: setOf([author]), ...nothing };
  }

  propose(view: number, values: readonly Uint8Array[] = this.hashes): Statement {
    const { hashes, named } = vectorOf(this.members, values);
    return { ...this.#at(255, view), kind: 'propose', changes: [NONE], named, values: hashes };
  }

  prepare(view: number, proposal: Packet): Statement {
    return { ...this.#at(255, view), kind: 'prepare', proposal: partHashOf(session, proposal, 0) };
  }

  #at(instance: number, view: number): { epoch: number; round: number; instance: number; view: number } {
    return { epoch: this.epoch, round: this.round, instance, view };
  }

  /** The packets of those votes, one a member. */
  votes(change: Readonly<Record<number, Vote>> = {}): readonly Packet[] {
    return seatsOf(this.members).map((seat) => say(seat, change[seat] ?? this.vote()));
  }

  /** The round as it is recorded when everybody's slot is accepted and opened. */
  recorded(packets: readonly Packet[] = this.votes(), change: Partial<RecordedRound> = {}): RecordedRound {
    const isMember = (seat: number): boolean => seatsOf(this.members).includes(seatOf(seat));
    return {
      round: this.round,
      decided: this.hashes.map((hash, seat) => (isMember(seat) ? hash : null)),
      voided: nobody,
      openings: this.inputs.map((input, seat) => (isMember(seat) ? { input, salt: this.salt(seat) } : null)),
      stateHash: still.stateHash({ x: 0 }),
      packets: packets.map(({ bytes }) => bytes),
      vectors: [],
      ...change,
    };
  }
}

export const everybody: PlayerSet = firstPlayers(4);

export const judge: (finals: readonly RecordedRound[], change?: Partial<RecordingHead>) => RecordingVerdict =
  (finals, change = {}) =>
    verifyRecording(still, encodeRecording({ ...head, ...change, finals }), { verify });

export const one: Told = new Told();

/** Votes of which seat 2's says "-" about slot 0: the others alone cannot decide it at once. */
export const split: readonly Packet[] = one.votes({ 2: one.vote({ 0: null }) });

export function broken(verdict: RecordingVerdict): Extract<RecordingVerdict, { ok: false }> {
  if (verdict.ok) throw new Error('the recording holds');
  return verdict;
}

export function breaks(verdict: RecordingVerdict, round: number, reason: string): void {
  const { evidence, ...rest } = broken(verdict);
  expect(rest).toMatchObject({ round, reason, blame: null });
  expect(evidence).toBe(null);
}
