/** Each checker of neo catches what it is for, and lets pass what is right. */

import { describe, expect, it } from 'vitest';
import { type Seat, seatOf } from '../../src/base/ids.ts';
import { playersFromBits } from '../../src/base/players.ts';
import { vectorDigest } from '../../src/crypto/commitment.ts';
import { encodeNeoRecord, type NeoRecord } from '../../src/protocol/neo/record.ts';
import { FinalsChecker } from '../../src/sim/checkers-finals.ts';
import { GateChecker } from '../../src/sim/checkers-gate.ts';
import { memoryExcess } from '../../src/sim/checkers-memory.ts';
import type { SeenPacket } from '../../src/sim/checkers-reading.ts';
import { SaidChecker } from '../../src/sim/checkers-said.ts';
import { Simulation } from '../../src/sim/simulator.ts';
import { entriesOf, signedPacket } from '../../src/wire/packet.ts';
import type { NeoStatement, Vote } from '../../src/wire/statement.ts';
import { sum } from './games.ts';
import { neoMatch } from './neo-terms.ts';

const seats = [0, 1, 2, 3].map(seatOf);
const [a, b, c, liar] = seats as [Seat, Seat, Seat, Seat];
const honest = (seat: Seat): boolean => seat !== liar;
const digest = (value: number): Uint8Array => new Uint8Array(32).fill(value);
const terms = { members: seats, certificate: 3 };

function told<T>(make: (tell: (text: string) => void) => T): readonly [T, string[]] {
  const texts: string[] = [];
  return [make((text) => texts.push(text)), texts];
}

describe('finals', () => {
  const watch = () => told((tell) => new FinalsChecker(tell, honest));
  const log = { members: 15, epochId: digest(9), removed: [] };

  function plays(checker: FinalsChecker, seat: Seat, hashes: readonly number[]): void {
    checker.started(seat);
    for (const [index, hash] of hashes.entries()) {
      checker.played(seat, index + 1, digest(hash));
      checker.final(seat, index + 1, digest(hash), log, true);
    }
  }

  it('equal ones are fine, also after a restart and of a liar that differs', () => {
    const [checker, texts] = watch();
    for (const seat of [a, b, a]) plays(checker, seat, [1, 2, 3]);
    plays(checker, liar, [7]);
    expect(texts).toEqual([]);
    expect([checker.finalOf(a), checker.finalOf(c)]).toEqual([3, 0]);
  });

  it('catches two that differ, also of one player before and after a restart', () => {
    const [checker, texts] = watch();
    plays(checker, a, [1, 2]);
    plays(checker, b, [1, 3]);
    plays(checker, a, [1, 4]);
    expect(texts).toEqual(['agreement: 0 against 1 after round 2', 'agreement: 0 against 0 after round 2']);
  });

  it('catches other members, and an honest player that is out for a lie', () => {
    const [checker, texts] = watch();
    plays(checker, a, [1]);
    checker.started(b);
    checker.played(b, 1, digest(1));
    const removed = [{ seat: c, reason: 'evidence' }];
    checker.final(b, 1, digest(1), { members: 11, epochId: digest(8), removed }, true);
    expect(texts.map((text) => text.split(':')[0])).toEqual(['framed', 'epoch']);
  });

  it('catches a final round that was not played so, one that is skipped, and going back before it', () => {
    const [checker, texts] = watch();
    checker.started(a);
    checker.played(a, 1, digest(1));
    checker.played(a, 2, digest(2));
    checker.final(a, 1, digest(5), log, true);
    checker.rolledBack(a, 0);
    checker.played(a, 3, digest(3));
    checker.final(a, 3, digest(3), log, true);
    expect(texts.every((text) => text.startsWith('order: '))).toBe(true);
    expect(texts.length).toBe(4);
  });

  it('lets go back what is not final', () => {
    const [checker, texts] = watch();
    plays(checker, a, [1]);
    checker.played(a, 2, digest(2));
    checker.rolledBack(a, 1);
    checker.played(a, 2, digest(3));
    checker.final(a, 2, digest(3), log, true);
    expect(texts).toEqual([]);
  });
});

const commit = (value: number): NeoStatement => ({
  kind: 'commit',
  epoch: 0,
  round: 1,
  commitment: digest(value),
});
const vote = (named: number): Vote => ({
  kind: 'vote',
  epoch: 0,
  round: 1,
  named: playersFromBits(named),
  values: vectorDigest(seats.filter((seat) => (named & (1 << seat)) !== 0).map((seat) => digest(seat + 1))),
  state: digest(0),
});

