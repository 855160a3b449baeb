/**
 * A recording as bytes: what a match was agreed to be, each final round with its proof, and an end. It can
 * be written as the rounds become final, and read a round at a time.
 *
 * Bytes: "FSRC", version, then frames: type (u8), length (u32), canonical plain data (wire/plain.ts):
 *
 *   1 head    [agreement, keys by seat, nonces by seat]
 *   2 round   [round, decided by seat, voided, openings by seat, state hash, packets, vectors]
 *   3 end     [number of rounds]
 */

import { concatBytes, equalBytes } from '../../base/bytes.ts';
import { firstPlayers, type PlayerSet } from '../../base/players.ts';
import { DIGEST_BYTES } from '../../crypto/hash.ts';
import { PUBLIC_KEY_BYTES } from '../../crypto/signature.ts';
import {
  AGREEMENT_BYTES_MAX,
  NONCE_BYTES,
  PLAYERS_MAX,
  PLAYERS_MIN,
  PROTOCOL_VERSION,
  ROUND_MAX,
  ROUNDS_ITEM_BYTES_MAX,
  SALT_BYTES,
  UPDATE_BYTES_MAX,
} from '../../wire/limits.ts';
import { decodePlain, encodePlain, type Plain } from '../../wire/plain.ts';
import { Reader } from '../../wire/reader.ts';
import { Writer } from '../../wire/writer.ts';
import type { FinalRound, NeoRecord } from './record.ts';

/** What a match was agreed to be. */
export interface RecordingHead {
  /** Encoded agreement (handshake.ts). */
  readonly agreement: Uint8Array;
  /** By seat, 32 bytes each. */
  readonly keys: readonly Uint8Array[];
  /** By seat, NONCE_BYTES each. */
  readonly nonces: readonly Uint8Array[];
}

/** A final round as it is recorded; the rest of it follows from these and the rounds before. */
export type RecordedRound = Omit<FinalRound, 'illegal' | 'judged'>;

export type Frame =
  | { readonly type: 'head'; readonly head: RecordingHead }
  | { readonly type: 'round'; readonly recorded: RecordedRound }
  | { readonly type: 'end'; readonly rounds: number };

const magic: Uint8Array = Uint8Array.of(0x46, 0x53, 0x52, 0x43, PROTOCOL_VERSION);
const types: readonly Frame['type'][] = ['head', 'round', 'end'];

function encodeFrame(type: Frame['type'], content: Plain): Uint8Array {
  const bytes = encodePlain(content, 'recording');
  return new Writer(bytes.length + 5)
    .u8(1 + types.indexOf(type))
    .u32(bytes.length)
    .bytes(bytes)
    .take();
}

/** How a recording begins. */
export function recordingHead({ agreement, keys, nonces }: RecordingHead): Uint8Array {
  return concatBytes(magic, encodeFrame('head', [agreement, keys, nonces]));
}

/** The next round of a recording; rounds come in order, from the first. */
export function recordedRound(final: RecordedRound): Uint8Array {
  const { decided, openings, packets, round, stateHash, vectors, voided } = final;
  const opened = openings.map((opening) => opening && [opening.input, opening.salt]);
  return encodeFrame('round', [round, decided, voided, opened, stateHash, packets, vectors]);
}

/** How a recording of so many rounds ends. */
export function recordingEnd(rounds: number): Uint8Array {
  return encodeFrame('end', [rounds]);
}

/** A whole recording. */
export function encodeRecording({
  finals,
  ...head
}: RecordingHead & { readonly finals: readonly RecordedRound[] }): Uint8Array {
  return concatBytes(recordingHead(head), ...finals.map(recordedRound), recordingEnd(finals.length));
}

/** Makes a recording of the records of a log as they are written: of the newest match among them. */
export class Recorder {
  #agreement: Uint8Array | null = null;
  #rounds: Uint8Array[] = [];
  #head: Uint8Array | null = null;

  /** Takes the next record in; all but those of the agreement and of final rounds are passed over. */
  take(record: NeoRecord): void {
    if (record.type === 'hello') this.#agreement = record.agreement;
    else if (record.type === 'session' && this.#agreement !== null) {
      this.#head = recordingHead({ agreement: this.#agreement, keys: record.keys, nonces: record.nonces });
      this.#rounds = [];
    } else if (record.type === 'final') this.#rounds.push(recordedRound(record.final));
  }

