/** Each rule of neo that the checker knows is shown to fail: one altered statement for each deviation. */

import { describe, expect, it } from 'vitest';
import { seatOf } from '../../src/base/ids.ts';
import { nobody, playersFromBits } from '../../src/base/players.ts';
import { commit, vectorDigest } from '../../src/crypto/commitment.ts';
import { alphaOf } from '../../src/protocol/neo/options.ts';
import { emptyUpdate, encodeUpdate } from '../../src/protocol/neo/update.ts';
import { type Packet, partHashOf } from '../../src/wire/packet.ts';
import { ROUND_INSTANCE, type Statement } from '../../src/wire/statement.ts';
import { handsRead } from './checker-game.ts';
import { NeoWatcher, neoDeviations } from './checker-neo.ts';
import { ruleDeviations } from './checker-rules.ts';
import { parametersOf } from './match-neo.ts';
import { filled, type Signer, sign } from './messages.ts';
import { evidence } from './world.ts';
import {
  carrying,
  everybody,
  first,
  firstState,
  newWatcher,
  roundsOf,
  session,
  signers,
  told,
  type Wave,
  waveOf,
} from './world-neo.ts';

const [a, b, c] = signers as [Signer, Signer, Signer, Signer];
const { commitments, commits, reveals, vote, votes } = first;
const seats = playersFromBits;
const place = { epoch: 0, round: 1 };
const slots = { ...place, instance: ROUND_INSTANCE };
const none = filled(0);
/** The hash of one seat, the first unless told. */
const hashOf = (seat = 0): Uint8Array => commitments[seat] as Uint8Array;
const alpha = alphaOf(parametersOf());

/** What is found of the last packets, after others that are in order. */
function found(before: readonly Packet[], ...last: readonly Packet[]): readonly string[] {
  const watcher = told(newWatcher(), ...before);
  expect(watcher.deviations).toEqual([]);
  told(watcher, ...last);
  return watcher.deviations.map(({ deviation }) => deviation);
}

const said = [...commits, ...votes, ...reveals];
const confirm = (change: Partial<Statement> = {}): Statement =>
  ({
    kind: 'confirm',
    ...slots,
    ...{ view: 0, index: 0, slots: seats(everybody), named: seats(everybody), values: vote.values },
    ...change,
  }) as Statement;
const hold = (change: Partial<Statement> = {}): Statement =>
  ({
    kind: 'hold',
    ...place,
    ...{ index: 0, authors: seats(0b10), values: vectorDigest([hashOf(1)]) },
    ...change,
  }) as Statement;
const change = (other: Partial<Statement> = {}): Statement =>
  ({
    kind: 'change',
    ...slots,
    ...{ view: 1, named: seats(everybody), votes: commitments, certified: [], claim: none },
    ...other,
  }) as Statement;
/** A change about the opening of seat 1. */
const doubt = (other: Partial<Statement> = {}): Statement =>
  change({ instance: 1, named: nobody, votes: [], ...other } as Partial<Statement>);
/** The leader of view 1 of the slots of round 1, and of view 1 about the opening of seat 1. */
const leader = signers[2] as Signer;
const changes = signers.slice(0, 3).map((signer) => sign(signer, change()));
const proposalOf = (other: Partial<Statement> = {}, basis: readonly Packet[] = changes): Statement =>
  ({
    kind: 'propose',
    ...slots,
    ...{ view: 1, changes: basis.map((packet) => partHashOf(session, packet, 0)) },
    ...{ named: seats(everybody), values: commitments },
    ...other,
  }) as Statement;
const proposal = sign(leader, proposalOf());
const prepare = (other: Partial<Statement> = {}): Statement =>
  ({ kind: 'prepare', ...slots, view: 1, proposal: partHashOf(session, proposal, 0), ...other }) as Statement;

/** A round of which all is said and decided. */
const whole = ({ commits, votes, reveals, holds }: Wave): readonly Packet[] => [
  ...commits,
  ...votes,
  ...reveals,
  ...holds,
];

