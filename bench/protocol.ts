/** Floor 3: a step of the session and of the machine, over what really came in; and opening datagrams. */

import { seatOf } from '../src/base/ids.ts';
import { type LockstepEvent, stepLockstep } from '../src/protocol/lockstep.ts';
import { open } from '../src/protocol/lockstep-open.ts';
import type { Lockstep } from '../src/protocol/lockstep-state.ts';
import { step } from '../src/protocol/session.ts';
import { median, type Row, type Work } from './measure.ts';
import type { Received, Recorded, Recording } from './recording.ts';

interface Stepped {
  readonly kind: string;
  run(): unknown;
}

/** Median microseconds over all events, each timed by itself some times over. */
function timed(events: readonly Stepped[], passes: number): Map<string, number[]> {
  const times = events.map((): number[] => []);
  for (let pass = 0; pass < passes; pass++) {
    for (const [index, { run }] of events.entries()) {
      const started = performance.now();
      run();
      times[index]?.push((performance.now() - started) * 1000);
    }
  }
  const byKind = new Map<string, number[]>([['all', []]]);
  for (const [index, { kind }] of events.entries()) {
    const micros = median((times[index] as number[]).slice(passes >> 1));
    byKind.get('all')?.push(micros);
    byKind.set(kind, [...(byKind.get(kind) ?? []), micros]);
  }
  return byKind;
}

function rows(name: string, byKind: ReadonlyMap<string, readonly number[]>): readonly Row[] {
  return [...byKind].map(([kind, times]) => ({
    name: kind === 'all' ? `${name}, median of all ${times.length} events` : `${name}, ${kind}`,
    micros: median(times),
    budget: kind === 'all' ? 5 : null,
  }));
}

/** What the lockstep machine gets to see of the events of a session, with the state it was in. */
function machineEvents(events: readonly Recorded[]): readonly Stepped[] {
  return events.flatMap(({ event, session }): Stepped[] => {
    let lockstep = session.lockstep as Lockstep;
    const inner: LockstepEvent[] = [];
    if (event.type === 'input') inner.push({ type: 'input', input: event.input });
    if (event.type === 'signed' && 'entries' in event.value)
      inner.push({ type: 'packet', packet: event.value });
    if (event.type === 'bundle') {
      for (const packet of event.packets) inner.push({ type: 'packet', packet });
    }
    return inner.map((each) => {
      const before = lockstep;
      [lockstep] = stepLockstep(before, each);
      const kind =
        lockstep.round > before.round
          ? 'that advances'
          : lockstep.ownSet !== before.ownSet
            ? 'that opens'
            : each.type;
      return { kind, run: () => stepLockstep(before, each) };
    });
  });
}

/** Steps of one player over a recorded match. */
export function stepRows(players: number, { events }: Recording, passes: number): readonly Row[] {
  const steps = events.map(({ event, session }) => ({ kind: event.type, run: () => step(session, event) }));
  return [
    ...rows(`n = ${players}: session step`, timed(steps, passes)),
    ...rows(`n = ${players}: machine step`, timed(machineEvents(events), passes)),
  ];
}

/** Datagrams that were received, and such as anybody may send. */
export function openWorks({ received }: Recording): readonly Work[] {
  const carrying = received.filter(
    ({ datagram, from, session }) => open(session, seatOf(from), datagram).packets.length > 0,
  );
  const [valid] = carrying.slice(carrying.length >> 1);
  const last = received.at(-1);
  if (valid === undefined || last === undefined)
    throw new Error('the recorded match has no datagrams with packets');
  const { datagram, from, session } = valid;
  const opening =
    (bytes: Uint8Array, to: Received = valid) =>
    (): void => {
      for (let i = 0; i < 10; i++) open(to.session, seatOf(from), bytes);
    };
  const junk = Uint8Array.from({ length: 200 }, (_, index) => (index * 89) % 256);
  const forged = datagram.slice();
  forged.fill(0x55, 30);
  const changed = datagram.slice();
  changed.set([(changed.at(-1) as number) ^ 1], changed.length - 1);
  if (open(session, seatOf(from), changed).packets.length === 0) throw new Error('a changed signature opens');
  return [
    { name: 'open a datagram with a packet that is wanted', times: 10, run: opening(datagram) },
    {
      name: 'open a datagram with a forged signature (verifying it costs more)',
      times: 10,
      run: opening(changed),
    },
    { name: 'open a datagram of an old round', times: 10, run: opening(datagram, last) },
    { name: 'open a datagram of this session with junk in it', times: 10, run: opening(forged) },
    { name: 'open 200 bytes of junk', times: 10, run: opening(junk) },
  ];
}
