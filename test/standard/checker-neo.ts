/**
 * Watches a whole match of neo and names whatever an honest player does not send, as sections 6 to 14 of
 * src/wire/README.md have it; and plays it, from the datagrams alone. What one player sends in a row is
 * judged together: it may be in any order.
 */

import {
  checkPacket,
  type Deviation,
  deviationOf,
  H,
  type PacketRead,
  partHash,
  readPacket,
  same,
} from './checker.ts';
import { Ballot, nothing, type SaidRead } from './checker-ballot.ts';
import { type RoundsRead, readRounds, typeOf, vectorDigest } from './checker-datagram.ts';
import { type Opening, readEvidence, sessionSeed } from './checker-evidence.ts';
import {
  type ClosedRead,
  firstLog,
  foldRound,
  type LogRead,
  roundSeed,
  seedAfter,
  startSeed,
  stateDigest,
} from './checker-log.ts';
import { Meeting, type MeetingDeviation } from './checker-meeting.ts';
import { type RuleDeviation, Rules } from './checker-rules.ts';
import { bits, quorumOf, readUpdate, type Terms, termsOf, type UpdateRead } from './checker-update.ts';

/** What only shows in a match of neo, beyond the deviations of checker.ts and those of the other files. */
export const neoDeviations = [
  'no-session',
  'seat',
  'kind',
  'ahead',
  'epoch',
  'not-a-member',
  'contradiction',
  'header',
] as const;

export type NeoDeviation = Deviation | MeetingDeviation | RuleDeviation | (typeof neoDeviations)[number];

/** The game that is played, as its own checker has it. */
export interface GameRead {
  /** The encoded first state. */
  start(seed: Buffer, players: number): Buffer;
  isIllegal(state: Buffer, seat: number, input: Buffer): boolean;
  step(
    state: Buffer,
    round: {
      readonly round: number;
      readonly seed: Buffer;
      readonly inputs: readonly (Buffer | null)[];
      readonly members: number;
    },
  ): Buffer;
}

/** A final round, and what it came to. */
export interface FinalRead {
  readonly round: number;
  readonly state: Buffer;
  readonly gameDigest: Buffer;
  readonly stateDigest: Buffer;
  readonly seed: Buffer;
  readonly log: LogRead;
  readonly closed: ClosedRead | null;
}

interface Claim {
  readonly from: number;
  readonly header: Pick<RoundsRead, 'final' | 'rounds'>;
}

export class NeoWatcher {
  readonly game: GameRead;
  readonly meeting: Meeting = new Meeting();
  /** Everything that deviates, and who signed it (or sent it, where nothing is signed). */
  readonly deviations: { readonly deviation: NeoDeviation; readonly by: number }[] = [];
  /** Final rounds, from round 0 on. */
  readonly finals: FinalRead[] = [];
  /** Kinds of statements, and types of items, that were sent. */
  readonly seen: Set<string> = new Set();
  readonly ballots: Map<number, Ballot> = new Map();
  readonly #vectors = new Map<string, readonly Buffer[]>();
  readonly #packets = new Set<string>();
  readonly #said = new Map<string, Buffer>();
  #terms: Terms | null = null;
  #from = -1;
  #fresh: SaidRead[] = [];
  #claims: Claim[] = [];

  constructor(game: GameRead) {
    this.game = game;
  }

