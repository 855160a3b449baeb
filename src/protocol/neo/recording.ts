/**
 * Judging a recording: the game is played again over the final rounds, and every step of it must be proven by
 * what the players signed. Whoever holds nothing but the game and these bytes learns which state every round
 * had, or where the recording breaks. Nothing is believed that the recording merely says: members, epochs,
 * pace and illegal inputs are derived anew.
 *
 * A recording may end after any round: that it was cut short there cannot be seen.
 */

import { equalBytes } from '../../base/bytes.ts';
import { type Round, seatOf } from '../../base/ids.ts';
import { add, has, minus, nobody, type PlayerSet, seatsOf, union, within } from '../../base/players.ts';
import { commit } from '../../crypto/commitment.ts';
import { ROUND_INSTANCE } from '../../wire/statement.ts';
import type { Game } from '../game.ts';
import { firstSeed } from '../lockstep-state.ts';
import { Play, type Played } from '../play.ts';
import { stateDigest } from './digest.ts';
import { type ClosedRound, firstLog, fold, type LogEvent, type LogState } from './log-state.ts';
import { type RecordedRound, type RecordingHead, RecordingReader } from './recording-format.ts';
import { type Lie, liesAmong, PacketReader, type Verify } from './recording-packets.ts';
import { decidedValue, isShown, isVoid, namedDigest, type Proof, proofOf } from './recording-proof.ts';
import { isAbout, setupOf } from './recording-terms.ts';
import type {
  MemberChange,
  RecordingReason,
  RecordingVerdict,
  Verified,
  VerifiedRound,
  VerifyOptions,
} from './recording-verdict.ts';
import { closedOfFinal } from './recovery.ts';
import { roundSeed, seedAfter, startSeed } from './seeds.ts';
import { environmentOf, type NeoSetup } from './state.ts';
import { NONE, sameValue } from './values.ts';

export { encodeRecording, Recorder, recordingOf } from './recording-format.ts';

export type * from './recording-verdict.ts';

/** Why a round does not hold. */
interface Fault {
  readonly round: Round;
  readonly reason: RecordingReason;
  readonly detail: string;
  readonly packet?: number;
  readonly lies?: readonly Lie[];
}

/** What a round left behind. */
interface Past {
  readonly log: LogState;
  readonly stateHash: Uint8Array;
  readonly seed: Uint8Array;
}

/** Lies that are told of. */
const LIES_MAX = 64;

class Replay<State, Input> {
  readonly setup: NeoSetup;
  readonly rounds: VerifiedRound[] = [];
  readonly changes: MemberChange[] = [];
  readonly lies: Lie[] = [];
  attested = -1;
  readonly #play: Play<State, Input>;
  readonly #packets: PacketReader;
  readonly #past = new Map<Round, Past>();

  constructor(game: Game<State, Input>, setup: NeoSetup, verify: Verify | undefined) {
    this.setup = setup;
    this.#play = new Play(game, setup.roster.length, { lag: setup.log.alpha });
    this.#packets = new PacketReader(setup.session, verify);
  }

  get final(): Round {
    return this.rounds.length;
  }

  get log(): LogState {
    return this.#pastOf(this.final).log;
  }

  /** Begins the game. False if it throws. */
  begin(): boolean {
    const { log, pace, roster, session } = this.setup;
    const seed = firstSeed(session);
    try {
      const stateHash = this.#play.begin(seed);
      this.#past.set(0, { log: firstLog(log, roster, pace), stateHash, seed: startSeed(session) });
      return true;
    } catch {
      return false;
    }
  }

