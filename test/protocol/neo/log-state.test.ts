import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes, toHex } from '../../../src/base/bytes.ts';
import { type Round, type Seat, seatOf } from '../../../src/base/ids.ts';
import {
  add,
  count,
  firstPlayers,
  minus,
  nobody,
  type PlayerSet,
  playersFromBits,
  seatsOf,
} from '../../../src/base/players.ts';
import { keyring } from '../../../src/keyring/node.ts';
import { encodeEvidence, prove } from '../../../src/protocol/evidence.ts';
import { SPONSORED_MAX } from '../../../src/protocol/neo/joining.ts';
import { decodeLog, encodeLog } from '../../../src/protocol/neo/log-snapshot.ts';
import {
  type ClosedRound,
  counts,
  digest,
  firstLog,
  fold,
  type LogEvent,
  type LogParameters,
  type LogState,
} from '../../../src/protocol/neo/log-state.ts';
import { firstPace, LATENESS_UNIT, type PaceLimits } from '../../../src/protocol/neo/pace.ts';
import { emptyUpdate, joinMessage, type Operation, type Update } from '../../../src/protocol/neo/update.ts';
import { quorum } from '../../../src/protocol/quorum.ts';
import { elide } from '../../../src/wire/packet.ts';
import type { Statement } from '../../../src/wire/statement.ts';
import { fixed, type Player, playersOf } from '../../standard/match.ts';
import { damaged, filled, sign } from '../../standard/messages.ts';

const session = fixed('a session of neo');
const alpha = 3;
const m = 5;
const limits: PaceLimits = { roundMin: 20_000, roundMax: 200_000, arrivalMin: 10_000, arrivalMax: 90_000 };
const pace = firstPace(limits, 50_000, 30_000);
const parameters: LogParameters = { session, alpha, silence: m, keepF: false, pace: limits };
const players = playersOf(16);
const memberOf = ({ publicKey }: Player, seat: number) => ({
  publicKey,
  nonce: fixed(`nonce ${seat}`, 16),
  address: `10.0.0.${seat}:7`,
});

/** What happens in a round: everything that is not told goes well. */
interface Told {
  /** Seats whose slot is "-". */
  readonly missing?: readonly number[];
  readonly voided?: readonly number[];
  readonly illegal?: readonly number[];
  readonly says?: Readonly<Record<number, readonly Operation[]>>;
  readonly updates?: Readonly<Record<number, Update | null>>;
}

const setOf = (seats: readonly number[] = []): PlayerSet =>
  seats.reduce<PlayerSet>((set, seat) => add(set, seatOf(seat)), nobody);

/** A group that plays on, round after round, each under the members of alpha rounds before. */
class Group {
  readonly parameters: LogParameters;
  readonly logs: LogState[];
  readonly events: LogEvent[][] = [[]];
  readonly closed: ClosedRound[] = [];

  constructor(size: number, change: Partial<LogParameters> = {}) {
    this.parameters = { ...parameters, ...change };
    this.logs = [firstLog(this.parameters, players.slice(0, size).map(memberOf), pace)];
  }

  get log(): LogState {
    return this.logs.at(-1) as LogState;
  }

  get seats(): readonly number[] {
    return seatsOf(this.log.members);
  }

  membersOf(round: Round): PlayerSet {
    return (this.logs[Math.max(0, round - alpha)] as LogState).members;
  }

  /** One round; what it did to the members, as `3 silent` or `4 joined`. */
  play(told: Told = {}): string[] {
    const round = this.log.round + 1;
    const members = this.membersOf(round);
    const accepted = minus(members, setOf(told.missing));
    const updates = players.map((_, seat): Update | null => {
      const given = told.updates?.[seat];
      if (given !== undefined) return given;
      return { ...emptyUpdate, operations: told.says?.[seat] ?? [] };
    });
    const closed: ClosedRound = {
      round,
      accepted,
      voided: setOf(told.voided),
      updates,
      illegal: setOf(told.illegal),
      members,
      judged: fixed(`state that round ${round} is judged on`),
    };
    const { events, log } = fold(this.parameters, this.log, closed);
    this.closed.push(closed);
    this.logs.push(log);
    this.events.push([...events]);
    return events.map((event) => `${event.seat} ${event.type === 'joined' ? 'joined' : event.reason}`);
  }

  /** So many rounds of one kind; everything that they did. */
  playOn(rounds: number, told: Told = {}): string[] {
    return Array.from({ length: rounds }, () => this.play(told)).flat();
  }
}

const signerOf = (seat: number, as = seat) => ({ ...(players[seat] as Player), session, seat: as });

/** Evidence against a seat: two commitments of one round. */
function accusationOf(seat: number, inSession = session): Operation {
  const [a, b] = [1, 2].map((value) =>
    sign({ ...signerOf(seat), session: inSession }, {
      kind: 'commit',
      epoch: 0,
      round: 1,
      commitment: filled(value),
    } as Statement),
  ) as [ReturnType<typeof sign>, ReturnType<typeof sign>];
  const evidence = prove(inSession, (players[seat] as Player).publicKey, a, b);
  if (evidence === null) throw new Error('two commitments convict');
  return { type: 'accuse', evidence: encodeEvidence(evidence) };
}

