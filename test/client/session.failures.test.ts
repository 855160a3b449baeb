/** Sessions that cannot start, break, or come back after a crash. */

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { generateIdentity } from '../../src/client/identity.ts';
import { lockstep, neo } from '../../src/client/options.ts';
import { createSession } from '../../src/client/session.ts';
import { fileLog, memoryLog } from '../../src/log/file.ts';
import type { LogFactory } from '../../src/log/log.ts';
import { memoryNetwork } from '../../src/transport/memory.ts';
import {
  closing,
  heard,
  keepPlaying,
  type Live,
  type Options,
  party,
  play,
  type Sum,
  same,
  seated,
  sit,
  sumGame,
} from './party.ts';

/** What two sessions answer that want different things; neither may wait for a time limit. */
async function differing(
  change: (index: number) => Partial<Options>,
  apartMs: number,
): Promise<readonly string[]> {
  const sessions = await seated(2, (index) => ({ handshakeMs: Number.POSITIVE_INFINITY, ...change(index) }));
  const started = sessions.map(async (session, index) => {
    if (index === 1) await new Promise((resolve) => setTimeout(resolve, apartMs));
    return session.start().then(
      () => 'began',
      ({ message }: Error) => message,
    );
  });
  return Promise.all(started);
}

describe('start rejects on both sides with what they differ in', () => {
  const other =
    (change: Parameters<typeof sumGame>[0]) =>
    (index: number): Partial<Options> =>
      index === 1 ? { game: sumGame(change) } : {};
  it.each<[string, (index: number) => Partial<Options>, RegExp]>([
    ['the game', other({ id: 'chess' }), /^start: player \d wants something else: game\.id: /],
    ['the version', other({ version: 2 }), /game\.version: [12] here, [12] there/],
    ['the rules', other({ rules: 'hard' }), /game\.rules/],
    [
      'stallMs',
      (index) => ({ protocol: lockstep({ stallMs: 300 + index }) }),
      /protocol\.parameters\.stallMs: 30[01] here, 30[01] there/,
    ],
    [
      'a parameter of neo',
      (index) => ({ protocol: neo({ roundMs: 50, stallMs: 300 + index }) }),
      /protocol\.parameters\.stallMs: 30[01] here, 30[01] there$/,
    ],
    [
      'the protocol',
      (index) => ({ protocol: index === 0 ? neo() : lockstep() }),
      /protocol\.name: "(neo|lockstep)" here, "(neo|lockstep)" there/,
    ],
  ])('%s', async (_what, change, text) => {
    for (const apart of [0, 5, 200])
      for (const message of await differing(change, apart)) expect(message).toMatch(text);
  });

  it('the roster', async () => {
    const people = await party(3);
    const options = (index: number) =>
      people.options(index, {
        players: people.players.slice(0, index === 1 ? 2 : 3),
        handshakeMs: Number.POSITIVE_INFINITY,
      });
    const sessions = await Promise.all([0, 1].map((index) => sit(options(index))));
    const messages = await Promise.all(
      sessions.map((session) => session.start().catch(({ message }: Error) => message)),
    );
    const third = toHex(people.identities[2]?.publicKey as Uint8Array).slice(0, 8);
    expect(messages[0]).toContain(`roster: ${third}… only here`);
    expect(messages[1]).toContain(`roster: ${third}… only there`);
    expect(sessions.map(({ status }) => status)).toEqual(['ended', 'ended']);
  });

  it('nobody answers: after handshakeMs, with who is missing', async () => {
    const people = await party(2);
    const session = await sit(people.options(0, { handshakeMs: 100 }));
    await expect(session.start()).rejects.toThrow(/^start: player 1 \(.*\) has not answered$/);
  });

  it('a second start, and a session that was left', async () => {
    const people = await party(2);
    const session = await sit(people.options(0));
    const start = session.start();
    await expect(session.start()).rejects.toThrow('the session has been started before');
    const left = expect(start).rejects.toThrow('the session was left before the match began');
    await session.leave();
    await left;
  });
});

