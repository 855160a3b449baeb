/** A group that agrees on what it is told, round after round, and what its members put into updates. */

import { type Round, seatOf } from '../../../src/base/ids.ts';
import { add, minus, nobody, type PlayerSet, seatsOf } from '../../../src/base/players.ts';
import { keyring } from '../../../src/keyring/node.ts';
import { encodeEvidence, prove } from '../../../src/protocol/evidence.ts';
import {
  type ClosedRound,
  firstLog,
  fold,
  type LogEvent,
  type LogParameters,
  type LogState,
  type Member,
} from '../../../src/protocol/neo/log-state.ts';
import { firstPace, type Pace, type PaceLimits } from '../../../src/protocol/neo/pace.ts';
import { emptyUpdate, joinMessage, type Operation, type Update } from '../../../src/protocol/neo/update.ts';
import type { Statement } from '../../../src/wire/statement.ts';
import { fixed, type Player, playersOf } from '../../standard/match.ts';
import { filled, type Signer, sign } from '../../standard/messages.ts';

export const session: Uint8Array = fixed('a session of neo');
export const alpha = 3;
export const m = 5;
export const limits: PaceLimits = {
  roundMin: 20_000,
  roundMax: 200_000,
  arrivalMin: 10_000,
  arrivalMax: 90_000,
};
export const pace: Pace = firstPace(limits, 50_000, 30_000);
export const parameters: LogParameters = { session, alpha, silence: m, keepF: false, pace: limits };
export const players: readonly Player[] = playersOf(16);
export const memberOf = ({ publicKey }: Player, seat: number): Member => ({
  publicKey,
  nonce: fixed(`nonce ${seat}`, 16),
  address: `10.0.0.${seat}:7`,
});

/** What happens in a round: everything that is not told goes well. */
export interface Told {
  /** Seats whose slot is "-". */
  readonly missing?: readonly number[];
  readonly voided?: readonly number[];
  readonly illegal?: readonly number[];
  readonly says?: Readonly<Record<number, readonly Operation[]>>;
  readonly updates?: Readonly<Record<number, Update | null>>;
}

export const setOf = (seats: readonly number[] = []): PlayerSet =>
  seats.reduce<PlayerSet>((set, seat) => add(set, seatOf(seat)), nobody);

/** A group that plays on, round after round, each under the members of alpha rounds before. */
export class Group {
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

export const signerOf = (seat: number, as: number = seat): Signer => ({
  ...(players[seat] as Player),
  session,
  seat: as,
});

/** Evidence against a seat: two commitments of one round. */
export function accusationOf(seat: number, inSession: Uint8Array = session): Operation {
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

export const late = (round: Round, seat: number): Operation => ({ type: 'late', round, seat: seatOf(seat) });
export const leave: Operation = { type: 'leave' };

export function sponsor(
  seat: number,
  change: { nonce?: Uint8Array; address?: string; signer?: number } = {},
): Operation {
  const { signer = seat, ...other } = change;
  const member = { ...memberOf(players[seat] as Player, seat), ...other };
  const signature = keyring.sign((players[signer] as Player).secretKey, joinMessage(session, member));
  return { type: 'sponsor', ...member, signature };
}

/** The same operation by several seats. */
export const byAll = (seats: readonly number[], ...operations: Operation[]): Told => ({
  says: Object.fromEntries(seats.map((seat) => [seat, operations])),
});
