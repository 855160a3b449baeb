/** Recorded messages with single bits changed: the checker names what changed, wherever it is. */

import { describe, expect, it } from 'vitest';
import type { Packet } from '../../src/wire/packet.ts';
import { deviationOf, readPacket } from './checker.ts';
import { readBundle } from './checker-datagram.ts';
import { readEvidence } from './checker-evidence.ts';
import { type Signer, sign } from './messages.ts';
import {
  bundleOf,
  commits,
  edited,
  evidence,
  opens,
  remove,
  session,
  signers,
  watcherOf,
  wish,
} from './world.ts';

const [a] = signers as [Signer];

/** What bytes of another statement may come to when they are read as lists. */
const lists: readonly string[] = ['digest-count', 'slot-order', 'optional'];

/**
 * Which deviations a flip in a region of a bundle may come to; regions in order, with their ends. The sets
 * of a standing are not signed, and what a flip makes of them may be as true as before.
 */
function regions(datagram: Uint8Array): readonly (readonly [end: number, ...names: string[]])[] {
  const [item] = readBundle(session, datagram).items;
  const { entries } = readPacket(item?.content ?? new Uint8Array(0));
  const found: [number, ...string[]][] = [
    [1, 'version'],
    [2, 'type'],
    [10, 'session-tag'],
    [16, 'standing'],
    [24, 'standing', 'none'],
    [25, 'item-type'],
    [27, 'item-length', 'item-type', 'truncated', 'trailing'],
    [28, 'sender', 'seat', 'signature'],
    [29, 'count', 'truncated', 'trailing', 'tag', 'input-length', 'entry-order', ...lists],
  ];
  let at = 29;
  for (const { key, rest, kind } of entries) {
    const layouts = [
      'tag',
      'truncated',
      'trailing',
      'input-length',
      'entry-order',
      'signature',
      'signature-rule',
      ...lists,
    ];
    found.push([at + 1, ...layouts, 'double-entry']);
    found.push([at + key.length, 'signature', 'entry-order']);
    if (kind === 'reveal') found.push([at + key.length + 2, 'input-length', 'truncated', 'trailing']);
    at += key.length + rest.length;
    found.push([at, 'signature']);
  }
  return [...found, [at + 64, 'signature', 'signature-rule']];
}

describe('a flip of any bit of a bundle', () => {
  const packets: readonly (readonly [string, Packet, readonly Packet[]])[] = [
    ['COMMIT', commits[0] as Packet, []],
    ['OPEN', opens[0] as Packet, commits],
    ['REMOVE', sign(a, remove(2)), []],
    ['WISH', sign(a, wish(0, 2)), []],
    ['LEAVE', sign(a, { kind: 'leave', epoch: 0, advanced: 0 }), []],
  ];

  it.each(packets)('with %s has its name', (_, packet, before) => {
    const datagram = bundleOf(packet);
    expect(watcherOf(...before).take(0, datagram)).toEqual([]);
    const named = regions(datagram);
    expect(named.at(-1)?.[0]).toBe(datagram.length);
    const watcher = watcherOf(...before);
    for (let at = 0; at < datagram.length; at++) {
      const [, ...names] = named.find(([end]) => at < end) as [number, ...string[]];
      for (let bit = 0; bit < 8; bit++) {
        const flipped = edited(datagram, at, (datagram[at] as number) ^ (1 << bit));
        const found = watcher.take(0, flipped);
        expect(found.length, `byte ${at} bit ${bit}`).toBeLessThanOrEqual(1);
        expect(names, `byte ${at} bit ${bit}`).toContain(found[0] ?? 'none');
      }
    }
  });
});

describe('a flip of any byte of evidence', () => {
  it('convicts nobody', () => {
    for (let at = 0; at < evidence.length; at++) {
      const changed = edited(evidence, at, (evidence[at] as number) ^ (1 << (at & 7)));
      expect(
        deviationOf(() => readEvidence(changed)),
        `byte ${at}`,
      ).not.toBeNull();
    }
  });
});
