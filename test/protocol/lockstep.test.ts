import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { prng } from '../../src/base/prng.ts';
import { attest, type Verified } from '../../src/crypto/signature.ts';
import { verifyEvidence } from '../../src/protocol/evidence.ts';
import { endLockstep, stepLockstep } from '../../src/protocol/lockstep.ts';
import { firstSeed, wantsInput } from '../../src/protocol/lockstep-state.ts';
import { decodePacket, elide, type Packet, statementOf } from '../../src/wire/packet.ts';
import { first, Machine, machines, mingle, move, noState, packet, people, setOf } from './table.ts';

const three = people(3);

/** The key of each statement that a machine signed, with what it then says; a repetition must be the same. */
function saidOnce(machine: Machine): void {
  const said = new Map<string, string>();
  for (const { entries } of machine.signed) {
    for (const { key, ...entry } of entries) {
      const known = said.get(toHex(key));
      if (known !== undefined) expect(JSON.stringify(entry)).toBe(known);
      said.set(toHex(key), JSON.stringify(entry));
    }
  }
}

/** A copy of a packet, as it comes out of a datagram. */
function again(each: Packet): Verified<Packet> {
  const decoded = decodePacket(each.bytes.slice());
  return attest({
    publicKey: noState,
    message: noState,
    signature: noState,
    value: (decoded as { value: Packet }).value,
  });
}

describe('the first state', () => {
  it('everybody is a member, round 1 is to be played, and an input is wanted', () => {
    const { state } = new Machine(three, 1);
    expect(state).toMatchObject({
      epoch: 0,
      round: 1,
      members: 0b111,
      own: null,
      over: null,
      leaving: false,
    });
    expect(wantsInput(state)).toBe(true);
    expect(firstSeed(three.session)).not.toEqual(state.seed);
  });
});

describe('an input', () => {
  it('is written down with its salt before its COMMIT is signed', () => {
    const machine = new Machine(three, 0).play('a');
    const [persist, sign] = machine.effects;
    const [commit, reveal] = move(three, 0, 'a');
    expect(persist).toEqual({ type: 'persist', record: { type: 'commit', commit, reveal, state: noState } });
    expect(sign).toMatchObject({ type: 'sign', draft: { statements: [commit] } });
  });

  it('is wanted once a round: a second is an error of our own', () => {
    expect(() => new Machine(three, 0).play('a').play('b')).toThrow(
      'an input is given when one is wanted, once a round',
    );
  });

  it('is not wanted after REMOVE, LEAVE or the end', () => {
    const frozen = new Machine(three, 0).hear(
      ...['x', 'y'].map((text) => packet(three, 2, move(three, 2, text)[0])),
    );
    const leaving = new Machine(three, 0).take({ type: 'leave' });
    const [over] = endLockstep(new Machine(three, 0).state, 'left');
    expect([frozen.state, leaving.state, over].map(wantsInput)).toEqual([false, false, false]);
  });
});

describe('what is signed is written down first', () => {
  it('for every statement of a long run', () => {
    const all = machines(three);
    for (let round = 1; round <= 4; round++) {
      for (const each of all) each.play(`${each.seat} ${round}`);
      mingle(all);
    }
    all[0]?.wish(2);
    all[1]?.wish(2);
    mingle(all);
    for (const { effects } of all) {
      let written: string | null = null;
      for (const effect of effects) {
        if (effect.type === 'persist') written = effect.record.type;
        if (effect.type !== 'sign' || effect.draft.type !== 'packet') continue;
        const [statement] = effect.draft.statements;
        expect(written, statement?.kind).toBe(statement?.kind === 'set' ? 'open' : statement?.kind);
        written = null;
      }
    }
  });
});

/** Three honest players; chance decides what is given to whom next, and how often. */
function shuffled(seed: number, rounds: number): Machine[] {
  const random = prng(seed);
  const all = machines(three);
  for (let step = 0; step < 20_000 && all.some(({ state }) => state.round <= rounds); step++) {
    const to = all[random.below(3)] as Machine;
    if (random.below(4) === 0 && wantsInput(to.state)) to.play(`${to.seat} ${random.below(1000)}`);
    const from = all[random.below(3)] as Machine;
    const newest = from.signed.length;
    if (newest === 0) continue;
    const index = Math.max(0, newest - 1 - random.below(3));
    to.hear(again(from.signed[index] as Packet));
  }
  return all;
}