  /** The recording so far; null before there is a match. */
  bytes(): Uint8Array | null {
    if (this.#head === null) return null;
    return concatBytes(this.#head, ...this.#rounds, recordingEnd(this.#rounds.length));
  }
}

/** The recording that the records of a log come to. Throws if they hold no match. */
export function recordingOf(records: Iterable<NeoRecord>): Uint8Array {
  const recorder = new Recorder();
  for (const record of records) recorder.take(record);
  const bytes = recorder.bytes();
  if (bytes === null) throw new Error('recordingOf: the records hold no match; give all of a log, in order');
  return bytes;
}

function isBytes(value: Plain | undefined, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length;
}

function isShort(value: Plain | undefined, most: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length <= most;
}

function isNatural(value: Plain | undefined, most: number): value is number {
  return typeof value === 'number' && value >= 0 && value <= most;
}

/** A list of which every element is of some kind. */
function isList<T extends Plain>(
  value: Plain | undefined,
  is: (element: Plain) => element is T,
  most: number = Number.POSITIVE_INFINITY,
): value is readonly T[] {
  return Array.isArray(value) && value.length <= most && (value as readonly Plain[]).every(is);
}

function isKey(value: Plain): value is Uint8Array {
  return isBytes(value, PUBLIC_KEY_BYTES);
}

function isNonce(value: Plain): value is Uint8Array {
  return isBytes(value, NONCE_BYTES);
}

function isDigest(value: Plain): value is Uint8Array {
  return isBytes(value, DIGEST_BYTES);
}

function isValue(value: Plain): value is Uint8Array | null {
  return value === null || isDigest(value);
}

function isPacket(value: Plain): value is Uint8Array {
  return isShort(value, ROUNDS_ITEM_BYTES_MAX);
}

function isVector(value: Plain): value is readonly Uint8Array[] {
  return isList(value, isDigest, PLAYERS_MAX);
}

function isOpening(value: Plain): value is null | readonly [Uint8Array, Uint8Array] {
  if (value === null) return true;
  if (!Array.isArray(value) || value.length !== 2) return false;
  return isShort(value[0] as Plain, UPDATE_BYTES_MAX) && isBytes(value[1] as Plain, SALT_BYTES);
}

function readHead([agreement, keys, nonces]: readonly Plain[]): Frame | null {
  if (!isShort(agreement, AGREEMENT_BYTES_MAX)) return null;
  if (!isList(keys, isKey, PLAYERS_MAX) || !isList(nonces, isNonce, PLAYERS_MAX)) return null;
  if (keys.length < PLAYERS_MIN || keys.length !== nonces.length) return null;
  return { type: 'head', head: { agreement, keys, nonces } };
}

function readRound(content: readonly Plain[]): Frame | null {
  const [round, decided, voided, openings, stateHash, packets, vectors] = content;
  if (!isNatural(round, ROUND_MAX) || !isNatural(voided, firstPlayers(PLAYERS_MAX))) return null;
  if (!isList(decided, isValue, PLAYERS_MAX) || !isList(openings, isOpening, PLAYERS_MAX)) return null;
  if (!isBytes(stateHash, DIGEST_BYTES) || !isList(packets, isPacket) || !isList(vectors, isVector))
    return null;
  const recorded: RecordedRound = {
    round,
    decided,
    voided: voided as PlayerSet,
    openings: openings.map((opening) => opening && { input: opening[0], salt: opening[1] }),
    stateHash,
    packets,
    vectors,
  };
  return { type: 'round', recorded };
}

const layouts: Readonly<
  Record<Frame['type'], { fields: number; read(content: readonly Plain[]): Frame | null }>
> = {
  head: { fields: 3, read: readHead },
  round: { fields: 7, read: readRound },
  end: {
    fields: 1,
    read: ([rounds]) => (isNatural(rounds, ROUND_MAX) ? { type: 'end', rounds } : null),
  },
};

/** Reads the bytes of anyone, a frame at a time. Never throws. */
export class RecordingReader {
  readonly #reader: Reader;

  constructor(bytes: Uint8Array) {
    this.#reader = new Reader(bytes);
    if (!equalBytes(this.#reader.bytes(magic.length), magic)) this.#reader.fail();
  }

  /** True when nothing is left over. */
  get done(): boolean {
    return this.#reader.done;
  }

  /** The next frame; null where there is none, or something else. */
  next(): Frame | null {
    const reader = this.#reader;
    const type = types[reader.u8() - 1];
    const content = decodePlain(reader.bytes(reader.u32()));
    if (reader.failed || type === undefined || !content.ok || !Array.isArray(content.value)) return null;
    const { fields, read } = layouts[type];
    return content.value.length === fields ? read(content.value) : null;
  }
}