  #blame(by: number, ...found: readonly NeoDeviation[]): void {
    for (const deviation of found) this.deviations.push({ deviation, by });
  }

  /** Takes a datagram that left the player at a seat. */
  take(from: number, datagram: Uint8Array): void {
    if (from !== this.#from) this.finish();
    this.#from = from;
    let type = 0;
    const broken = deviationOf(() => {
      type = typeOf(datagram);
    });
    if (broken !== null) return this.#blame(from, broken);
    if (type === 1) {
      this.#blame(from, ...this.meeting.take(from, datagram));
      if (this.#terms === null && this.meeting.session !== null) this.#begin(this.meeting.session);
      return;
    }
    if (this.#terms === null) return this.#blame(from, 'no-session');
    this.#rounds(from, datagram, this.#terms);
  }

  #begin(session: Buffer): void {
    const { agreement, nonces, roster } = this.meeting;
    const broken = deviationOf(() => {
      this.#terms = termsOf(session, agreement);
    });
    if (broken !== null || this.#terms === null) return this.#blame(this.#from, broken ?? 'agreement-data');
    const log = firstLog(this.#terms, roster, nonces);
    this.#final(this.game.start(sessionSeed(session), roster.length), startSeed(session), log, null);
  }

  #final(state: Buffer, seed: Buffer, log: LogRead, closed: ClosedRead | null): void {
    const gameDigest = H('state', state);
    const digest = stateDigest(gameDigest, log, seed);
    this.finals.push({ round: log.round, state, gameDigest, stateDigest: digest, seed, log, closed });
  }

  #rounds(from: number, datagram: Uint8Array, { session }: Terms): void {
    const broken = deviationOf(() => {
      const { final, items, rounds } = readRounds(session, datagram);
      for (const { type, content, digests } of items) {
        this.seen.add(`item ${type}`);
        if (digests) this.#vectors.set(vectorDigest(digests).toString('hex'), digests);
        if (type === 1) this.#packet(content);
        if (type === 4) this.#blame(from, ...this.#accusation(content));
      }
      this.#claims.push({ from, header: { final, rounds } });
    });
    if (broken !== null) this.#blame(from, broken);
  }

  #accusation(evidence: Buffer): NeoDeviation[] {
    let good = false;
    deviationOf(() => {
      const { guilty, session } = readEvidence(evidence);
      const { roster } = (this.finals.at(-1) as FinalRead).log;
      good =
        same(session, this.#terms?.session as Buffer) && roster.some((each) => same(each.publicKey, guilty));
    });
    return good ? [] : ['accusation'];
  }

  /** Whoever sends it on: what is in a packet is its signer's. */
  #packet(content: Buffer): void {
    const hex = content.toString('hex');
    if (this.#packets.has(hex)) return;
    this.#packets.add(hex);
    const { session } = this.#terms as Terms;
    let packet: PacketRead | null = null;
    let seated = true;
    const broken = deviationOf(() => {
      packet = readPacket(content);
      const key = (this.finals.at(-1) as FinalRead).log.roster[packet.sender]?.publicKey;
      seated = key !== undefined;
      if (key !== undefined) checkPacket(session, key, packet);
    });
    const read = packet as PacketRead | null;
    if (broken !== null || read === null) return this.#blame(read?.sender ?? this.#from, broken ?? 'tag');
    const { sender, entries } = read;
    if (!seated) return this.#blame(sender, 'seat');
    for (const entry of entries) {
      const hash = partHash(session, sender, entry);
      const name = `${sender} ${entry.key.toString('hex')}`;
      const before = this.#said.get(name);
      if (before !== undefined && same(before, hash)) continue;
      if (before !== undefined) this.#blame(sender, 'contradiction');
      if (entry.elided) continue;
      this.#said.set(name, hash);
      this.#fresh.push({ seat: sender, entry, hash });
      this.seen.add(entry.kind);
    }
  }

  /** Judges what was sent in a row. */
  finish(): void {
    const fresh = this.#fresh.splice(0);
    let waiting = fresh;
    let before = 0;
    do {
      before = waiting.length;
      waiting = waiting.filter((said) => !this.#place(said));
      this.#settle();
    } while (waiting.length > 0 && waiting.length < before);
    for (const { seat } of waiting) this.#blame(seat, 'ahead');
    for (const said of fresh) if (!waiting.includes(said)) this.#judge(said);
    for (const claim of this.#claims.splice(0)) if (!this.#mayClaim(claim)) this.#blame(claim.from, 'header');
  }

  /** Puts a statement where it belongs; false while the round is not open. */
  #place(said: SaidRead): boolean {
    const { kind, numbers } = said.entry;
    const of = numbers.round ?? 0;
    const { alpha, keepF, session } = this.#terms as Terms;
    const lockstep = ['set', 'remove', 'wish', 'leave'].includes(kind);
    if (lockstep) this.#blame(said.seat, 'kind');
    if (lockstep || of === 0) return lockstep;
    const environment = this.finals[Math.max(0, of - alpha)]?.log;
    if (environment === undefined) return false;
    const { epoch, firstLiars, members } = environment;
    const quorum = quorumOf(bits(members).length, keepF ? firstLiars : 0);
    const ballot =
      this.ballots.get(of) ?? new Ballot({ session, epoch, round: of }, members, quorum, this.#vectors);
    this.ballots.set(of, ballot);
    if (numbers.epoch !== epoch) this.#blame(said.seat, 'epoch');
    else if (!((members >> said.seat) & 1)) this.#blame(said.seat, 'not-a-member');
    else ballot.said.push(said);
    return true;
  }

  /** Plays all rounds that are final by what has been said. */
  #settle(): void {
    for (;;) {
      const last = this.finals.at(-1);
      const ballot = this.ballots.get((last?.round ?? 0) + 1);
      if (last === undefined || ballot === undefined || !this.#play(ballot, last)) return;
    }
  }

  #play(ballot: Ballot, { log, seed, state }: FinalRead): boolean {
    const { alpha } = this.#terms as Terms;
    const { members, round } = ballot;
    const judged = this.finals[Math.max(0, round - alpha)] as FinalRead;
    const openings: Opening[] = [];
    let [accepted, voided, illegal] = [0, 0, 0];
    for (const slot of bits(members)) {
      const value = ballot.decided(slot);
      if (value === null) return false;
      if (same(value, nothing) || !((log.members >> slot) & 1)) continue;
      const opened = ballot.opened(slot);
      if (opened === null) return false;
      accepted |= 1 << slot;
      const opening = opened === 'open' ? ballot.opening(slot, value) : null;
      if (opened === 'void') voided |= 1 << slot;
      else if (opening === null) return false;
      else openings.push(opening);
    }
    const updates: (UpdateRead | null)[] = log.roster.map(() => null);
    for (const { seat, input } of openings) {
      const broken = deviationOf(() => {
        updates[seat] = readUpdate(input);
      });
      if (broken !== null) illegal |= 1 << seat;
    }
    const inputs = judged.log.roster.map((_, seat) => {
      const input = updates[seat]?.input ?? null;
      if (input === null || !this.game.isIllegal(judged.state, seat, input)) return input;
      illegal |= 1 << seat;
      return null;
    });
    const closed = { round, members, accepted, voided, illegal, judged: judged.stateDigest, updates };
    const next = this.game.step(state, { round, seed: roundSeed(judged.seed, round), inputs, members });
    this.#final(next, seedAfter(seed, openings), foldRound(this.#terms as Terms, log, closed), closed);
    return true;
  }

  /** True when what a header says that its sender holds has been said, and is decided, by now. */
  #mayClaim({ from, header: { final, rounds } }: Claim): boolean {
    if (final >= this.finals.length) return false;
    return rounds.every((sets, i) => {
      const ballot = this.ballots.get(final + 1 + i);
      const all = (set: number, test: (seat: number, ballot: Ballot) => boolean): boolean =>
        bits(set).every(
          (seat) => ballot !== undefined && ((ballot.members >> seat) & 1) === 1 && test(seat, ballot),
        );
      const said = (kind: string) => (seat: number, each: Ballot) =>
        seat === from || each.of(kind, seat).length > 0;
      return (
        all(sets.commits, said('commit')) &&
        all(sets.votes, said('vote')) &&
        all(sets.opens, said('reveal')) &&
        all(sets.decided, (seat, each) => each.decided(seat) !== null) &&
        all(sets.opened, (seat, each) => each.opened(seat) !== null || each.alone(seat, from))
      );
    });
  }

  #judge(said: SaidRead): void {
    const ballot = this.ballots.get(said.entry.numbers.round ?? 0);
    if (ballot === undefined || !ballot.said.includes(said)) return;
    const { instance = 255 } = said.entry.numbers;
    if (instance !== 255 && !((ballot.members >> instance) & 1)) return this.#blame(said.seat, 'instance');
    const found = new Set<NeoDeviation>();
    const needs = (holds: boolean, deviation: NeoDeviation): void => {
      if (!holds) found.add(deviation);
    };
    const earlier = ballot.said.slice(0, ballot.said.indexOf(said)).filter(({ seat }) => seat === said.seat);
    this.#rules(said, ballot, earlier, needs);
    this.#blame(said.seat, ...found);
  }

  /** The rules of section 12 for each kind of statement. */
  #rules(
    said: SaidRead,
    ballot: Ballot,
    earlier: readonly SaidRead[],
    needs: (holds: boolean, deviation: NeoDeviation) => void,
  ): void {
    const { kind } = said.entry;
    const rules = new Rules(said, ballot, earlier, needs);
    if (kind === 'vote') {
      rules.vote();
      const { alpha } = this.#terms as Terms;
      const judged = this.finals[Math.max(0, ballot.round - alpha)] as FinalRead;
      const { state = nothing } = said.entry.strings;
      needs(same(state, nothing) || same(state, judged.stateDigest), 'state');
    } else if (kind === 'reveal') {
      rules.reveal();
      const read = deviationOf(() => {
        for (const each of readUpdate(said.entry.strings.input ?? nothing).operations) {
          if (each.type === 'accuse' && this.#accusation(each.evidence).length > 0)
            needs(false, 'accusation');
        }
      });
      needs(read === null, 'update');
    } else if (kind === 'confirm') rules.confirm();
    else if (kind === 'hold') rules.hold();
    else if (kind === 'change') rules.change();
    else if (kind === 'propose') rules.propose();
    else if (kind === 'prepare') rules.prepare();
  }
}
