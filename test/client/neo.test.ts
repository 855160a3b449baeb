/** Sessions that play neo: over memory and UDP, with players that crash, come back, fall silent and leave. */

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { type NeoOptions, neo } from '../../src/client/options.ts';
import { fileLog } from '../../src/log/file.ts';
import type { LogFactory } from '../../src/log/log.ts';
import { memoryNetwork } from '../../src/transport/memory.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { udp } from '../../src/transport/udp.ts';
import {
  closing,
  heard,
  keepPlaying,
  type Live,
  type Options,
  type Party,
  party,
  play,
  reaches,
  same,
  seated,
  sit,
} from './party.ts';

const quick: NeoOptions = { roundMs: 20, stallMs: 500 };

/** Sessions that play neo; `change` is per player. */
function neoSeated(
  count: number,
  change: (index: number) => Partial<Options> = () => ({}),
  of?: Party,
  options: NeoOptions = quick,
): Promise<Live[]> {
  return seated(count, (index) => ({ protocol: neo(options), ...change(index) }), of);
}

/** The digest after exactly that round; rejects with what ends the session. */
function digestAt(session: Live, wanted: number): Promise<string> {
  return new Promise((resolve, reject) => {
    session.on('error', reject);
    session.on('end', ({ reason }) => reject(new Error(`ended: ${reason}`)));
    session.on('final', ({ round, stateHash }) => round === wanted && resolve(toHex(stateHash)));
  });
}

/** Resolves when that player is told to have one of these statuses. */
function becomes(session: Live, player: number, ...statuses: readonly string[]): Promise<void> {
  return new Promise((resolve) =>
    session.on('player', (event) => {
      if (event.player === player && statuses.includes(event.status)) resolve();
    }),
  );
}

/** Resolves with the number of the first round that is final from now on. */
function nextFinal(session: Live): Promise<number> {
  return new Promise((resolve) => session.on('final', ({ round }) => resolve(round)));
}

async function start(sessions: readonly Live[]): Promise<void> {
  for (const session of sessions) keepPlaying(session);
  await Promise.all(sessions.map((session) => session.start()));
}

describe('players that play neo agree on every final state', () => {
  it('four over memory, 60 rounds', async () => {
    const sessions = await neoSeated(4);
    const digests = sessions.map((session) => digestAt(session, 60));
    await start(sessions);
    same(await Promise.all(digests));
    for (const session of sessions) {
      const stats = session.stats();
      expect(stats).toMatchObject({ protocol: 'neo', epoch: 0 });
      expect(stats.finalMs?.p50).toBeGreaterThanOrEqual(stats.advanceMs?.p50 as number);
      expect(stats.newest.length).toBeGreaterThan(0);
    }
  });

  it('four over UDP on loopback, 60 rounds', async () => {
    const transports = await Promise.all([0, 1, 2, 3].map(() => udp()));
    const people = await party(4);
    const players = people.players.map(({ publicKey }, index) => ({
      publicKey,
      address: (transports[index] as Transport).address,
    }));
    const seat = (index: number) => ({ transport: transports[index] as Transport, players });
    const sessions = await neoSeated(4, seat, people);
    const digests = sessions.map((session) => digestAt(session, 60));
    await start(sessions);
    same(await Promise.all(digests));
    for (const session of sessions) expect(session.stats().refused).not.toHaveProperty('signature');
  });

  it('three under 20 % loss', async () => {
    const people = await party(3, memoryNetwork({ seed: 7, loss: 0.2 }));
    const sessions = await neoSeated(3, undefined, people);
    const digests = sessions.map((session) => digestAt(session, 40));
    await start(sessions);
    same(await Promise.all(digests));
  });

  it('every final round was played before, in order, and round 1 with what was submitted last', async () => {
    const sessions = await neoSeated(2);
    const [a, b] = sessions as [Live, Live];
    const told: string[] = [];
    a.on('advance', ({ round }) => told.push(`advance ${round}`));
    a.on('final', ({ round }) => told.push(`final ${round}`));
    const first = new Promise((resolve) => a.on('advance', resolve));
    for (const input of [1, 2, null, 4]) a.submit(input);
    b.submit(null);
    const done = digestAt(a, 10);
    await Promise.all(sessions.map((session) => session.start()));
    expect(await first).toMatchObject({ round: 1, inputs: [4, null] });
    await done;
    const rounds = Array.from({ length: 10 }, (_, index) => index + 1);
    for (const kind of ['advance', 'final']) {
      const own = told.filter((each) => each.startsWith(kind)).slice(0, 10);
      expect(own).toEqual(rounds.map((round) => `${kind} ${round}`));
    }
    for (const round of rounds) {
      expect(told.indexOf(`advance ${round}`)).toBeLessThan(told.indexOf(`final ${round}`));
    }
  });

  it('rounds of players that submit nothing are played without input', async () => {
    const sessions = await neoSeated(3);
    const inputs: unknown[] = [];
    sessions[0]?.on('advance', (event) => inputs.push(...event.inputs));
    const digests = sessions.map((session) => digestAt(session, 15));
    await Promise.all(sessions.map((session) => session.start()));
    same(await Promise.all(digests));
    expect(new Set(inputs)).toEqual(new Set([null]));
  });
});

