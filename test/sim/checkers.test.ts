import { describe, expect, it } from 'vitest';
import { type Seat, seatOf } from '../../src/base/ids.ts';
import { Checkers } from '../../src/sim/checkers.ts';
import { encodeBundle } from '../../src/wire/envelope.ts';
import type { Statement } from '../../src/wire/statement.ts';
import { move, noState, packet, people } from '../protocol/table.ts';

const of = people(3);
const [zero, one, liar] = [seatOf(0), seatOf(1), seatOf(2)] as const;
/** What did not hold of a match from which those were removed. */
const found = (checkers: Checkers, ...removed: readonly Seat[]) =>
  checkers.violations((seat) => removed.includes(seat));
const watch = () => new Checkers(3, (seat: Seat) => seat !== liar);
const digest = (value: number) => new Uint8Array(32).fill(value);
const standing = { epoch: 0, round: 1, commits: 0, opens: 0, removes: 0, causes: 0 } as never;
const bundle = (...packets: readonly { readonly bytes: Uint8Array }[]) =>
  encodeBundle(of.session, { standing, items: packets.map(({ bytes }) => ({ type: 'packet', bytes })) });
const commit = (seat: number, text: string) => packet(of, seat, move(of, seat, text)[0]);

describe('agreement', () => {
  it('holds while equal rounds have equal digests', () => {
    const checkers = watch();
    for (const seat of [zero, one, liar])
      for (let round = 1; round <= 3; round++) checkers.final(seat, round, digest(round));
    expect(found(checkers)).toEqual([]);
  });

  it('is violated by two honest players that differ, and names them and the round', () => {
    const checkers = watch();
    checkers.final(zero, 1, digest(1));
    checkers.final(one, 1, digest(2));
    expect(found(checkers)).toEqual(['agreement: 0 against 1 after round 1']);
  });

  it('is told once a round, with everybody on each side', () => {
    const checkers = new Checkers(4, () => true);
    for (const [seat, value] of [
      [0, 1],
      [1, 2],
      [2, 1],
      [3, 3],
    ] as const)
      checkers.final(seatOf(seat), 1, digest(value));
    expect(found(checkers)).toEqual(['agreement: 0,2 against 1 against 3 after round 1']);
  });

  it('is among those who go on: the last round of a removed player may differ, and only that', () => {
    const checkers = watch();
    for (const seat of [zero, one]) checkers.final(seat, 1, digest(1));
    checkers.final(zero, 2, digest(2));
    checkers.final(one, 2, digest(3));
    checkers.final(one, 3, digest(4));
    expect(found(checkers)).toEqual(['agreement: 0 against 1 after round 2']);
    expect(found(checkers, zero)).toEqual([]);
    expect(found(checkers, one), 'it went on after round 2').toEqual([
      'agreement: 0 against 1 after round 2',
    ]);
  });

  it('is violated by one player that plays a round again otherwise', () => {
    const checkers = watch();
    checkers.final(zero, 1, digest(1));
    checkers.final(zero, 1, digest(2));
    expect(found(checkers)).toEqual(['agreement: 0 against 0 after round 1']);
  });

  it('is not the business of a liar', () => {
    const checkers = watch();
    checkers.final(liar, 1, digest(9));
    checkers.final(zero, 1, digest(1));
    expect(found(checkers)).toEqual([]);
  });

  it('a round that is skipped is a violation, one that is played again after a restart is none', () => {
    const checkers = watch();
    for (const round of [1, 2, 1, 2, 3]) checkers.final(zero, round, digest(round));
    expect(found(checkers)).toEqual([]);
    checkers.final(zero, 5, digest(5));
    expect(found(checkers)).toEqual(['order: player 0 skips to round 5']);
  });
});

describe('one statement a key', () => {
  it("holds for repetitions, for other players' packets, and for other keys", () => {
    const checkers = watch();
    const own = commit(0, 'a');
    checkers.sent(zero, of.session, bundle(own, commit(1, 'x')));
    checkers.sent(zero, of.session, bundle(own, commit(1, 'y')));
    checkers.sent(zero, of.session, bundle(packet(of, 0, move(of, 0, 'b', { epoch: 0, round: 2 })[0])));
    expect(found(checkers)).toEqual([]);
  });

  it.each<[string, Statement, Statement]>([
    ['commit', move(of, 0, 'a')[0], move(of, 0, 'b')[0]],
    ['reveal', move(of, 0, 'a')[1], move(of, 0, 'b')[1]],
    [
      'remove',
      { kind: 'remove', epoch: 0, target: 1, advanced: 0 },
      { kind: 'remove', epoch: 0, target: 2, advanced: 0 },
    ],
  ])('is violated by two %ss that differ', (kind, first, second) => {
    const checkers = watch();
    for (const each of [first, second]) checkers.sent(zero, of.session, bundle(packet(of, 0, each)));
    expect(found(checkers)).toEqual([`one-${kind}: player 0 says two different things`]);
    const lying = watch();
    for (const each of [first, second]) lying.sent(liar, of.session, bundle(packet(of, 2, each)));
    expect(found(lying)).toEqual([]);
  });

  it('what an honest player sends reads', () => {
    const checkers = watch();
    checkers.sent(zero, of.session, bundle({ bytes: Uint8Array.of(1, 2, 3) }));
    const cut = bundle(commit(0, 'a'));
    checkers.sent(zero, of.session, cut.subarray(0, cut.length - 1));
    checkers.sent(zero, digest(1), bundle(commit(0, 'a')));
    expect(found(checkers).map((text) => text.split(':')[0])).toEqual(['layout', 'layout', 'layout']);
  });

  it('hellos, and what is sent before the session, are not looked at', () => {
    const checkers = watch();
    checkers.sent(zero, of.session, Uint8Array.of(1, 1, 2, 3));
    checkers.sent(zero, null, bundle({ bytes: noState }));
    expect(found(checkers)).toEqual([]);
  });
});

describe('no false accusation', () => {
  it('an honest player that convicts an honest one is a violation; what a liar says is none', () => {
    const checkers = watch();
    checkers.accused(zero, liar);
    checkers.accused(liar, zero);
    expect(found(checkers)).toEqual([]);
    checkers.accused(zero, one);
    expect(found(checkers)).toEqual(['framed: player 0 convicts honest player 1']);
  });
});

describe('the list of violations', () => {
  it('is not longer than twenty', () => {
    const checkers = watch();
    for (let i = 0; i < 100; i++) checkers.accused(zero, one);
    expect(found(checkers).length).toBe(20);
  });
});
