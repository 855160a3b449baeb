/** The decided log of neo and its seeds, as sections 14 and 10 of src/wire/README.md have them. */

import { checkPacket, checkSignature, deviationOf, H, readPacket, same, u8, u32 } from './checker.ts';
import { firstRoundSeed, type Opening, readEvidence } from './checker-evidence.ts';
import { writePlain } from './checker-plain.ts';
import {
  bits,
  joinMessage,
  type OperationRead,
  quorumOf,
  setOf,
  sizeOf,
  type Terms,
  type UpdateRead,
} from './checker-update.ts';

// 14. The log

interface PaceRead {
  readonly arrival: number;
  readonly calm: number;
  readonly from: number;
  readonly opensAt: number;
  readonly round: number;
}

interface Request {
  readonly address: string;
  readonly by: readonly { readonly round: number; readonly seat: number }[];
  readonly nonce: Buffer;
  readonly publicKey: Buffer;
}

/** The object of section 14, field by field. */
export interface LogRead {
  readonly broken: readonly { readonly judged: Buffer; readonly round: number; readonly seats: number }[];
  readonly epoch: number;
  readonly epochId: Buffer;
  readonly firstLiars: number;
  readonly late: readonly { readonly by: number; readonly round: number; readonly seat: number }[];
  readonly members: number;
  readonly pace: PaceRead;
  readonly reports: readonly ({
    readonly lag: number;
    readonly lateness: number;
    readonly round: number;
  } | null)[];
  readonly roster: readonly { readonly nonce: Buffer; readonly publicKey: Buffer }[];
  readonly round: number;
  readonly sinceRound: readonly number[];
  readonly sponsored: readonly Request[];
  readonly streaks: readonly number[];
}

/** A final round as the log sees it. */
export interface ClosedRead {
  readonly round: number;
  /** Sets of seats. */
  readonly members: number;
  readonly accepted: number;
  readonly voided: number;
  readonly illegal: number;
  readonly judged: Buffer;
  /** By seat; null where there is none, or none that reads. */
  readonly updates: readonly (UpdateRead | null)[];
}

function epochIdOf(before: Buffer, round: number, roster: LogRead['roster'], members: number): Buffer {
  const rows = bits(members).flatMap((seat) => {
    const { nonce, publicKey } = roster[seat] as LogRead['roster'][number];
    return [u8(seat), publicKey, nonce];
  });
  return H('epoch', before, u32(round), u8(sizeOf(members)), ...rows);
}

export function firstLog(terms: Terms, keys: readonly Buffer[], nonces: readonly Buffer[]): LogRead {
  const roster = keys.map((publicKey, seat) => ({ nonce: nonces[seat] as Buffer, publicKey }));
  const members = setOf([...keys.keys()]);
  return {
    broken: [],
    epoch: 0,
    epochId: epochIdOf(terms.session, 0, roster, members),
    firstLiars: quorumOf(keys.length, 0).f,
    late: [],
    members,
    pace: { arrival: terms.arrival, calm: 0, from: 1, opensAt: 0, round: terms.roundMin },
    reports: keys.map(() => null),
    roster,
    round: 0,
    sinceRound: keys.map(() => 1),
    sponsored: [],
    streaks: keys.map(() => 0),
  };
}

export const logHash = (log: LogRead): Buffer => H('log', writePlain(log));
export const logDigest = (log: LogRead, seed: Buffer): Buffer => H('log', writePlain([logHash(log), seed]));
export function stateDigest(gameDigest: Uint8Array, log: LogRead, seed: Buffer): Buffer {
  return H('state', gameDigest, logDigest(log, seed), log.epochId);
}

/** One round more on its way into the log. */
class Fold {
  readonly terms: Terms;
  readonly log: LogRead;
  readonly closed: ClosedRead;
  readonly q: number;
  readonly counting: number;
  readonly open: number;
  readonly said: readonly { readonly author: number; readonly operation: OperationRead }[];

  constructor(terms: Terms, log: LogRead, closed: ClosedRead) {
    this.terms = terms;
    this.log = log;
    this.closed = closed;
    this.q = quorumOf(sizeOf(closed.members), terms.keepF ? log.firstLiars : 0).q;
    this.counting = closed.accepted & closed.members & log.members;
    this.open = this.counting & ~closed.voided;
    this.said = bits(this.open).flatMap((author) =>
      (closed.updates[author]?.operations ?? []).map((operation) => ({ author, operation })),
    );
  }

  streaks(): number[] {
    const both = this.closed.members & this.log.members;
    if (sizeOf(this.counting) < this.q) return [...this.log.streaks];
    return this.log.streaks.map((streak, seat) => {
      if (!((both >> seat) & 1)) return streak;
      return (this.counting >> seat) & 1 ? 0 : streak + 1;
    });
  }