describe('a player that is gone', () => {
  it('is played without, and then removed', async () => {
    const people = await party(4);
    const wire = people.network.transport('p2');
    const sessions = await neoSeated(4, (index) => (index === 2 ? { transport: wire } : {}), people);
    await start(sessions);
    const rest = sessions.filter((_, seat) => seat !== 2);
    await Promise.all(rest.map((session) => reaches(session, 5)));
    await wire.close();
    await Promise.all(rest.map((session) => becomes(session, 2, 'expelled')));
    const at = Math.max(...rest.map(({ round }) => round)) + 40;
    same(await Promise.all(rest.map((session) => digestAt(session, at))));
    for (const session of rest) expect(session.stats()).toMatchObject({ epoch: 1 });
  });

  it('comes back with its log in mid-match, and agrees', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairstep-neo-'));
    closing.push(() => rmSync(folder, { recursive: true, force: true }));
    const people = await party(4);
    const wire = people.network.transport('p1');
    const path = join(folder, 'player.log');
    const own = { transport: wire, log: fileLog(path) };
    const sessions = await neoSeated(4, (index) => (index === 1 ? own : {}), people);
    await start(sessions);
    await Promise.all(sessions.map((session) => reaches(session, 10)));
    await wire.close();
    const again = join(folder, 'again.log');
    for (const end of ['', '.boot']) copyFileSync(`${path}${end}`, `${again}${end}`);
    const log: LogFactory = fileLog(again);
    const rest = sessions.filter((_, seat) => seat !== 1);
    await Promise.all(rest.map((session) => nextFinal(session)));
    const back = await sit(people.options(1, { protocol: neo(quick), log }));
    keepPlaying(back);
    const at = Math.max(...rest.map(({ round }) => round)) + 30;
    const digests = [back, ...rest].map((session) => digestAt(session, at));
    await back.start();
    expect(back.round).toBeGreaterThanOrEqual(10);
    same(await Promise.all(digests));
  });

  it('of two is told in a stall, and the game goes on alone when it says so', async () => {
    const people = await party(2);
    const wire = people.network.transport('p1');
    const sessions = await neoSeated(2, (index) => (index === 1 ? { transport: wire } : {}), people);
    await play(sessions, 3);
    const [a] = sessions as [Live];
    const stalled = heard(a, 'stall');
    await wire.close();
    expect(await stalled).toMatchObject({ waitingFor: [1], reason: 'link' });
    expect(a.status).toBe('stalled');
    const ended = heard(a, 'end');
    a.remove(1);
    expect(await ended).toEqual({ reason: 'alone' });
    expect(a.status).toBe('ended');
    expect(a.submit(1)).toBe(false);
  });

  it('of three is not removed by a wish', async () => {
    const sessions = await neoSeated(3);
    await start(sessions);
    const [a, b] = sessions as [Live, Live];
    await reaches(a, 3);
    for (const session of [a, b]) session.remove(2);
    same(await Promise.all(sessions.map((session) => digestAt(session, 60))));
  });
});

describe('leave', () => {
  it('is decided by the others too, who go on', async () => {
    const sessions = await neoSeated(4);
    await start(sessions);
    const rest = sessions.slice(0, 3);
    const last = sessions[3] as Live;
    await reaches(last, 3);
    // On a machine that is too slow for the time limit of leaving it is removed for its silence.
    const told = rest.map((session) => becomes(session, 3, 'left', 'expelled'));
    const ended = heard(last, 'end');
    await last.leave();
    expect(await ended).toEqual({ reason: 'left' });
    await Promise.all(told);
    const at = Math.max(...rest.map(({ round }) => round)) + 50;
    same(await Promise.all(rest.map((session) => digestAt(session, at))));
    for (const session of rest) expect(session.stats()).toMatchObject({ epoch: 1 });
  });

  it('of all at once resolves for all', async () => {
    const sessions = await neoSeated(3);
    await start(sessions);
    await Promise.all(sessions.map((session) => reaches(session, 3)));
    await Promise.all(sessions.map((session) => session.leave()));
    for (const session of sessions) expect(session.status).toBe('ended');
  });

  it('of one of two leaves the other alone', async () => {
    const sessions = await neoSeated(2);
    await start(sessions);
    const [a, b] = sessions as [Live, Live];
    await Promise.all(sessions.map((session) => reaches(session, 3)));
    const ended = heard(a, 'end');
    await b.leave();
    expect(await ended).toEqual({ reason: 'alone' });
  });
});