const late = (round: Round, seat: number): Operation => ({ type: 'late', round, seat: seatOf(seat) });
const leave: Operation = { type: 'leave' };

function sponsor(
  seat: number,
  change: { nonce?: Uint8Array; address?: string; signer?: number } = {},
): Operation {
  const { signer = seat, ...other } = change;
  const member = { ...memberOf(players[seat] as Player, seat), ...other };
  const signature = keyring.sign((players[signer] as Player).secretKey, joinMessage(session, member));
  return { type: 'sponsor', ...member, signature };
}

/** The same operation by several seats. */
const byAll = (seats: readonly number[], ...operations: Operation[]): Told => ({
  says: Object.fromEntries(seats.map((seat) => [seat, operations])),
});

describe('the first state', () => {
  it('has everybody in, and an epoch id that depends on session, keys and nonces', () => {
    const { log } = new Group(4);
    expect(seatsOf(log.members)).toEqual([0, 1, 2, 3]);
    expect([log.round, log.epoch, log.firstLiars]).toEqual([0, 0, 1]);
    const roster = players.slice(0, 4).map(memberOf);
    const other = (change: object) =>
      firstLog(parameters, [{ ...(roster[0] as (typeof roster)[0]), ...change }, ...roster.slice(1)], pace);
    const ids = [
      log,
      firstLog({ ...parameters, session: filled(1) }, roster, pace),
      other({ publicKey: filled(1) }),
      other({ nonce: filled(1, 16) }),
    ].map(({ epochId }) => toHex(epochId));
    expect(new Set(ids).size).toBe(4);
  });

  it('has the same digest whatever address each player uses for another', () => {
    const roster = players.slice(0, 4).map(memberOf);
    const elsewhere = roster.map((each) => ({ ...each, address: 'elsewhere' }));
    expect(digest(firstLog(parameters, elsewhere, pace))).toEqual(digest(firstLog(parameters, roster, pace)));
  });

  it('needs a silence longer than alpha, and rounds in order', () => {
    expect(() => firstLog({ ...parameters, silence: alpha }, [], pace)).toThrow(/silence/);
    const group = new Group(4);
    group.play();
    expect(() => fold(parameters, group.log, group.closed[0] as ClosedRound)).toThrow(/in order/);
  });
});