  late(): LogRead['late'][number][] {
    const { members, sinceRound } = this.log;
    const { round: r } = this.closed;
    const first = r - 3 * this.terms.m + 1;
    let late = this.log.late.filter(({ round }) => round >= first);
    for (const { author, operation } of this.said) {
      if (operation.type !== 'late') continue;
      const { round, seat } = operation;
      const since = Math.max(sinceRound[author] ?? 0, sinceRound[seat] ?? Number.POSITIVE_INFINITY);
      if (seat === author || !((members >> seat) & 1) || round < first || round >= r || round < since)
        continue;
      const before = late.find((each) => each.round === round && each.seat === seat);
      late = [
        ...late.filter((each) => each !== before),
        { by: (before?.by ?? 0) | (1 << author), round, seat },
      ];
    }
    return late.sort((a, b) => a.round - b.round || a.seat - b.seat);
  }

  #accused(evidence: Buffer): number {
    let seat = -1;
    deviationOf(() => {
      const { guilty, session } = readEvidence(evidence);
      if (same(session, this.terms.session)) {
        seat = this.log.roster.findIndex(({ publicKey }) => same(publicKey, guilty));
      }
    });
    return seat;
  }

  #isIllegal({ round, seat, vote }: Extract<OperationRead, { type: 'illegal' }>): boolean {
    const known = this.log.broken.find((each) => each.round === round && (each.seats >> seat) & 1);
    const key = this.log.roster[seat]?.publicKey;
    if (known === undefined || key === undefined || !((this.log.members >> seat) & 1)) return false;
    let good = false;
    deviationOf(() => {
      const packet = readPacket(vote);
      const said = packet.entries.find(({ elided, kind }) => !elided && kind === 'vote');
      checkPacket(this.terms.session, key, packet);
      good =
        packet.sender === seat &&
        said?.numbers.round === round &&
        same(said.strings.state as Buffer, known.judged);
    });
    return good;
  }

  /** The members that are left, by rule 4. */
  left(streaks: readonly number[], late: LogRead['late']): number {
    const { members: own, voided } = this.closed;
    const { m } = this.terms;
    let { members } = this.log;
    const out = (seats: readonly number[], needed: boolean): void => {
      for (const seat of [...seats].sort((a, b) => a - b)) {
        const rest = members & ~(1 << seat);
        if (seat < 0 || rest === members || rest === 0) continue;
        if (!needed || sizeOf(rest & own) >= this.q) members = rest;
      }
    };
    const operations = this.said.map(({ operation }) => operation);
    out(
      operations.flatMap((each) => (each.type === 'accuse' ? [this.#accused(each.evidence)] : [])),
      false,
    );
    out(
      operations.flatMap((each) => (each.type === 'illegal' && this.#isIllegal(each) ? [each.seat] : [])),
      false,
    );
    out(sizeOf(this.open) >= this.q ? bits(this.counting & voided) : [], false);
    out(
      this.said.flatMap(({ author, operation }) => (operation.type === 'leave' ? [author] : [])),
      false,
    );
    out(
      bits(members & own).filter((seat) => (streaks[seat] ?? 0) >= m),
      true,
    );
    const judges = members & own;
    const slow = [...this.log.roster.keys()].filter((seat) => {
      const rounds = late.filter((each) => each.seat === seat && sizeOf(each.by & judges) >= this.q);
      return rounds.some(
        ({ round }, i) => (rounds[i + m - 1]?.round ?? Number.POSITIVE_INFINITY) - round < 2 * m,
      );
    });
    out(slow, true);
    return members;
  }

  /** By rule 5. */
  sponsored(members: number): Request[] {
    const { round: r } = this.closed;
    const order = (a: Request, b: Request): number =>
      Buffer.compare(a.publicKey, b.publicKey) ||
      Buffer.compare(a.nonce, b.nonce) ||
      Buffer.compare(Buffer.from(a.address), Buffer.from(b.address));
    let list = [...this.log.sponsored];
    for (const { author, operation } of this.said) {
      if (operation.type !== 'sponsor') continue;
      const { address, key, nonce, signature } = operation;
      if (this.log.roster.some(({ publicKey }) => same(publicKey, key))) continue;
      const fresh: Request = { address, by: [], nonce, publicKey: key };
      const before = list.find((each) => order(each, fresh) === 0);
      const signed = (): unknown =>
        checkSignature(key, joinMessage(this.terms.session, operation), signature);
      if (before === undefined && deviationOf(signed) !== null) continue;
      const others = list.filter((each) => each !== before);
      const by = [...(before?.by ?? []).filter(({ seat }) => seat !== author), { round: r, seat: author }];
      list = [...others, { ...fresh, by: by.sort((a, b) => a.seat - b.seat) }].sort(order);
      const roundOf = (each: Request): number | undefined =>
        each.by.find(({ seat }) => seat === author)?.round;
      const own = others.filter((each) => roundOf(each) !== undefined);
      if (own.length < 4) continue;
      const lowest = Math.min(...own.map((each) => roundOf(each) ?? 0));
      const dropped = own.find((each) => roundOf(each) === lowest);
      list = list.map((each) =>
        each === dropped ? { ...each, by: each.by.filter(({ seat }) => seat !== author) } : each,
      );
      list = list.filter((each) => each.by.length > 0);
    }
    const kept = ({ round, seat }: Request['by'][number]): boolean =>
      ((members >> seat) & 1) === 1 && round > r - 4 * this.terms.m;
    return list.map((each) => ({ ...each, by: each.by.filter(kept) })).filter(({ by }) => by.length > 0);
  }

  next(): LogRead {
    const { log, terms } = this;
    const { illegal, judged, round } = this.closed;
    const [streaks, late] = [this.streaks(), this.late()];
    const rest = this.left(streaks, late);
    const requests = this.sponsored(rest);
    const roster = [...log.roster];
    for (const { by, nonce, publicKey } of requests) {
      if (by.length < this.q || roster.some((each) => same(each.publicKey, publicKey)) || roster.length > 15)
        continue;
      roster.push({ nonce, publicKey });
    }
    const seats = [...roster.keys()];
    const members = rest | setOf(seats.filter((seat) => seat >= log.roster.length));
    const isMember = (seat: number): boolean => ((members >> seat) & 1) === 1;
    const reports = seats.map((seat) => {
      const report = (this.open >> seat) & 1 ? this.closed.updates[seat]?.report : null;
      const newest = report ? { lag: report.lag, lateness: report.lateness, round } : log.reports[seat];
      return (isMember(seat) && newest) || null;
    });
    const changed = members !== log.members;
    const broken = [...log.broken, { judged, round, seats: this.open & illegal }]
      .filter((each) => each.round > round - (terms.m + 2 * terms.alpha + 1))
      .map((each) => ({ ...each, seats: each.seats & members }));
    const least = terms.keepF ? log.firstLiars : 0;
    const heard = reports.filter((report) => report !== null);
    return {
      broken: broken.filter((each) => each.seats !== 0),
      epoch: log.epoch + (changed ? 1 : 0),
      epochId: changed ? epochIdOf(log.epochId, round, roster, members) : log.epochId,
      firstLiars: log.firstLiars,
      late: late.filter(({ seat }) => isMember(seat)),
      members,
      pace: nextPace(terms, log.pace, round + terms.alpha, heard, quorumOf(sizeOf(members), least).f),
      reports,
      roster,
      round,
      sinceRound: seats.map((seat) => log.sinceRound[seat] ?? round + terms.alpha),
      sponsored: requests.filter((each) => !roster.some(({ publicKey }) => same(publicKey, each.publicKey))),
      streaks: seats.map((seat) => (isMember(seat) ? (streaks[seat] ?? 0) : 0)),
    };
  }
}

function nextPace(
  terms: Terms,
  before: PaceRead,
  acts: number,
  reports: readonly NonNullable<LogRead['reports'][number]>[],
  f: number,
): PaceRead {
  const most = (numbers: readonly number[]): number | undefined => [...numbers].sort((a, b) => b - a)[f];
  const late = most(reports.map(({ lateness }) => lateness));
  let { arrival } = before;
  if (late !== undefined) {
    const wanted = Math.max(
      terms.arrivalMin,
      Math.min(terms.arrivalMax, Math.ceil((250 * late * 5) / 4) + 2000),
    );
    if (wanted > arrival || 8 * (arrival - wanted) > arrival) arrival = wanted;
  }
  const units = most(reports.filter(({ round }) => round >= before.from).map(({ lag }) => lag));
  if (units === undefined) return { ...before, arrival };
  const opensAt = before.opensAt + (acts - before.from) * before.round;
  const lag = 4000 * units;
  if (lag > 2 * before.round) {
    const slower = before.from > 1 && before.calm < 64;
    const round = slower ? Math.min(terms.roundMax, Math.ceil((5 * before.round) / 4)) : before.round;
    return { arrival, calm: 0, from: acts, opensAt: opensAt + lag, round };
  }
  const calm = Math.min(64, before.calm + 1);
  if (calm < 64 || before.round === terms.roundMin) return { ...before, arrival, calm };
  const round = Math.max(terms.roundMin, Math.floor((4 * before.round) / 5));
  return { arrival, calm: 0, from: acts, opensAt, round };
}

/** The log after one more round. */
export function foldRound(terms: Terms, log: LogRead, closed: ClosedRead): LogRead {
  return new Fold(terms, log, closed).next();
}

// 10. Seeds of neo

export const startSeed: (session: Uint8Array) => Buffer = firstRoundSeed;

/** The seed after a round, from the openings of it that count, in seat order. */
export function seedAfter(before: Buffer, openings: readonly Opening[]): Buffer {
  const chunks = openings.flatMap(({ seat, salt, input }) => [u8(seat), salt, H('seed', input)]);
  return H('seed', before, ...chunks);
}

export const roundSeed = (judged: Buffer, round: number): Buffer => H('seed', judged, u32(round));