  #pastOf(round: Round): Past {
    return this.#past.get(Math.max(0, round)) as Past;
  }

  /** Checks the next round and plays it. */
  take(recorded: RecordedRound): Fault | null {
    const round = this.final + 1;
    const fault = (reason: RecordingReason, detail: string): Fault => ({ round, reason, detail });
    if (recorded.round !== round)
      return fault('order', `round ${recorded.round} comes where ${round} should`);
    const judged = this.#pastOf(round - this.setup.log.alpha);
    const before = this.#pastOf(round - 1);
    const environment = environmentOf(this.setup, judged.log);
    const read = this.#packets.read(recorded.packets, judged.log);
    if ('reason' in read) return { round, ...read };
    const proof = proofOf(this.setup, environment, recorded, read.packets);
    const own = stateDigest(judged);
    const final = { ...recorded, illegal: nobody, judged: own };
    const closed = closedOfFinal(final, before.log, environment.members);
    const broken = undecided(proof, recorded) ?? unopened(proof, recorded, closed);
    const lies = liesAmong(this.setup.session, judged.log, read.packets, vectorsOf(proof, recorded));
    if (broken !== null) return { round, ...broken, lies };
    const named = namedDigest(proof);
    if (named !== null && !equalBytes(named, own)) {
      return { round: judged.log.round, reason: 'digest', detail: 'enough votes name another state', lies };
    }
    const failed = this.#advance(recorded, closed, proof, judged);
    if (failed !== null) return failed;
    if (named !== null) this.attested = Math.max(this.attested, judged.log.round);
    this.lies.push(...lies.slice(0, LIES_MAX - this.lies.length));
    return null;
  }

  #advance(recorded: RecordedRound, closed: ClosedRound, proof: Proof, judged: Past): Fault | null {
    const { round } = recorded;
    const { epoch, members, seats } = proof.round.environment;
    const before = this.#pastOf(round - 1);
    const seed = seedAfter(before.seed, recorded.openings);
    const inputs = Array.from({ length: seats }, (_, seat) => closed.updates[seat]?.input ?? null);
    let played: Played<State, Input>;
    try {
      played = this.#play.advance({
        epoch,
        round,
        members,
        inputs,
        seed: roundSeed(judged.seed, round),
        nextSeed: seed,
      });
      this.#play.finalize(round);
    } catch (thrown) {
      return { round, reason: 'threw', detail: thrown instanceof Error ? thrown.message : String(thrown) };
    }
    const { stateHash } = played;
    if (!equalBytes(stateHash, recorded.stateHash)) {
      return { round, reason: 'state', detail: 'the game comes to another state' };
    }
    const illegal = union(played.illegal, unreadable(closed));
    const { events, log } = fold(this.setup.log, before.log, { ...closed, illegal });
    this.changes.push(...events.map((event) => changeOf(round, event)));
    this.#past.set(round, { log, stateHash, seed });
    this.#past.delete(round - this.setup.log.alpha);
    const unshown = unshownIn(proof, recorded);
    this.rounds.push({
      round,
      stateHash,
      epoch,
      members: seatsOf(members),
      illegal: seatsOf(illegal),
      voided: seatsOf(recorded.voided),
      unshown: seatsOf(unshown),
    });
    return null;
  }
}

function changeOf(round: Round, event: LogEvent): MemberChange {
  return { round, player: event.seat, status: event.type === 'joined' ? 'joined' : event.reason };
}

/** Accepted slots that are open and whose opening is no update. */
function unreadable({ accepted, updates, voided }: ClosedRound): PlayerSet {
  return seatsOf(minus(accepted, voided)).reduce(
    (set, seat) => (updates[seat] ? set : add(set, seat)),
    nobody,
  );
}

/** All hashes that are known to stand behind a digest of the round. */
function vectorsOf({ round }: Proof, { vectors }: RecordedRound): readonly (readonly Uint8Array[])[] {
  const contests = [round.slots, ...round.openings];
  const confirms = contests.flatMap((contest) => contest?.confirms.flatMap((list) => list ?? []) ?? []);
  return [
    ...vectors,
    ...[...round.votes, ...round.otherVotes, ...confirms].flatMap((held) =>
      held?.hashes ? [held.hashes] : [],
    ),
  ];
}

type Broken = Pick<Fault, 'reason' | 'detail'>;

/** What is wrong about the decisions of a round, or null. */
function undecided(proof: Proof, { decided }: RecordedRound): Broken | null {
  const { members } = proof.round.environment;
  if (decided.some((value, seat) => value !== null && !has(members, seatOf(seat)))) {
    return { reason: 'decision', detail: 'a slot is decided of somebody who is no member' };
  }
  for (const slot of seatsOf(members)) {
    const proven = decidedValue(proof, slot);
    const said = decided[slot] ?? null;
    if (proven === null) return { reason: 'decision', detail: `the slot of player ${slot} is not proven` };
    if (said === null || !sameValue(proven, said)) {
      return { reason: 'decision', detail: `the slot of player ${slot} is proven to be something else` };
    }
  }
  return null;
}