describe('silence', () => {
  it('removes after m rounds running, and acts alpha rounds later', () => {
    const group = new Group(4);
    group.play();
    expect(group.playOn(m - 1, { missing: [2] })).toEqual([]);
    expect(group.play({ missing: [2] })).toEqual(['2 silent']);
    const { log } = group;
    expect([log.epoch, seatsOf(log.members)]).toEqual([1, [0, 1, 3]]);
    expect(seatsOf(group.membersOf(log.round + alpha - 1))).toEqual([0, 1, 2, 3]);
    expect(counts(log, seatOf(2))).toBe(false);
    group.playOn(alpha, { missing: [2] });
    expect(seatsOf(group.membersOf(log.round + alpha))).toEqual([0, 1, 3]);
    expect(group.log.epoch).toBe(1);
  });

  it('starts anew with an accepted slot, even if its opening is void', () => {
    for (const told of [{}, { missing: [0], voided: [2] }]) {
      const group = new Group(4);
      group.playOn(m - 1, { missing: [2] });
      expect(group.play(told)).toEqual([]);
      expect(group.playOn(m - 1, { missing: [2] })).toEqual([]);
      expect(group.play({ missing: [2] })).toEqual(['2 silent']);
    }
  });

  it('is neither extended nor broken by rounds in which fewer than q slots count', () => {
    const group = new Group(4);
    group.playOn(m - 1, { missing: [2] });
    expect(group.playOn(2 * m, { missing: [1, 2] })).toEqual([]);
    expect(group.playOn(2 * m, { missing: [0, 1] })).toEqual([]);
    expect(group.play({ missing: [2] })).toEqual(['2 silent']);
  });

  it('expels nobody in a stall of everybody', () => {
    const group = new Group(7);
    expect(group.playOn(20 * m, { missing: [0, 1, 2, 3, 4, 5, 6] })).toEqual([]);
    expect(group.log.streaks).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  it('never ends a group of two', () => {
    const group = new Group(2);
    expect(group.playOn(10 * m, { missing: [1] })).toEqual([]);
    expect(group.seats).toEqual([0, 1]);
  });

  it('is enough at three, where the two others are q', () => {
    const group = new Group(3);
    expect(group.playOn(m, { missing: [0] })).toEqual(['0 silent']);
    expect(group.playOn(10 * m, { missing: [1] })).toEqual([]);
  });

  it('takes a group of eight apart one by one, down to two', () => {
    const group = new Group(8);
    const gone: number[] = [];
    for (let seat = 7; seat >= 2; seat--) {
      gone.push(seat);
      expect(group.playOn(m, { missing: gone })).toEqual([`${seat} silent`]);
      group.playOn(alpha, { missing: gone });
    }
    expect(group.playOn(5 * m, { missing: [...gone, 1] })).toEqual([]);
    expect([group.log.epoch, group.seats]).toEqual([6, [0, 1]]);
  });

  it('removes several at once while q of the old members remain, in one epoch', () => {
    const group = new Group(7);
    group.play({ missing: [5] });
    expect(group.playOn(m - 1, { missing: [2, 5] })).toEqual(['5 silent']);
    expect(group.play({ missing: [2, 5] })).toEqual(['2 silent']);
    const both = new Group(7);
    expect(both.playOn(m, { missing: [5, 2] })).toEqual(['2 silent', '5 silent']);
    expect(both.log.epoch).toBe(1);
  });

  it('leaves q of the old members when others are out already, and goes on when the next epoch has come', () => {
    const group = new Group(7);
    group.playOn(m - 1, { missing: [6] });
    const accused = group.play({ missing: [6], ...byAll([0], accusationOf(1), accusationOf(2)) });
    expect(accused).toEqual(['1 evidence', '2 evidence']);
    expect(seatsOf(group.log.members)).toEqual([0, 3, 4, 5, 6]);
    expect(group.log.streaks[6]).toBe(m);
    expect(group.playOn(alpha - 1, { missing: [6] })).toEqual([]);
    expect(group.play({ missing: [6] })).toEqual(['6 silent']);
  });

  it('counts no slot of who was removed: too few others make no silence', () => {
    const group = new Group(4);
    group.play(byAll([0], accusationOf(1)));
    group.playOn(alpha - 1, { missing: [3] });
    expect(group.log.streaks).toEqual([0, 0, 0, 0]);
    group.play({ missing: [3] });
    expect(group.log.streaks).toEqual([0, 0, 0, 1]);
  });
});

describe('a void opening', () => {
  it('removes its author where q slots are accepted and open', () => {
    const group = new Group(4);
    expect(group.play({ voided: [3] })).toEqual(['3 void']);
    expect(group.log.epoch).toBe(1);
    const outage = new Group(4);
    expect(outage.play({ voided: [2, 3] })).toEqual([]);
    expect(outage.play({ voided: [3], missing: [2] })).toEqual([]);
    expect(new Group(2).play({ voided: [1] })).toEqual([]);
  });

  it('takes with it all that the update says', () => {
    const group = new Group(4);
    const told = byAll([3], accusationOf(1));
    expect(group.play({ ...told, voided: [3], missing: [0] })).toEqual([]);
    const report = { lateness: 9, lag: 9 };
    group.play({
      voided: [3],
      missing: [0],
      updates: { 3: { ...emptyUpdate, report }, 2: { ...emptyUpdate, report } },
    });
    expect(group.log.reports).toEqual([null, null, { ...report, round: 2 }, null]);
  });

  it('no longer matters once its author is out', () => {
    const group = new Group(4);
    group.play({ voided: [3] });
    expect(group.playOn(alpha, { voided: [3] })).toEqual([]);
    expect(group.log.epoch).toBe(1);
  });
});

describe('an accusation', () => {
  it('removes whom its evidence convicts, once', () => {
    const group = new Group(4);
    expect(group.play(byAll([0, 1], accusationOf(2)))).toEqual(['2 evidence']);
    expect(group.play(byAll([0, 1], accusationOf(2)))).toEqual([]);
    expect([group.log.epoch, group.seats]).toEqual([1, [0, 1, 3]]);
  });

  it('by the accused, of itself or of others, counts in that round and never after', () => {
    const group = new Group(7);
    expect(group.play(byAll([2], accusationOf(2), accusationOf(3)))).toEqual(['2 evidence', '3 evidence']);
    expect(group.play(byAll([2, 3], accusationOf(4), leave))).toEqual([]);
  });

  it.each<[string, Operation]>([
    ['evidence of another session', accusationOf(2, filled(1))],
    ['evidence against somebody who is no player', accusationOf(9)],
    ['bytes that are no evidence', { type: 'accuse', evidence: filled(1, 200) }],
    ['no bytes', { type: 'accuse', evidence: new Uint8Array(0) }],
  ])('convicts nobody with %s', (_, operation) => {
    expect(new Group(4).play(byAll([0], operation))).toEqual([]);
  });

  it('exists only if its slot is accepted', () => {
    const group = new Group(4);
    expect(group.play({ ...byAll([0], accusationOf(2)), missing: [0] })).toEqual([]);
  });

  it('needs no quorum: two convicted at once leave four with two', () => {
    const group = new Group(4);
    const told = byAll([0], accusationOf(3), accusationOf(1));
    expect(group.play(told)).toEqual(['1 evidence', '3 evidence']);
    expect(group.log.epoch).toBe(1);
  });

  it('of everybody leaves the last one', () => {
    const group = new Group(2);
    expect(group.play(byAll([0, 1], accusationOf(0), accusationOf(1)))).toEqual(['0 evidence']);
    expect(group.seats).toEqual([1]);
    expect(group.playOn(2 * m, byAll([1], leave, accusationOf(1)))).toEqual([]);
  });
});

describe('an illegal input', () => {
  const judgedOn = (round: Round) => fixed(`state that round ${round} is judged on`);

  function voteOf(seat: number, round: Round, state = judgedOn(round), signer = signerOf(seat)): Uint8Array {
    const vote: Statement = {
      kind: 'vote',
      epoch: 0,
      round,
      named: playersFromBits(15),
      values: filled(1),
      state,
    };
    const commit: Statement = { kind: 'commit', epoch: 0, round: round + 1, commitment: filled(1) };
    return elide(sign(signer, commit, vote), session, [1]).bytes;
  }

  const accusing = (seat: number, round: Round, vote: Uint8Array): Told =>
    byAll([0], { type: 'illegal', round, seat: seatOf(seat), vote });

  function afterCheat(): Group {
    const group = new Group(4);
    group.playOn(2);
    expect(group.play({ illegal: [2] })).toEqual([]);
    group.playOn(2);
    return group;
  }

  it('removes its author, with its own vote on the state that it was judged on', () => {
    const group = afterCheat();
    expect(group.play(accusing(2, 3, voteOf(2, 3)))).toEqual(['2 illegal']);
    expect(group.log.broken).toEqual([]);
  });

  it.each<[string, Told]>([
    ['a vote on another state', accusing(2, 3, voteOf(2, 3, filled(9)))],
    ['a vote of another round', accusing(2, 3, voteOf(2, 4, judgedOn(3)))],
    ['a round in which it played fair', accusing(2, 4, voteOf(2, 4))],
    ['a seat that played fair', accusing(1, 3, voteOf(1, 3))],
    ['the vote of another', accusing(2, 3, voteOf(1, 3))],
    ['a vote signed by another', accusing(2, 3, voteOf(2, 3, judgedOn(3), signerOf(1, 2)))],
    ['a vote as another seat', accusing(2, 3, voteOf(2, 3, judgedOn(3), signerOf(2, 1)))],
    ['a packet without the vote', accusing(2, 3, elide(sign(signerOf(2), commitOf(3)), session, []).bytes)],
    ['bytes that are no packet', accusing(2, 3, filled(1, 90))],
    ['a seat that nobody has', accusing(9, 3, voteOf(9, 3))],
  ])('convicts nobody by %s', (_, told) => {
    expect(afterCheat().play(told)).toEqual([]);
  });

  function commitOf(round: Round): Statement {
    return { kind: 'commit', epoch: 0, round, commitment: filled(1) };
  }

  it('can be accused for R rounds, and is forgotten then', () => {
    const kept = m + 2 * alpha + 1;
    for (const [rounds, outcome] of [
      [kept, ['2 illegal']],
      [kept + 1, []],
    ] as const) {
      const group = new Group(4);
      group.play({ illegal: [2] });
      group.playOn(rounds - 1);
      expect(group.play(accusing(2, 1, voteOf(2, 1)))).toEqual(outcome);
    }
    const group = new Group(4);
    group.play({ illegal: [2] });
    group.playOn(kept);
    expect(group.log.broken).toEqual([]);
  });

  it('counts only of a slot that is accepted and open', () => {
    const group = new Group(4);
    group.play({ illegal: [2], missing: [2] });
    group.play({ illegal: [2, 3], voided: [2], missing: [0] });
    expect(group.log.broken.map(({ round, seats }) => [round, seatsOf(seats)])).toEqual([[2, [3]]]);
  });
});

describe('leaving', () => {
  it('is out at once, acts alpha rounds later, and lets nothing count that comes after', () => {
    const group = new Group(4);
    expect(group.play(byAll([3], leave, accusationOf(0)))).toEqual(['0 evidence', '3 left']);
    expect(group.play(byAll([3], leave, accusationOf(1)))).toEqual([]);
    expect(seatsOf(group.membersOf(alpha))).toEqual([0, 1, 2, 3]);
  });

  it('is open to all but the last one', () => {
    const group = new Group(3);
    expect(group.play(byAll([0, 1, 2], leave))).toEqual(['0 left', '1 left']);
    expect(group.playOn(alpha, byAll([2], leave))).toEqual([]);
    expect([group.seats, group.log.epoch]).toEqual([[2], 1]);
  });

  it('tells the worse of two reasons', () => {
    const group = new Group(7);
    expect(group.play({ ...byAll([3], leave, accusationOf(3)), voided: [] })).toEqual(['3 evidence']);
    const silent = new Group(4);
    silent.playOn(m - 1, { missing: [2] });
    expect(silent.play({ missing: [2], ...byAll([0], accusationOf(2)) })).toEqual(['2 evidence']);
    expect(silent.log.epoch).toBe(1);
  });
});

describe('late openings', () => {
  /** Each round those seats report the opening of seat 3 in the round before as late. */
  function reported(group: Group, rounds: number, by: readonly number[]): string[] {
    return Array.from({ length: rounds }, () => {
      return group.play(byAll(by, late(group.log.round, 3)));
    }).flat();
  }

  it('remove when q members call m of the last 2m rounds late', () => {
    const group = new Group(4);
    group.play();
    expect(reported(group, m - 1, [0, 1, 2])).toEqual([]);
    expect(reported(group, 1, [0, 1, 2])).toEqual(['3 late']);
    expect(group.log.late).toEqual([]);
  });

  it('remove nobody by the word of fewer than q, however often they repeat it', () => {
    const group = new Group(4);
    group.play();
    expect(reported(group, 5 * m, [0, 1])).toEqual([]);
    for (let i = 0; i < 4 * m; i++)
      expect(group.play(byAll([0, 3], ...Array(4).fill(late(i, 3))))).toEqual([]);
  });

  it('need not be one after the other, nor called late at once, but m within 2m rounds', () => {
    const group = new Group(4);
    group.play();
    const some: string[] = [];
    for (let i = 0; i < m; i++) {
      some.push(...reported(group, 1, [0]));
      some.push(...group.play(byAll([1, 2], late(group.log.round - 1, 3))));
    }
    expect(some).toEqual(['3 late']);
    const seldom = new Group(4);
    seldom.play();
    for (let i = 0; i < 10; i++) {
      expect(reported(seldom, 1, [0, 1, 2])).toEqual([]);
      seldom.playOn(2);
    }
    expect(seldom.log.late.length).toBeLessThanOrEqual(m);
  });

  it.each<[string, (round: Round) => Operation]>([
    ['the round itself or a later one', (round) => late(round, 3)],
    ['a round longer ago than 3m', (round) => late(Math.max(0, round - 3 * m), 3)],
    ['round 0', () => late(0, 3)],
    ['somebody who is no member', (round) => late(round - 1, 12)],
  ])('are not counted of %s', (_, operation) => {
    const group = new Group(4);
    for (let i = 0; i < 4 * m; i++) {
      group.play(byAll([0, 1, 2], operation(group.log.round + 1)));
      expect(group.log.late).toEqual([]);
    }
  });

  it('are not reported by oneself, and remove nobody of two', () => {
    const group = new Group(4);
    for (let i = 0; i < 3 * m; i++) group.play(byAll([1, 2, 3], late(i, 3)));
    expect(group.seats).toEqual([0, 1, 2, 3]);
    const pair = new Group(2);
    for (let i = 0; i < 3 * m; i++) expect(pair.play(byAll([0], late(i, 1)))).toEqual([]);
    const three = new Group(3);
    for (let i = 0; i < m; i++) three.play(byAll([0, 1], late(i, 2)));
    expect(three.play(byAll([0, 1], late(m, 2)))).toEqual(['2 late']);
  });

  it('leave q of the old members when several are late at once', () => {
    const group = new Group(4);
    group.play();
    const outcome = Array.from({ length: m + 1 }, () =>
      group.play(byAll([0, 1, 2, 3], late(group.log.round, 2), late(group.log.round, 3))),
    );
    expect(outcome.flat()).toEqual(['2 late']);
    const joined = new Group(4);
    joined.play();
    const both = (): Operation[] => [late(joined.log.round, 2), late(joined.log.round, 3)];
    for (let i = 0; i < m - 1; i++) expect(joined.play(byAll([0, 1, 2, 3], ...both()))).toEqual([]);
    expect(joined.play(byAll([0, 1, 2, 3], sponsor(9), ...both()))).toEqual(['2 late', '4 joined']);
    expect(joined.play(byAll([0, 1, 3], ...both()))).toEqual([]);
  });

  it('keep little, whatever is reported', () => {
    const group = new Group(7);
    for (let i = 0; i < 10 * m; i++) {
      const all = Array.from({ length: 40 }, (_, at) => late(Math.max(0, i - at), (at * 5) % 7));
      group.play(byAll([0, 1], ...all));
    }
    expect(group.log.late.length).toBeLessThanOrEqual(3 * m * 7);
  });
});

describe('joining', () => {
  it('takes q sponsors, not in one round, and gives a new seat alpha rounds later', () => {
    const group = new Group(4);
    expect(group.play(byAll([0], sponsor(9)))).toEqual([]);
    expect(group.play(byAll([0, 2], sponsor(9)))).toEqual([]);
    expect(group.play(byAll([3], sponsor(9)))).toEqual(['4 joined']);
    const { log } = group;
    expect(log.roster[4]).toEqual(memberOf(players[9] as Player, 9));
    expect([log.epoch, seatsOf(log.members), log.sponsored]).toEqual([1, [0, 1, 2, 3, 4], []]);
    expect(log.sinceRound[4]).toBe(3 + alpha);
    expect(seatsOf(group.membersOf(3 + alpha))).toEqual([0, 1, 2, 3, 4]);
    expect(seatsOf(group.membersOf(2 + alpha))).toEqual([0, 1, 2, 3]);
  });

  it('counts sponsors of the last 4m rounds who are still in', () => {
    for (const [pause, outcome] of [
      [4 * m - 1, ['4 joined']],
      [4 * m, []],
    ] as const) {
      const group = new Group(4);
      group.play(byAll([0, 1], sponsor(9)));
      group.playOn(pause - 1);
      expect(group.play(byAll([2], sponsor(9)))).toEqual(outcome);
    }
    const group = new Group(4);
    group.play(byAll([0, 1], sponsor(9)));
    expect(group.play(byAll([3], sponsor(9), accusationOf(1)))).toEqual(['1 evidence']);
    expect(group.log.sponsored.map(({ by }) => by.map(({ seat }) => seat))).toEqual([[0, 3]]);
  });

  it('asks for the signature of the joiner over session, key, nonce and address', () => {
    for (const wrong of [
      sponsor(9, { signer: 8 }),
      { ...sponsor(9), address: 'elsewhere:1' } as Operation,
      { ...sponsor(9), nonce: filled(1, 16) } as Operation,
      { ...sponsor(9), publicKey: filled(0) } as Operation,
    ]) {
      const group = new Group(4);
      expect(group.playOn(2, byAll([0, 1, 2, 3], wrong))).toEqual([]);
      expect(group.log.sponsored).toEqual([]);
    }
  });

  it('adds up no sponsors of different requests, and takes one request of a key', () => {
    const [one, two] = [sponsor(9), sponsor(9, { nonce: filled(2, 16) })];
    const group = new Group(4);
    expect(group.play({ says: { 0: [one], 1: [one], 2: [two], 3: [two] } })).toEqual([]);
    expect(group.play({ says: { 0: [two], 2: [one] } })).toEqual(['4 joined']);
    expect(group.log.sponsored).toEqual([]);
  });

  it('is for keys that never had a seat', () => {
    const group = new Group(4);
    group.play(byAll([3], leave));
    group.playOn(alpha, { missing: [3] });
    expect(group.playOn(2, byAll([0, 1, 2], sponsor(3), sponsor(0)))).toEqual([]);
    expect(group.log.sponsored).toEqual([]);
  });

  it('seats several in the order of their keys, in one epoch', () => {
    const group = new Group(4);
    const told = byAll([0, 1, 2], sponsor(12), sponsor(10), sponsor(11));
    expect(group.play(told)).toEqual(['4 joined', '5 joined', '6 joined']);
    expect(group.log.epoch).toBe(1);
    const keys = group.log.roster.slice(4).map(({ publicKey }) => publicKey);
    expect([...keys].sort(compareBytes)).toEqual(keys);
  });

  it('ends with the sixteenth seat', () => {
    const group = new Group(15);
    const told = byAll([...Array(15).keys()], sponsor(15), sponsorOfStranger());
    expect(group.play(told)).toEqual(['15 joined']);
    expect(group.log.roster).toHaveLength(16);
    group.playOn(alpha);
    expect(group.play(byAll([...Array(15).keys()], leave))).toHaveLength(15);
    expect(group.log.roster).toHaveLength(16);
  });

  function sponsorOfStranger(): Operation {
    const secretKey = fixed('a stranger');
    const member = { publicKey: keyring.publicKey(secretKey), nonce: filled(1, 16), address: 'far:1' };
    return { type: 'sponsor', ...member, signature: keyring.sign(secretKey, joinMessage(session, member)) };
  }

  it('goes with a removal in one epoch, by those who remain', () => {
    const group = new Group(4);
    const told = byAll([0, 1, 2, 3], sponsor(9), accusationOf(3));
    expect(group.play(told)).toEqual(['3 evidence', '4 joined']);
    expect([group.log.epoch, group.seats]).toEqual([1, [0, 1, 2, 4]]);
  });

  it('gives a streak of 0: the rounds before do not count, nor do reports on them', () => {
    const group = new Group(4);
    group.play(byAll([0, 1, 2], sponsor(9)));
    group.playOn(alpha - 1);
    expect(group.log.streaks).toEqual([0, 0, 0, 0, 0]);
    for (let i = 0; i < 2; i++) group.play(byAll([0, 1, 2, 3], late(alpha, 4)));
    expect(group.log.late).toEqual([]);
    expect(group.playOn(m - 1, { missing: [4] })).toEqual([]);
    expect(group.play({ missing: [4] })).toEqual(['4 silent']);
  });

  it('keeps few requests of each sponsor, the newest', () => {
    const group = new Group(4);
    for (let i = 0; i < 3 * SPONSORED_MAX; i++) {
      group.play(byAll([0], sponsor(9, { nonce: filled(i, 16) })));
      const nonces = group.log.sponsored.map(({ nonce }) => nonce[0]).sort((a, b) => Number(a) - Number(b));
      const first = Math.max(0, i - SPONSORED_MAX + 1);
      expect(nonces).toEqual(Array.from({ length: i - first + 1 }, (_, at) => first + at));
    }
  });
});

describe('thresholds', () => {
  it('go on with the first number of liars under keepF', () => {
    const outcomes = [false, true].map((keepF) => {
      const group = new Group(7, { keepF });
      group.playOn(m, { missing: [6] });
      group.playOn(alpha, { missing: [6] });
      return group.playOn(m, { missing: [5, 6] }).concat(group.playOn(m, { missing: [4, 5, 6] }));
    });
    expect(quorum(6, 2).q).toBe(5);
    expect(outcomes).toEqual([['5 silent', '4 silent'], ['5 silent']]);
  });
});

describe('the epoch id', () => {
  it('chains round and members: the same members by other ways are other epochs', () => {
    const one = new Group(5);
    one.play(byAll([4], leave));
    one.play(byAll([3], leave));
    const two = new Group(5);
    two.play(byAll([3], leave));
    two.play(byAll([4], leave));
    const three = new Group(5);
    three.play();
    three.play(byAll([3, 4], leave));
    const ids = [one, two, three].map(({ log }) => toHex(log.epochId));
    expect(new Set([one, two, three].map(({ log }) => log.members)).size).toBe(1);
    expect(new Set(ids).size).toBe(3);
    expect([one.log.epoch, three.log.epoch]).toEqual([2, 1]);
  });

  it('stays while nobody comes or goes', () => {
    const group = new Group(4);
    group.playOn(9, { missing: [0] });
    const { epochId } = group.log;
    group.playOn(1);
    expect(group.log.epochId).toEqual(epochId);
  });
});

describe('reports', () => {
  it('are the last of each member, and go with it', () => {
    const group = new Group(4);
    const said = (lateness: number): Update => ({ ...emptyUpdate, report: { lateness, lag: 1 } });
    group.play({ updates: { 0: said(1), 1: said(2), 2: null } });
    group.play({ updates: { 1: said(3), 2: said(4), 3: said(5) }, missing: [3] });
    expect(group.log.reports.map((report) => report?.lateness)).toEqual([1, 3, 4, undefined]);
    group.play(byAll([1], leave));
    expect(group.log.reports.map((report) => report?.lateness)).toEqual([1, undefined, 4, undefined]);
    group.play({ updates: { 1: said(9) } });
    expect(group.log.reports[1]).toBeNull();
    expect(group.log.reports[0]?.round).toBe(1);
  });

  it('set the pace of alpha rounds later, by the (f+1)-th largest among the members', () => {
    const said = (ms: number): Update => ({
      ...emptyUpdate,
      report: { lateness: (ms * 1000) / LATENESS_UNIT, lag: 0 },
    });
    const group = new Group(4);
    group.play({ updates: { 0: said(1000), 1: said(5), 2: said(5) } });
    const { arrival } = group.log.pace;
    expect(arrival).toBeLessThan(pace.arrival);
    group.play({ updates: { 1: said(40) } });
    expect(group.log.pace.arrival).toBeGreaterThan(pace.arrival);
    group.play(byAll([0], leave));
    expect(seatsOf(group.log.members)).toHaveLength(3);
    expect(group.log.pace.arrival).toBeGreaterThan(pace.arrival);
    group.play(byAll([1], leave));
    expect(group.log.pace.arrival).toBe(arrival);
  });

  it('move the schedule from alpha rounds later on', () => {
    const group = new Group(4);
    const report = { lateness: 100, lag: 100 };
    group.play({ updates: Object.fromEntries([0, 1].map((seat) => [seat, { ...emptyUpdate, report }])) });
    expect(group.log.pace.from).toBe(1 + alpha);
  });
});

const someone = fc.integer({ min: 0, max: 6 });
const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.nat(40), someone).map(([round, seat]) => late(round, seat)) },
  { weight: 1, arbitrary: fc.constant(leave) },
  { weight: 1, arbitrary: someone.map((seat) => accusationOf(seat)) },
  { weight: 3, arbitrary: fc.integer({ min: 5, max: 9 }).map((seat) => sponsor(seat)) },
);
const anyTold: fc.Arbitrary<Told> = fc.record({
  missing: fc.oneof(fc.constant([5]), fc.constant([]), fc.array(someone, { maxLength: 4 })),
  voided: fc.oneof(
    { weight: 9, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(someone, { maxLength: 1 }) },
  ),
  illegal: fc.array(someone, { maxLength: 1 }),
  says: fc.dictionary(someone.map(String), fc.array(anyOperation, { maxLength: 2 }), { maxKeys: 3 }),
});
const anyMatch = fc.array(anyTold, { maxLength: 30 });