describe('the gate', () => {
  function table() {
    const [checker, texts] = told((tell) => new GateChecker(tell, honest));
    for (const seat of seats) checker.said(seat, commit(seat + 1));
    return [checker, texts] as const;
  }

  it('lets open who votes for all, and who holds equal votes of a quorum', () => {
    const [checker, texts] = table();
    checker.said(a, vote(0b1111));
    checker.opens(a, 1, terms);
    checker.said(b, vote(0b0111));
    for (const seat of [a, c]) checker.arrived(1, b, seat, vote(0b0111));
    checker.opens(b, 1, terms);
    expect(texts).toEqual([]);
  });

  it('catches who opens before a vote, and before a slot is fixed', () => {
    const [checker, texts] = table();
    checker.opens(a, 1, terms);
    checker.said(b, vote(0b0111));
    checker.arrived(1, b, a, vote(0b0111));
    checker.arrived(1, b, c, vote(0b1111));
    checker.opens(b, 1, terms);
    expect(texts).toEqual([
      'lookahead: player 0 opens round 1 without a vote',
      'lookahead: player 1 opens round 1 before the slot of 3 is fixed',
    ]);
  });

  it('catches a slot that goes against all honest votes', () => {
    const [checker, texts] = table();
    for (const seat of [a, b, c]) checker.said(seat, vote(0b0111));
    checker.decided(1, terms, [digest(1), digest(2), digest(0), digest(4)]);
    expect(texts).toEqual([
      'validity: "-" for 2 in round 1 although all honest votes name it',
      'validity: 3 is accepted in round 1 although all honest votes say "-"',
    ]);
  });

  it("catches a liar's commitment made after an opening, unless it has convicted itself", () => {
    for (const lies of [false, true]) {
      const [checker, texts] = table();
      checker.arrived(5, liar, a, { kind: 'reveal', epoch: 0, round: 1, input: digest(1), salt: digest(1) });
      checker.arrived(9, a, liar, commit(liar + 1));
      if (lies) checker.said(liar, commit(77));
      for (const seat of [a, b, c]) checker.said(seat, vote(0b1111));
      checker.decided(1, terms, [digest(1), digest(2), digest(3), digest(4)]);
      expect(texts.length).toBe(lies ? 0 : 1);
    }
  });
});

describe('what is said', () => {
  const seen = (statement: NeoStatement): SeenPacket => {
    const packet = signedPacket(a, entriesOf([statement]), new Uint8Array(64));
    return { sender: a, statements: [statement], packet, isValid: () => true };
  };
  const reveal = {
    kind: 'reveal',
    epoch: 0,
    round: 1,
    input: digest(1),
    salt: digest(1).slice(0, 16),
  } as const;
  const written = (...records: readonly NeoRecord[]): readonly Uint8Array[] => records.map(encodeNeoRecord);

  it('is fine when it was written down', () => {
    const records = written({ type: 'sealed', reveal }, { type: 'said', statements: [commit(1)] });
    const [checker, texts] = told((tell) => new SaidChecker(tell, () => records));
    checker.sent(a, seen(commit(1)));
    expect(texts).toEqual([]);
  });

  it('is caught when it was not, and when it is the second of its key', () => {
    const records = written({ type: 'said', statements: [commit(1)] });
    const [checker, texts] = told((tell) => new SaidChecker(tell, () => records));
    checker.sent(a, seen(commit(1)));
    checker.sent(a, seen(commit(2)));
    expect(texts.map((text) => text.split(':')[0])).toEqual(['persist', 'one-commit', 'persist', 'persist']);
  });
});

describe('memory', () => {
  it('is within its bounds in a match, and what is beyond them is named', () => {
    const simulation = new Simulation(sum, neoMatch({ players: 4, rounds: 30, network: { loss: 0.2 } }));
    simulation.run();
    const session = simulation.neoSession(a);
    const bounds = { n: 4, alpha: 12, silence: 20 };
    expect(session && memoryExcess(session, bounds)).toEqual([]);
    const [names] = [
      session ? memoryExcess(session, { n: 4, alpha: 1, silence: 2 }).map(([name]) => name) : [],
    ];
    expect(names).toContain('played rounds');
  });
});
