import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { seatOf } from '../../src/base/ids.ts';
import { eventOf, lineOf, type PlayerEvent } from '../../src/sim/player.ts';
import { TraceWriter } from '../../src/sim/trace.ts';

describe('a trace', () => {
  it('is its lines, their number, and the SHA-256 of all of them with their line feeds', () => {
    for (const count of [0, 1, 255, 256, 257, 1000]) {
      const writer = new TraceWriter(true);
      const lines = Array.from(
        { length: count },
        (_, index) => `${index * 7} ${index % 3} did ${'x'.repeat(index % 50)}`,
      );
      for (const [index] of lines.entries())
        writer.add(index * 7, seatOf(index % 3), `did ${'x'.repeat(index % 50)}`);
      const digest = createHash('sha256')
        .update(lines.map((line) => `${line}\n`).join(''))
        .digest('hex');
      expect(writer.finish()).toEqual({ length: count, digest, lines });
    }
  });

  it('need not keep its lines', () => {
    const [kept, digest] = [new TraceWriter(true), new TraceWriter(false)];
    for (const writer of [kept, digest]) for (let at = 0; at < 600; at++) writer.add(at, seatOf(1), 'tick');
    expect(digest.finish()).toEqual({ ...kept.finish(), lines: null });
  });

  it('can be finished again after more lines', () => {
    const writer = new TraceWriter(false);
    writer.add(1, seatOf(0), 'a');
    const first = writer.finish();
    expect(writer.finish()).toEqual(first);
    writer.add(2, seatOf(0), 'b');
    expect(writer.finish().length).toBe(2);
    expect(writer.finish().digest).not.toBe(first.digest);
  });
});

describe('the lines of what comes in', () => {
  const events: PlayerEvent[] = [
    { type: 'start' },
    { type: 'tick' },
    { type: 'leave' },
    { type: 'crash', kept: 3 },
    { type: 'input', input: Uint8Array.of(0, 255, 16) },
    { type: 'input', input: new Uint8Array(0) },
    { type: 'wish', target: seatOf(4) },
    { type: 'wish', target: null },
    { type: 'datagram', from: seatOf(2), datagram: Uint8Array.of(1, 2, 3) },
  ];

  it('read as what was written', () => {
    for (const event of events) expect(eventOf(lineOf(event))).toEqual(event);
    expect(new Set(events.map(lineOf)).size).toBe(events.length);
  });

  it('a line of what a player did is none of them', () => {
    for (const line of [
      'persist 00',
      'send 1 00',
      'flush',
      'crashed',
      'advance 1 00',
      'tell end left',
      '',
      '> dance',
    ]) {
      expect(eventOf(line)).toBeNull();
    }
  });
});