describe('honest players', () => {
  it('agree on every round and accuse nobody, in whatever order and how often packets come', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const all = shuffled(seed, 6);
        const outcomes = all.map((each) => each.all('advance').map(({ outcome }) => outcome));
        const shared = Math.min(...outcomes.map(({ length }) => length));
        expect(shared).toBeGreaterThanOrEqual(6);
        for (const each of outcomes) expect(each.slice(0, shared)).toEqual(outcomes[0]?.slice(0, shared));
        for (const each of all) {
          saidOnce(each);
          expect(each.all('evidence')).toEqual([]);
          expect(each.said('remove')).toEqual([]);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('are at most one round apart', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = prng(seed);
        const all = machines(three);
        for (let step = 0; step < 400; step++) {
          const [from, to] = [all[random.below(3)] as Machine, all[random.below(3)] as Machine];
          if (wantsInput(to.state)) to.play(`${step}`);
          const each = from.signed.at(-1 - random.below(2));
          if (each) to.hear(each);
          const rounds = all.map(({ state }) => state.round);
          expect(Math.max(...rounds) - Math.min(...rounds)).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 10 },
    );
  });

  it('take a second delivery for nothing', () => {
    const all = shuffled(11, 4);
    for (const machine of all) {
      const effects = machine.effects.length;
      const { state } = machine;
      for (const other of all)
        machine.hear(
          ...other.signed.filter((each) => statementOf(each, 'commit')?.round !== state.round).map(again),
        );
      const known = [...state.now.commits, ...state.now.opens].filter((each) => each !== null);
      machine.hear(...known.map((each) => again(each as Packet)));
      const later = machine.effects.slice(effects).filter(({ type }) => type !== 'hold');
      expect(later.filter(({ type }) => type === 'evidence' || type === 'end')).toEqual([]);
      saidOnce(machine);
    }
  });
});

