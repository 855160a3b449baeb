/** Parameters, quorums and updates of neo, as sections 6, 12 and 13 of src/wire/README.md have them. */

import { Cursor, deviationOf, joined, must, prefix, u8 } from './checker.ts';
import { readAgreement } from './checker-plain.ts';

// 6. The parameters of neo

const parameterNames = [
  'roundMs',
  'roundMaxMs',
  'arrivalMs',
  'arrivalMinMs',
  'arrivalMaxMs',
  'silentRounds',
  'window',
  'openMs',
  'lateMs',
  'stallMs',
  'keepF',
] as const;

export interface Terms {
  readonly session: Buffer;
  readonly alpha: number;
  readonly m: number;
  readonly keepF: boolean;
  /** Microseconds. */
  readonly roundMin: number;
  readonly roundMax: number;
  readonly arrivalMin: number;
  readonly arrivalMax: number;
  readonly arrival: number;
}

export function termsOf(session: Buffer, agreement: Uint8Array): Terms {
  const [, , , name, list] = readAgreement(agreement);
  const values = Array.isArray(list) ? (list as unknown[]) : [];
  must(name === 'neo' && values.length === parameterNames.length, 'agreement-data');
  const given = Object.fromEntries(parameterNames.map((each, i) => [each, values[i]]));
  const whole = (each: string): number => {
    must(Number.isInteger(given[each]), 'agreement-data');
    return given[each] as number;
  };
  must(typeof given.keepF === 'boolean', 'agreement-data');
  return {
    session,
    alpha: Math.ceil((5 * whole('arrivalMaxMs')) / whole('roundMs')) + 2,
    m: whole('silentRounds'),
    keepF: given.keepF as boolean,
    roundMin: 1000 * whole('roundMs'),
    roundMax: 1000 * whole('roundMaxMs'),
    arrivalMin: 1000 * whole('arrivalMinMs'),
    arrivalMax: 1000 * whole('arrivalMaxMs'),
    arrival: 1000 * whole('arrivalMs'),
  };
}

// 12. Quorums

export const bits = (set: number): number[] => [...Array(16).keys()].filter((seat) => (set >> seat) & 1);
export const setOf = (list: readonly number[]): number => list.reduce((set, seat) => set | (1 << seat), 0);
export const sizeOf = (set: number): number => bits(set).length;

export interface QuorumRead {
  readonly n: number;
  readonly f: number;
  readonly k: number;
  readonly q: number;
  readonly fast: number;
}

export function quorumOf(n: number, least: number): QuorumRead {
  const usual = Math.floor((n - 1) / 3);
  const f = Math.max(usual, Math.min(least, n - 1));
  const k = Math.max(0, Math.min(n === 3 ? 1 : usual, Math.floor((n - f - 1) / 2)));
  return { n, f, k, q: Math.floor((n + f) / 2) + 1, fast: Math.floor((n + 2 * f + k) / 2) + 1 };
}

// 13. Updates

interface Person {
  readonly key: Buffer;
  readonly nonce: Buffer;
  readonly address: string;
}

export type OperationRead =
  | { readonly type: 'accuse'; readonly evidence: Buffer }
  | { readonly type: 'illegal'; readonly round: number; readonly seat: number; readonly vote: Buffer }
  | { readonly type: 'late'; readonly round: number; readonly seat: number }
  | { readonly type: 'leave' }
  | (Person & { readonly type: 'sponsor'; readonly signature: Buffer });

export interface UpdateRead {
  readonly report: { readonly lateness: number; readonly lag: number } | null;
  readonly operations: readonly OperationRead[];
  /** Null for none. */
  readonly input: Buffer | null;
}

function readSeatOf(input: Cursor): { round: number; seat: number } {
  const [round, seat] = [input.uint(4), input.uint(1)];
  must(seat < 16, 'update');
  return { round, seat };
}

function readOperation(input: Cursor): OperationRead {
  const tag = input.uint(1);
  must(tag >= 1 && tag <= 5, 'update');
  if (tag === 1) return { type: 'accuse', evidence: input.take(input.uint(2)) };
  if (tag === 2) return { type: 'illegal', ...readSeatOf(input), vote: input.take(input.uint(2)) };
  if (tag === 3) return { type: 'late', ...readSeatOf(input) };
  if (tag === 4) return { type: 'leave' };
  const [key, nonce] = [input.take(32), input.take(16)];
  const address = input.take(input.uint(1));
  const speakable = address.length >= 1 && address.length <= 64;
  must(speakable && address.every((byte) => byte >= 33 && byte <= 126), 'update');
  return { type: 'sponsor', key, nonce, address: address.toString('latin1'), signature: input.take(64) };
}

export function readUpdate(bytes: Uint8Array): UpdateRead {
  if (bytes.length === 0) return { report: null, operations: [], input: null };
  must(bytes.length <= 800, 'update');
  const reader = new Cursor(bytes);
  const head = reader.uint(1);
  must((head & 127) <= 32 && (head !== 0 || bytes.length > 1), 'update');
  let update: UpdateRead | null = null;
  const cut = deviationOf(() => {
    const report = head > 127 ? { lateness: reader.uint(2), lag: reader.uint(2) } : null;
    const operations = Array.from({ length: head & 127 }, () => readOperation(reader));
    const rest = reader.take(bytes.length - reader.at);
    update = { report, operations, input: rest.length === 0 ? null : rest };
  });
  must(cut === null && update !== null, 'update');
  const { operations, input } = update as unknown as UpdateRead;
  must(operations.filter(({ type }) => type !== 'late' && type !== 'leave').length <= 3, 'update');
  must((input?.length ?? 0) <= 512, 'update');
  return update as unknown as UpdateRead;
}

export function joinMessage(session: Uint8Array, { key, nonce, address }: Person): Buffer {
  const where = Buffer.from(address, 'latin1');
  return joined(prefix('fairstep/join'), u8(1), session, key, nonce, u8(where.length), where);
}
