/**
 * A player that comes back with its log: the machine as it was when the last record was written, the
 * rounds to play again, and the own statements to sign and send once more. Signatures are
 * deterministic (RFC 8032), so what leaves is what left before; nothing is ever said anew.
 */

import { assert, unreachable } from '../base/assert.ts';
import { equalBytes } from '../base/bytes.ts';
import { type Epoch, type Round, type Seat, seatOf } from '../base/ids.ts';
import { attest, type Verified } from '../crypto/signature.ts';
import { decodePacket, type Packet } from '../wire/packet.ts';
import { NO_TARGET, type Statement } from '../wire/statement.ts';
import type { EndReason } from './effect.ts';
import { nextRound } from './lockstep.ts';
import { beginLockstep, type Lockstep } from './lockstep-state.ts';
import { nextEpoch } from './parting.ts';
import type { LogRecord, PacketBytes } from './record.ts';
import { epochEnd, withCause } from './removal.ts';
import { type BySeat, heldSet, type Outcome, outcomeOf } from './round.ts';

export interface Recovered {
  /** Whose log this is, if a hello was written. */
  readonly publicKey: Uint8Array | null;
  /** My nonce of this log, if a hello was written. */
  readonly nonce: Uint8Array | null;
  readonly agreement: Uint8Array | null;
  /** Keys and nonces by seat, if the session had been agreed. */
  readonly agreed: { readonly keys: readonly Uint8Array[]; readonly nonces: readonly Uint8Array[] } | null;
  readonly lockstep: Lockstep | null;
  /** Every advanced round, in order. */
  readonly outcomes: readonly Outcome[];
  /** Own statements that the others may still need, one list a packet. */
  readonly unsaid: readonly (readonly Statement[])[];
}

/** A packet of our own log: it was verified before it was written. */
function packetOf(bytes: Uint8Array): Verified<Packet> {
  const decoded = decodePacket(bytes);
  assert(decoded.ok, 'a log holds packets that this version wrote');
  const { value } = decoded;
  return attest({ publicKey: bytes, message: bytes, signature: value.signature, value });
}

function packetsOf(list: PacketBytes): BySeat<Verified<Packet>> {
  return list.map((bytes) => (bytes === null ? null : packetOf(bytes)));
}

/** What a run of records comes to. */
class Replay {
  publicKey: Uint8Array | null = null;
  nonce: Uint8Array | null = null;
  agreement: Uint8Array | null = null;
  agreed: Recovered['agreed'] = null;
  lockstep: Lockstep | null = null;
  readonly outcomes: Outcome[] = [];
  /** Own statements of the running epoch by what they are; a later one replaces an earlier. */
  readonly said = new Map<string, readonly Statement[]>();

  machine(): Lockstep {
    assert(this.lockstep !== null, 'statements follow the session in a log');
    return this.lockstep;
  }

  set(change: Partial<Lockstep>): void {
    this.lockstep = { ...this.machine(), ...change };
  }
}

function replayAdvance(replay: Replay, record: Extract<LogRecord, { type: 'advance' }>): void {
  const { setup, members, ownSet, seed, now } = replay.machine();
  assert(ownSet !== null, 'a round in a log advances after its own SET');
  const book = { ...now, opens: packetsOf(record.opens) };
  const outcome = outcomeOf(setup.session, book, members, seed);
  assert(outcome !== null && outcome.round === record.round, 'an advanced round has its certificate');
  replay.outcomes.push(outcome);
  replay.said.delete('commit');
  replay.said.delete('open');
  replay.said.delete('wish');
  replay.set({ now: book });
  replay.set(nextRound(replay.machine(), outcome));
}

/** True when a statement belongs to the epoch and round that the log has come to. */
function isHere(replay: Replay, { epoch, round }: { readonly epoch: Epoch; readonly round: Round }): boolean {
  const machine = replay.machine();
  return epoch === machine.epoch && round === machine.round;
}

function replayCommit(replay: Replay, record: Extract<LogRecord, { type: 'commit' }>): void {
  const { commit, reveal, state } = record;
  const first = replay.machine().own === null && isHere(replay, commit) && isHere(replay, reveal);
  assert(first, 'a log holds one COMMIT a round, in order');
  replay.set({ own: { input: reveal.input, salt: reveal.salt, state } });
  replay.said.set('commit', [commit]);
}