describe('errors of the game', () => {
  it('a step that throws ends the session with error, and leave still works', async () => {
    const broken = sumGame({
      step: () => {
        throw new Error('in step');
      },
    });
    const sessions = await seated(2, () => ({ game: broken }));
    const errors = sessions.map((session) => heard(session, 'error') as Promise<Error>);
    for (const session of sessions) session.submit(1);
    await Promise.all(sessions.map((session) => session.start()));
    for (const error of await Promise.all(errors)) expect(error.message).toContain('in step');
    expect(sessions.map(({ status }) => status)).toEqual(['ended', 'ended']);
    expect(sessions[0]?.submit(1)).toBe(false);
  });

  it('what a listener throws surfaces, and the round goes on', async () => {
    const surfaced: (() => void)[] = [];
    vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((task) => {
      surfaced.push(task);
    });
    const sessions = await seated(2);
    sessions[0]?.on('advance', () => {
      throw new Error('in a listener');
    });
    same(await play(sessions, 5));
    expect(surfaced.length).toBeGreaterThanOrEqual(5);
    expect(surfaced[0]).toThrow('in a listener');
  });

  it('a game that is not the same everywhere is told as desync, and accuses nobody', async () => {
    const sessions = await seated(3, (index) => ({
      game: sumGame({ step: ({ total }) => ({ total: total + (index === 1 ? 2 : 1), drawn: 0 }) }),
    }));
    const desyncs = sessions.map((session) => heard(session, 'desync'));
    for (const session of sessions) keepPlaying(session);
    await Promise.all(sessions.map((session) => session.start()));
    expect(await Promise.all(desyncs)).toMatchObject([
      { round: 1, players: [1] },
      { round: 1, players: [0, 2] },
      { round: 1, players: [1] },
    ]);
  });

  it('a log that cannot be written ends the session with error', async () => {
    const full: LogFactory = async () => ({
      ...(await memoryLog()()),
      flush: () => {
        throw new Error('the disk is full');
      },
    });
    const [session] = await seated(2, (index) => (index === 0 ? { log: full } : {}));
    await expect(session?.start()).rejects.toThrow('the disk is full');
    expect(session?.status).toBe('ended');
  });
});

describe('a crash in mid-match', () => {
  /** A copy of a file log as it is on the disk now: what would be left if the process died here. */
  function salvage(path: string, to: string): LogFactory {
    for (const end of ['', '.boot']) copyFileSync(`${path}${end}`, `${to}${end}`);
    return fileLog(to);
  }

  /** Two players with logs in files, some rounds in; the first is cut off without a word, its log kept. */
  async function crashed() {
    const folder = mkdtempSync(join(tmpdir(), 'fairstep-session-'));
    closing.push(() => rmSync(folder, { recursive: true, force: true }));
    const people = await party(2);
    const path = (index: number) => join(folder, `player${index}.log`);
    const wire = people.network.transport('p0');
    const sessions = await seated(
      2,
      (index) => ({ log: fileLog(path(index)), ...(index === 0 ? { transport: wire } : {}) }),
      people,
    );
    await play(sessions, 6);
    const [a, b] = sessions as [Live, Live];
    const log = salvage(path(0), join(folder, 'again.log'));
    const left = {
      log,
      round: a.round,
      hash: toHex(a.stateHash as Uint8Array),
      state: { ...(a.state as Sum) },
    };
    void wire.close();
    return { b, folder, people, left };
  }

  it('a session made anew from the log has state and round again, and play goes on', async () => {
    const { b, people, left } = await crashed();
    await heard(b, 'stall');
    const again = await sit(people.options(0, { log: left.log }));
    expect([again.round, again.state]).toEqual([0, null]);
    const rounds: number[] = [];
    again.on('advance', ({ round }) => rounds.push(round));
    await again.start();
    expect(again).toMatchObject({ round: left.round, state: left.state });
    expect(toHex(again.stateHash as Uint8Array)).toBe(left.hash);
    expect(rounds, 'rounds that were told before are not told again').toEqual([]);
    const later = left.round + 5;
    const both = [again, b].map(
      (session) =>
        new Promise((resolve) =>
          session.on('final', ({ round, stateHash }) => round === later && resolve(toHex(stateHash))),
        ),
    );
    keepPlaying(again);
    const [mine, theirs] = await Promise.all(both);
    expect(mine).toBe(theirs);
    expect(rounds.slice(0, 5)).toEqual([1, 2, 3, 4, 5].map((each) => left.round + each));
  });

  it('the log of another match, or of another player, is refused by name', async () => {
    const { folder, people } = await crashed();
    const copy = (name: string) => salvage(join(folder, 'player1.log'), join(folder, name));
    const net = memoryNetwork();
    closing.push(() => net.close());
    const open = (index: number, change: Partial<Options>) =>
      createSession(people.options(index, { transport: net.transport(`p${Math.random()}`), ...change })).then(
        () => 'taken',
        ({ message }: Error) => message,
      );
    expect(await open(1, { log: copy('a.log'), game: sumGame({ version: 2 }) })).toMatch(
      /a\.log holds an unfinished match of another game/,
    );
    expect(await open(0, { log: copy('b.log') })).toMatch(
      /b\.log holds an unfinished match of another player/,
    );
    const stranger = await generateIdentity();
    const players = [...people.players, { publicKey: stranger.publicKey, address: 'px' }];
    expect(await open(1, { log: copy('c.log'), players })).toMatch(/c\.log holds an unfinished match of/);
  });
});
