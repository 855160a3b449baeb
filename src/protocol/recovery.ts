/**
 * A player that comes back with its log: the machine as it was when the last record was written, the
 * rounds to play again, and the own statements to sign and send once more. Signatures are
 * deterministic (RFC 8032), so what leaves is what left before; nothing is ever said anew.
 */

import { assert } from '../base/assert.ts';
import { type Seat, seatOf } from '../base/ids.ts';
import { attest, type Verified } from '../crypto/signature.ts';
import { decodePacket, type Packet } from '../wire/packet.ts';
import { NO_TARGET, type Statement } from '../wire/statement.ts';
import type { EndReason } from './effect.ts';
import { nextRound } from './lockstep.ts';
import { beginLockstep, type Lockstep } from './lockstep-state.ts';
import { nextEpoch } from './parting.ts';
import type { LogRecord, PacketBytes } from './record.ts';
import { withCause } from './removal.ts';
import { type BySeat, type Outcome, outcomeOf } from './round.ts';

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
  const { setup, members, seed, now } = replay.machine();
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

function replayOpen(replay: Replay, record: Extract<LogRecord, { type: 'open' }>): void {
  const { own, now } = replay.machine();
  assert(own !== null, 'a SET follows the own COMMIT in a log');
  const { epoch, round, set } = record.set;
  replay.set({ ownSet: set, now: { ...now, commits: packetsOf(record.commits) } });
  replay.said.delete('commit');
  replay.said.set('open', [record.set, { kind: 'reveal', epoch, round, input: own.input, salt: own.salt }]);
}

function replayEpoch(replay: Replay, record: Extract<LogRecord, { type: 'epoch' }>): void {
  const machine = replay.machine();
  const removal = { ...machine.removal, removes: packetsOf(record.removes) };
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
  if (record.type === 'hello') {
    replay.publicKey = record.publicKey;
    replay.nonce = record.nonce;
    replay.agreement = record.agreement;
  } else if (record.type === 'session') {
    replay.agreed = { keys: record.keys, nonces: record.nonces };
    replay.lockstep = begin(replay.agreed);
  } else if (record.type === 'commit') {
    replay.set({ own: { input: record.reveal.input, salt: record.reveal.salt, state: record.state } });
    replay.said.set('commit', [record.commit]);
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
  else replay.set({ over: record.reason as EndReason });
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
