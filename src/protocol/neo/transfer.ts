/**
 * How a snapshot travels: the newcomer asks one member for parts, the member sends chunks, both outside of
 * signatures. A question names the snapshot by its round (0: the newest there is), and up to 32 of its parts.
 *
 *   query = ["snapshot", round, from, wanted]   part from + i is wanted where bit i of `wanted` is set
 */

import type { Round } from '../../base/ids.ts';
import { CHUNK_BYTES_MAX, QUERY_BYTES_MAX, ROUND_MAX } from '../../wire/limits.ts';
import { decodePlain, encodePlain, type Plain } from '../../wire/plain.ts';
import type { ChunkItem } from '../../wire/rounds-item.ts';
import { SNAPSHOT_BYTES_MAX } from './snapshot.ts';

/** Parts that one question asks for. */
export const PARTS_ASKED = 32;

/** Parts of the largest snapshot. */
export const PARTS_MAX: number = Math.ceil(SNAPSHOT_BYTES_MAX / CHUNK_BYTES_MAX);

export interface PartsQuery {
  readonly round: Round;
  readonly from: number;
  /** Bits, unsigned 32. */
  readonly wanted: number;
}

export function encodePartsQuery({ from, round, wanted }: PartsQuery): Uint8Array {
  return encodePlain(['snapshot', round, from, wanted]);
}

function isNatural(value: Plain | undefined, max: number): value is number {
  return typeof value === 'number' && value >= 0 && value <= max;
}

/** The question of bytes of anyone, or null. Never throws. */
export function decodePartsQuery(bytes: Uint8Array): PartsQuery | null {
  const decoded = bytes.length <= QUERY_BYTES_MAX ? decodePlain(bytes) : null;
  if (!decoded?.ok || !Array.isArray(decoded.value) || decoded.value.length !== 4) return null;
  const [name, round, from, wanted] = decoded.value as readonly (Plain | undefined)[];
  if (name !== 'snapshot' || !isNatural(round, ROUND_MAX)) return null;
  if (!isNatural(from, PARTS_MAX) || !isNatural(wanted, 0xffffffff)) return null;
  return { round, from, wanted };
}

/** The parts of a snapshot that a question wants, as far as there are such. */
export function chunksOf(
  round: Round,
  bytes: Uint8Array,
  { from, wanted }: PartsQuery,
): readonly ChunkItem[] {
  const count = Math.ceil(bytes.length / CHUNK_BYTES_MAX);
  const chunks: ChunkItem[] = [];
  for (let bit = 0; bit < PARTS_ASKED; bit++) {
    const index = from + bit;
    if (((wanted >>> bit) & 1) === 0 || index >= count) continue;
    const part = bytes.subarray(index * CHUNK_BYTES_MAX, (index + 1) * CHUNK_BYTES_MAX);
    chunks.push({ type: 'chunk', transfer: round, index, count, bytes: part });
  }
  return chunks;
}