/** All rounds until what is said in the first one acts: seat 0 leaves there. */
function untilItActs(): NeoWatcher {
  const watcher = newWatcher();
  for (let round = 1; round <= alpha; round++) {
    told(watcher, ...whole(waveOf(round, firstState, round === 1 ? { 0: [{ type: 'leave' }] } : {})));
  }
  expect(watcher.deviations).toEqual([]);
  expect(watcher.finals).toHaveLength(alpha + 1);
  return watcher;
}

const header = (sets: Partial<Record<string, number>>, final = 0): readonly string[] => {
  const watcher = told(newWatcher(), commits[1] as Packet);
  const all = { commits: 0, votes: 0, opens: 0, decided: 0, opened: 0, ...sets };
  watcher.take(0, roundsOf([], { final, rounds: final === 0 ? [all as never] : [] }));
  watcher.finish();
  return watcher.deviations.map(({ deviation }) => deviation);
};

const cases: Readonly<Record<string, readonly (() => readonly string[])[]>> = {
  'no-session': [
    () => {
      const watcher = new NeoWatcher(handsRead);
      watcher.take(0, carrying(commits[0] as Packet));
      return watcher.deviations.map(({ deviation }) => deviation);
    },
  ],
  seat: [() => found([], sign({ ...a, seat: 4 }, { kind: 'commit', ...place, commitment: filled(1) }))],
  kind: [
    () => found([], sign(a, { kind: 'set', ...place, set: filled(1), state: filled(1) })),
    () => found([], sign(a, { kind: 'leave', epoch: 0, advanced: 0 })),
  ],
  ahead: [
    () => found([], sign(a, { kind: 'commit', epoch: 0, round: alpha + 1, commitment: filled(1) })),
    () => found([], sign(a, { kind: 'commit', epoch: 0, round: 0xffffffff, commitment: filled(1) })),
  ],
  epoch: [
    () => found([], sign(a, { kind: 'commit', epoch: 1, round: 1, commitment: filled(1) })),
    () => {
      const watcher = untilItActs();
      told(watcher, sign(b, { kind: 'commit', epoch: 0, round: alpha + 1, commitment: filled(1) }));
      return watcher.deviations.map(({ deviation }) => deviation);
    },
  ],
  'not-a-member': [
    () => {
      const watcher = untilItActs();
      told(watcher, sign(b, { kind: 'commit', epoch: 1, round: alpha + 1, commitment: filled(1) }));
      expect(watcher.deviations).toEqual([]);
      told(watcher, sign(a, { kind: 'commit', epoch: 1, round: alpha + 1, commitment: filled(1) }));
      return watcher.deviations.map(({ deviation }) => deviation);
    },
  ],
  contradiction: [
    () => found(commits, sign(a, { kind: 'commit', ...place, commitment: hashOf(1) })),
    () =>
      found([...commits, ...votes], sign(a, { ...vote, named: seats(1), values: vectorDigest([hashOf()]) })),
  ],
  instance: [
    () => found(said, sign(a, change({ instance: 7, named: nobody, votes: [] } as Partial<Statement>))),
    () => found(said, sign(a, prepare({ instance: 16 } as Partial<Statement>))),
    () => found([...commits, votes[0] as Packet], sign(a, doubt())),
  ],
  'vote-before-commit': [() => found(commits.slice(1), votes[0] as Packet)],
  named: [
    () =>
      found(commits, sign(a, { ...vote, named: seats(0b1110), values: vectorDigest(commitments.slice(1)) })),
    () =>
      found(
        [...commits, ...votes],
        sign(a, confirm({ slots: nobody, named: nobody, values: vectorDigest([]) } as Partial<Statement>)),
      ),
    () =>
      found(
        said,
        sign(a, hold({ authors: seats(1), values: vectorDigest([hashOf()]) } as Partial<Statement>)),
      ),
    () => found(said, sign(a, hold({ authors: nobody, values: vectorDigest([]) } as Partial<Statement>))),
  ],
  values: [
    () => found(commits, sign(a, { ...vote, values: filled(1) })),
    () => found(commits, sign(a, { ...vote, values: vectorDigest([...commitments].reverse()) })),
    () => found([...commits, ...votes], sign(a, confirm({ values: filled(1) } as Partial<Statement>))),
    () => found(said, sign(a, hold({ values: vectorDigest([hashOf(2)]) } as Partial<Statement>))),
  ],
  state: [
    () => found(commits, sign(a, { ...vote, state: filled(1) })),
    () => {
      const watcher = told(newWatcher(), ...whole(first));
      const { commits: next, vote: other } = waveOf(2, firstState);
      const { stateDigest = none } = watcher.finals[1] ?? {};
      told(watcher, ...next, sign(a, { ...other, state: new Uint8Array(stateDigest) }));
      return watcher.deviations.map(({ deviation }) => deviation);
    },
  ],
  opening: [
    () => {
      const input = encodeUpdate({ ...emptyUpdate, input: filled(1, 1) });
      return found([...commits, ...votes], sign(a, { kind: 'reveal', ...place, input, salt: filled(1, 16) }));
    },
  ],
  'early-opening': [
    () => found([...commits, ...votes.slice(1)], reveals[0] as Packet),
    () => {
      const alone = { ...vote, named: seats(1), values: vectorDigest([hashOf()]) };
      return found([...commits, sign(a, alone), ...votes.slice(1, 3)], reveals[0] as Packet);
    },
  ],
  update: [
    () => {
      const [input, salt] = [filled(0, 1), filled(1, 16)];
      const commitment = commit({ session, ...place, author: seatOf(0) }, salt, input);
      const before = [sign(a, { kind: 'commit', ...place, commitment }), ...commits.slice(1)];
      const alike = { ...vote, values: vectorDigest([commitment, ...commitments.slice(1)]) };
      before.push(...signers.map((signer) => sign(signer, alike)));
      return found(before, sign(a, { kind: 'reveal', ...place, input, salt }));
    },
  ],
  accusation: [
    () => {
      const watcher = newWatcher();
      watcher.take(0, roundsOf([{ type: 'accusation', bytes: evidence }]));
      return watcher.deviations.map(({ deviation }) => deviation);
    },
    () => {
      const wave = waveOf(1, firstState, { 1: [{ type: 'accuse', evidence }] });
      return found([...wave.commits, ...wave.votes], wave.reveals[1] as Packet);
    },
  ],
  index: [
    () => found([...commits, ...votes], sign(a, confirm({ index: 1 } as Partial<Statement>))),
    () => found(said, sign(a, hold({ index: 1 } as Partial<Statement>))),
  ],
  twice: [
    () =>
      found([...commits, ...votes, sign(a, confirm())], sign(a, confirm({ index: 1 } as Partial<Statement>))),
    () => found([...said, sign(a, hold())], sign(a, hold({ index: 1 } as Partial<Statement>))),
  ],
  certificate: [
    () => found([...commits, ...votes.slice(0, 2)], sign(a, confirm())),
    () => found([...commits, ...votes], sign(a, confirm({ view: 1 } as Partial<Statement>))),
    () =>
      found(
        [...commits, ...votes],
        sign(
          a,
          confirm({
            named: seats(0b111),
            values: vectorDigest(commitments.slice(0, 3)),
          } as Partial<Statement>),
        ),
      ),
    () =>
      found(
        [...commits, ...votes],
        sign(a, change({ certified: [{ slot: 0, view: 0, value: none }] } as Partial<Statement>)),
      ),
    () =>
      found(
        [...commits, ...votes],
        sign(a, change({ certified: [{ slot: 0, view: 2, value: hashOf() }] } as Partial<Statement>)),
      ),
    () =>
      found(
        [...commits, ...votes, ...changes, proposal, sign(a, prepare()), sign(b, prepare())],
        sign(c, confirm({ view: 1 } as Partial<Statement>)),
      ),
  ],
  promise: [
    () => found([...commits, ...votes, sign(a, change())], sign(a, confirm())),
    () => found([...commits, ...votes], sign(a, change({ view: 0 } as Partial<Statement>))),
    () => found([...said, sign(a, doubt())], sign(a, hold())),
    () =>
      found(
        [...commits, ...votes, ...changes, proposal, sign(a, change({ view: 2 } as Partial<Statement>))],
        sign(a, prepare()),
      ),
  ],
  held: [() => found([...commits, ...votes], sign(a, hold()))],
  'repeated-vote': [
    () =>
      found(
        [...commits, ...votes],
        sign(a, change({ named: seats(0b111), votes: commitments.slice(0, 3) } as Partial<Statement>)),
      ),
    () =>
      found(
        [...commits, ...votes],
        sign(a, change({ votes: [...commitments].reverse() } as Partial<Statement>)),
      ),
    () => found([...commits, ...votes.slice(1)], sign(a, change())),
    () => found(said, sign(a, doubt({ named: seats(1), votes: [hashOf()] } as Partial<Statement>))),
  ],
  forgotten: [() => found([...commits, ...votes, sign(a, confirm())], sign(a, change()))],
  claim: [
    () => found([...commits, ...votes], sign(a, change({ claim: hashOf() } as Partial<Statement>))),
    () => found(said, sign(a, doubt({ claim: hashOf() } as Partial<Statement>))),
    () => found([...commits, ...votes], sign(a, doubt({ claim: hashOf(1) } as Partial<Statement>))),
    () => found([...said, sign(a, hold())], sign(a, doubt())),
  ],
  leader: [() => found([...commits, ...votes, ...changes], sign(a, proposalOf()))],
  proposal: [
    () =>
      found(
        [...commits, ...votes, ...changes],
        sign(
          leader,
          proposalOf({ named: seats(0b111), values: commitments.slice(0, 3) } as Partial<Statement>),
        ),
      ),
    () => found([...commits, ...votes, ...changes], sign(leader, proposalOf({}, changes.slice(1)))),
    () => found([...commits, ...votes, ...changes.slice(1)], proposal),
  ],
  proposed: [
    () => found([...commits, ...votes, ...changes], sign(a, prepare())),
    () =>
      found(
        [...commits, ...votes, ...changes, proposal],
        sign(a, prepare({ view: 2 } as Partial<Statement>)),
      ),
  ],
  header: [
    () => header({ commits: 0b100 }),
    () => header({ votes: 0b10 }),
    () => header({ opens: 0b10 }),
    () => header({ decided: 0b10 }),
    () => header({ opened: 0b10 }),
    () => header({ commits: 0b10000 }),
    () => header({}, 1),
  ],
};

describe('the checker of neo', () => {
  it('is shown to name every deviation that it knows', () => {
    const names = [...neoDeviations, ...ruleDeviations, 'update'];
    expect(Object.keys(cases).sort()).toEqual(names.sort());
  });

  it.each(Object.entries(cases))('names %s', (name, provoke) => {
    expect(provoke.length).toBeGreaterThan(0);
    for (const each of provoke) expect(each()).toEqual([name]);
  });

  it('finds nothing in what honest players send, to the end of the round', () => {
    const watcher = told(newWatcher(), ...whole(first));
    expect(watcher.deviations).toEqual([]);
    expect(watcher.finals).toHaveLength(2);
    const slow = [
      sign(a, confirm()),
      ...changes.slice(1),
      sign(
        a,
        change({
          certified: commitments.map((value, slot) => ({ slot, view: 0, value })),
        } as Partial<Statement>),
      ),
    ];
    told(watcher, ...slow);
    expect(watcher.deviations).toEqual([]);
  });
});