describe('any match', () => {
  it('has one digest, whoever folds it, and from a snapshot of any round on', () => {
    fc.assert(
      fc.property(anyMatch, fc.nat(), (told, from) => {
        const group = new Group(6);
        for (const each of told) group.play(each);
        const start = from % group.logs.length;
        let log = decodeLog(encodeLog(group.logs[start] as LogState)) as LogState;
        expect(toHex(digest(log))).toBe(toHex(digest(group.logs[start] as LogState)));
        for (const closed of group.closed.slice(start)) log = fold(parameters, log, closed).log;
        expect(toHex(digest(log))).toBe(toHex(digest(group.log)));
        expect(log).toEqual(group.log);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the rules on members', () => {
    fc.assert(
      fc.property(anyMatch, (told) => {
        const group = new Group(6);
        for (const each of told) {
          const before = group.log;
          const old = group.membersOf(before.round + 1);
          group.play(each);
          const { log } = group;
          const events = group.events.at(-1) as LogEvent[];
          const removed = events.filter((event) => event.type === 'removed');
          const joined = events.filter((event) => event.type === 'joined');
          expect(new Set(events.map(({ seat }) => seat)).size).toBe(events.length);
          expect(log.members).toBe(
            minus(
              (before.members | setOf(joined.map(({ seat }) => seat))) as PlayerSet,
              setOf(removed.map(({ seat }) => seat)),
            ),
          );
          expect(log.epoch - before.epoch).toBe(events.length > 0 ? 1 : 0);
          expect(toHex(log.epochId) === toHex(before.epochId)).toBe(events.length === 0);
          expect(count(log.members)).toBeGreaterThanOrEqual(1);
          if (removed.some(({ reason }) => reason === 'silent' || reason === 'late')) {
            const rest = minus(old, minus(old, log.members));
            expect(count(rest)).toBeGreaterThanOrEqual(quorum(count(old)).q);
          }
          for (const [seat, streak] of log.streaks.entries()) {
            if (!counts(log, seatOf(seat) as Seat)) expect(streak).toBe(0);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('the bytes of a state', () => {
  const group = new Group(6);
  group.play({ says: { 0: [sponsor(9), late(0, 1)], 1: [leave] }, illegal: [2] });
  group.play({
    says: { 0: [late(1, 2)] },
    updates: { 3: { ...emptyUpdate, report: { lateness: 3, lag: 4 } } },
  });

  it('hold everything, addresses too', () => {
    expect(decodeLog(encodeLog(group.log))).toEqual(group.log);
    expect(group.log.sponsored).toHaveLength(1);
    expect(group.log.late).toHaveLength(1);
    expect(group.log.broken).toHaveLength(1);
  });

  it('change the digest wherever the state changes', () => {
    const { log } = group;
    const changes: readonly Partial<LogState>[] = [
      { round: 9 },
      { epoch: 9 },
      { epochId: filled(9) },
      { members: playersFromBits(1) },
      { roster: log.roster.map((each) => ({ ...each, nonce: filled(9, 16) })) },
      { sinceRound: log.sinceRound.map(() => 9) },
      { streaks: log.streaks.map(() => 9) },
      { broken: [] },
      { late: [] },
      { sponsored: [] },
      { firstLiars: 9 },
      { reports: log.reports.map(() => null) },
      { pace: { ...log.pace, arrival: log.pace.arrival + 1 } },
    ];
    expect(changes.flatMap(Object.keys).sort()).toEqual(Object.keys(log).sort());
    const digests = [log, ...changes.map((change) => ({ ...log, ...change }))].map((each) =>
      toHex(digest(each)),
    );
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('are refused, or read as a state that can be gone on with; never an exception', () => {
    let read = 0;
    const bytes = encodeLog(group.log);
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged(fc.constant(bytes))), (given) => {
        const log = decodeLog(new Uint8Array(given));
        if (log === null) return;
        read++;
        expect(toHex(encodeLog(log))).toBe(toHex(given));
        expect(digest(log)).toHaveLength(32);
      }),
      { numRuns: 3000 },
    );
    expect(read).toBeGreaterThan(10);
  });

  it.each<[string, (log: LogState) => unknown]>([
    ['a field more', (log) => ({ ...log, more: 1 })],
    ['a field less', ({ pace: _, ...log }) => log],
    ['no roster', (log) => ({ ...log, roster: [] })],
    ['a member without a seat', (log) => ({ ...log, members: firstPlayers(7) })],
    ['a report too few', (log) => ({ ...log, reports: log.reports.slice(1) })],
    [
      'a short key',
      (log) => ({ ...log, roster: log.roster.map((each) => ({ ...each, publicKey: filled(1, 31) })) }),
    ],
    ['a negative streak', (log) => ({ ...log, streaks: log.streaks.map(() => -1) })],
    ['a late slot of nobody', (log) => ({ ...log, late: [{ round: 1, seat: 9, by: 1 }] })],
    ['a pace that is none', (log) => ({ ...log, pace: null })],
    ['a list', () => []],
    ['null', () => null],
  ])('are refused with %s', (_, change) => {
    expect(decodeLog(encodeLog(change(group.log) as LogState))).toBeNull();
  });
});