describe('a liar', () => {
  it('cannot part two honest players, nor have one of them accused (random forgeries)', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = prng(seed);
        const [p, q] = [new Machine(three, 0), new Machine(three, 1)];
        const texts = ['x', 'y'];
        const text = () => texts[random.below(2)] as string;
        for (let step = 0; step < 250; step++) {
          const to = random.below(2) === 0 ? p : q;
          const other = to === p ? q : p;
          if (wantsInput(to.state)) to.play(`${to.seat}`);
          to.hear(...other.signed.slice(-3));
          for (const { evidence } of other.all('evidence')) to.learn(evidence);
          if (random.below(25) === 0) to.wish(random.below(2) === 0 ? 2 : null);
          const { epoch, round } = to.state;
          const place = { epoch, round: Math.max(1, round + random.below(3) - 1) };
          const kind = random.below(14);
          const [commit, reveal] = move(three, 2, random.below(5) > 0 ? 'x' : text(), place);
          const commits = [0, 1].flatMap(
            (seat) => statementOf((to.state.now.commits[seat] ?? commit0) as Packet, 'commit') ?? [],
          );
          const set =
            random.below(6) > 0
              ? setOf(three, [...commits, commit], place)
              : { ...setOf(three, [], place), set: noState };
          if (kind < 6) to.hear(packet(three, 2, commit));
          else if (kind < 12)
            to.hear(packet(three, 2, set, random.below(6) > 0 ? reveal : move(three, 2, text(), place)[1]));
          else if (kind === 12 && random.below(12) === 0)
            to.hear(
              packet(three, 2, { kind: 'remove', epoch, target: random.below(2), advanced: round - 1 }),
            );
          else if (random.below(12) === 0)
            to.hear(
              packet(three, 2, { kind: 'leave', epoch, advanced: Math.max(0, round - random.below(3)) }),
            );
        }
        for (let i = 0; i < 4; i++) {
          for (const [to, from] of [
            [p, q],
            [q, p],
          ] as const) {
            to.hear(...from.signed);
            for (const { evidence } of from.all('evidence')) to.learn(evidence);
          }
        }
        const rounds = [p, q].map((each) =>
          each.all('advance').map(({ outcome }) => JSON.stringify(outcome)),
        );
        const shared = Math.min(...rounds.map(({ length }) => length));
        expect(rounds[0]?.slice(0, shared)).toEqual(rounds[1]?.slice(0, shared));
        for (const each of [p, q]) {
          saidOnce(each);
          for (const { evidence, player } of each.all('evidence')) {
            expect(player).toBe(2);
            expect(verifyEvidence(evidence)?.guilty).toEqual(three.keys[2]);
          }
        }
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  const commit0 = packet(three, 0, move(three, 0, '?')[0]);

  it('a bad opening convicts, whichever comes first, and does not keep the good one out', () => {
    const moves = ['a', 'b', 'c'].map((text, seat) => move(three, seat, text));
    const set = setOf(
      three,
      moves.map(([commit]) => commit),
    );
    const commits = moves.map(([commit], seat) => packet(three, seat, commit));
    const good = packet(three, 2, set, moves[2]?.[1] as never);
    const bad = packet(three, 2, set, move(three, 2, 'other')[1]);
    for (const order of [
      [good, bad],
      [bad, good],
    ]) {
      const machine = new Machine(three, 0).play('a').hear(...commits, ...order);
      expect(machine.all('evidence').map(({ player }) => player)).toEqual([2]);
      const early = new Machine(three, 0).hear(...order, ...commits);
      expect(early.all('evidence').map(({ player }) => player)).toEqual([2]);
    }
  });

  it('a lie that is told by a proof counts once, and its signer is asked for no more', () => {
    const lies = ['x', 'y'].map((text) => packet(three, 2, move(three, 2, text)[0]));
    const p = new Machine(three, 0).play('a').hear(...lies);
    const proof = p.all('evidence')[0]?.evidence as Uint8Array;
    const q = new Machine(three, 1).play('b').learn(proof).learn(proof);
    expect(q.all('evidence').map(({ evidence }) => evidence)).toEqual([proof]);
    expect(q.all('persist').filter(({ record }) => record.type === 'cause').length).toBe(1);
    expect(q.said('remove')).toMatchObject([{ target: 2 }]);
  });

  it('packets that are no lie are no proof', () => {
    const one = packet(three, 2, move(three, 2, 'x')[0]);
    const other = packet(three, 2, move(three, 2, 'x', { epoch: 0, round: 2 })[0]);
    const machine = new Machine(three, 0);
    for (const proof of [[], [one], [one, one], [one, other]]) machine.take({ type: 'proof', proof });
    expect(machine.all('evidence')).toEqual([]);
    expect(machine.state.removal.causes).toEqual([null, null, null]);
  });

  it('a packet in which something is left out is not taken', () => {
    const moves = ['a', 'b', 'c'].map((text, seat) => move(three, seat, text));
    const set = setOf(
      three,
      moves.map(([commit]) => commit),
    );
    const whole = packet(three, 2, set, moves[2]?.[1] as never);
    const machine = new Machine(three, 0).play('a');
    machine.hear(...[[0], [1]].map((keep) => again(elide(whole, three.session, keep))));
    expect(machine.state.now.opens).toEqual([null, null, null]);
  });
});

describe('after the end', () => {
  it('nothing changes and nothing is done', () => {
    const [over, effects] = endLockstep(new Machine(three, 0).state, 'split');
    expect(effects.map(({ type }) => type)).toEqual(['persist', 'end']);
    expect(endLockstep(over, 'left')).toEqual([over, []]);
    expect(stepLockstep(over, { type: 'leave' })).toEqual([over, []]);
    expect(
      stepLockstep(over, { type: 'packet', packet: packet(three, 1, move(three, 1, 'b', first)[0]) }),
    ).toEqual([over, []]);
  });
});

describe('a step', () => {
  it('leaves the state before it as it was', () => {
    const machine = new Machine(three, 0).play('a');
    const before = JSON.stringify(machine.state);
    const state = machine.state;
    machine.hear(...[1, 2].map((seat) => packet(three, seat, move(three, seat, 'x')[0])));
    machine.wish(2).take({ type: 'leave' });
    expect(JSON.stringify(state)).toBe(before);
    expect(machine.state).not.toBe(state);
  });
});