/** What is wrong about the openings of a round, or null. */
function unopened(proof: Proof, recorded: RecordedRound, { accepted, voided }: ClosedRound): Broken | null {
  const { environment, round } = proof.round;
  if (!within(voided, accepted)) return { reason: 'void', detail: 'an opening is void that nobody needs' };
  for (const [index, value] of recorded.decided.entries()) {
    const author = seatOf(index);
    const opening = recorded.openings[author] ?? null;
    const needed = has(accepted, author) && !has(voided, author);
    if (has(accepted, author) && isVoid(proof, author) !== has(voided, author)) {
      return { reason: 'void', detail: `whether player ${author} has opened is not as it is proven` };
    }
    if (needed !== (opening !== null)) {
      return {
        reason: 'opening',
        detail: `an opening of player ${author} is ${needed ? 'missing' : 'too much'}`,
      };
    }
    if (opening === null) continue;
    const slot = { session: proof.session, epoch: environment.epoch, round, author };
    if (!sameValue(commit(slot, opening.salt, opening.input), value ?? NONE)) {
      return { reason: 'opening', detail: `the opening of player ${author} is that of another commitment` };
    }
  }
  return recorded.openings.length <= recorded.decided.length
    ? null
    : { reason: 'opening', detail: 'there are openings of nobody' };
}

/** Slots and openings whose decision has no certificate in the recording. */
function unshownIn(proof: Proof, { decided, voided }: RecordedRound): PlayerSet {
  let set = nobody;
  for (const slot of seatsOf(proof.round.environment.members)) {
    if (!isShown(proof, ROUND_INSTANCE, slot, decided[slot] ?? NONE)) set = add(set, slot);
    if (has(voided, slot) && !isShown(proof, slot, slot, NONE)) set = add(set, slot);
  }
  return set;
}

/** What can be said of the rounds that are proven. */
function soFar<State, Input>(replay: Replay<State, Input> | null): Verified {
  if (replay === null) {
    return { session: null, players: [], members: [], changes: [], rounds: [], attested: -1, lies: [] };
  }
  const { attested, changes, lies, log, rounds, setup } = replay;
  const players = log.roster.map(({ publicKey }) => publicKey);
  return { session: setup.session, players, members: seatsOf(log.members), changes, rounds, attested, lies };
}

/** The match that a head speaks of, before its first round; or why there is none. */
function beginReplay<State, Input>(
  game: Game<State, Input>,
  { agreement, keys, nonces }: RecordingHead,
  verify: Verify | undefined,
): Replay<State, Input> | Broken {
  const setup = setupOf(agreement, keys, nonces);
  if (setup === null) return { reason: 'agreement', detail: 'the agreement is not one of neo' };
  if (!isAbout(agreement, game)) {
    return {
      reason: 'game',
      detail: 'the match is one of another game, of another version or of other rules',
    };
  }
  const replay = new Replay(game, setup, verify);
  return replay.begin() ? replay : { reason: 'threw', detail: 'the game does not begin' };
}

function failing(sofar: Verified, { detail, lies = [], packet, reason, round }: Fault): RecordingVerdict {
  const [lie = null] = lies;
  const blame = lie?.publicKey ?? null;
  return {
    ...sofar,
    ok: false,
    round,
    reason,
    detail,
    packet: packet ?? null,
    blame,
    evidence: lie?.evidence ?? null,
  };
}

/**
 * Plays a recording again and checks it, signature by signature. `blame` names a player only where its own
 * signatures contradict each other: whoever made the recording may have changed anything else. Never throws
 * on any bytes; takes about a millisecond a packet, unless it is given something faster.
 */
export function verifyRecording<State, Input>(
  game: Game<State, Input>,
  bytes: Uint8Array,
  { verify }: VerifyOptions = {},
): RecordingVerdict {
  const broken = (round: Round, detail: string): Fault => ({ round, reason: 'format', detail });
  const reader = new RecordingReader(bytes);
  const first = reader.next();
  if (first?.type !== 'head') return failing(soFar(null), broken(0, 'the bytes are no recording'));
  const replay = beginReplay(game, first.head, verify);
  if (!(replay instanceof Replay)) return failing(soFar(null), { round: 0, ...replay });
  for (;;) {
    const frame = reader.next();
    const round = replay.final + 1;
    if (frame?.type === 'end' && frame.rounds === replay.final && reader.done) break;
    if (frame?.type !== 'round') {
      return failing(soFar(replay), broken(round, 'the recording ends too early, or goes on after its end'));
    }
    const fault = replay.take(frame.recorded);
    if (fault !== null) return failing(soFar(replay), fault);
  }
  return { ...soFar(replay), ok: true };
}