function replayOpen(replay: Replay, record: Extract<LogRecord, { type: 'open' }>): void {
  const { members, own, now, setup } = replay.machine();
  const { epoch, round, set } = record.set;
  assert(own !== null && isHere(replay, record.set), 'a SET follows the own COMMIT of its round in a log');
  const book = { ...now, commits: packetsOf(record.commits) };
  const held = heldSet(setup.session, book, members);
  assert(held !== null && equalBytes(held, set), 'a SET in a log is that of the commitments beside it');
  replay.set({ ownSet: set, now: book });
  replay.said.delete('commit');
  replay.said.set('open', [record.set, { kind: 'reveal', epoch, round, input: own.input, salt: own.salt }]);
}

function replayEpoch(replay: Replay, record: Extract<LogRecord, { type: 'epoch' }>): void {
  const machine = replay.machine();
  const removal = { ...machine.removal, removes: packetsOf(record.removes) };
  const end = epochEnd(removal, machine.members);
  const follows =
    end?.target === record.target && end.after === record.after && record.after === machine.round - 1;
  assert(follows, 'an epoch in a log ends with the REMOVEs beside it');
  replay.lockstep = { ...machine, removal };
  replay.set(nextEpoch(replay.machine(), seatOf(record.target)));
  for (const kind of ['commit', 'open', 'remove', 'wish']) replay.said.delete(kind);
}

function replayWish(replay: Replay, record: Extract<LogRecord, { type: 'wish' }>): void {
  const { removal } = replay.machine();
  const { index, round, target } = record.wish;
  const wished =
    target === NO_TARGET ? removal.wished : ((removal.wished | (1 << target)) as typeof removal.wished);
  const ownWish = { round, target: target === NO_TARGET ? null : seatOf(target) };
  replay.set({ wishIndex: index + 1, removal: { ...removal, ownWish, wished } });
  replay.said.set('wish', [record.wish]);
}

function replayLeave(replay: Replay, record: Extract<LogRecord, { type: 'leave' }>): void {
  replay.set({ leaving: true });
  replay.said.set('leave', [record.leave]);
}

function replayRecord(
  replay: Replay,
  record: LogRecord,
  begin: (agreed: NonNullable<Recovered['agreed']>) => Lockstep,
): void {
  assert(!replay.lockstep?.over, 'nothing follows the end of a match in a log');
  if (record.type === 'hello') {
    replay.publicKey = record.publicKey;
    replay.nonce = record.nonce;
    replay.agreement = record.agreement;
  } else if (record.type === 'session') {
    assert(replay.lockstep === null, 'a log holds one session');
    replay.agreed = { keys: record.keys, nonces: record.nonces };
    replay.lockstep = begin(replay.agreed);
  } else if (record.type === 'commit') {
    replayCommit(replay, record);
  } else if (record.type === 'open') replayOpen(replay, record);
  else if (record.type === 'advance') replayAdvance(replay, record);
  else if (record.type === 'remove') {
    replay.set({ removal: { ...replay.machine().removal, frozen: seatOf(record.remove.target) } });
    replay.said.set('remove', [record.remove]);
  } else if (record.type === 'wish') replayWish(replay, record);
  else if (record.type === 'leave') replayLeave(replay, record);
  else if (record.type === 'cause') {
    const { after, bytes, item, reason } = record;
    const cause = { reason, after, item: { type: item, bytes } };
    replay.set({ removal: withCause(replay.machine().removal, seatOf(record.seat), cause) });
  } else if (record.type === 'epoch') replayEpoch(replay, record);
  else if (record.type === 'end') replay.set({ over: record.reason as EndReason });
  else unreachable(record);
}

/** The state that a log describes. Throws if the records do not follow from one another: a damaged log. */
export function recover(
  records: readonly LogRecord[],
  setupOf: (agreed: NonNullable<Recovered['agreed']>) => { session: Uint8Array; me: Seat },
): Recovered {
  const replay = new Replay();
  for (const record of records) {
    replayRecord(replay, record, (agreed) => beginLockstep({ ...setupOf(agreed), keys: agreed.keys }));
  }
  const { publicKey, nonce, agreement, agreed, lockstep, outcomes, said } = replay;
  return { publicKey, nonce, agreement, agreed, lockstep, outcomes, unsaid: [...said.values()] };
}
