import { describe, expect, it, vi } from 'vitest';
import type { Identity } from '../../src/client/identity.ts';
import { keyring as noble } from '../../src/keyring/noble.ts';
import { keyring as sodium } from '../../src/keyring/sodium.ts';
import { keyring as webcrypto } from '../../src/keyring/webcrypto.ts';
import type { LogFactory } from '../../src/log/log.ts';
import { memoryLog } from '../../src/log/memory.ts';
import { verifyEvidence } from '../../src/protocol/evidence.ts';
import { cheats } from '../../src/sim/cheats.ts';
import { memoryNetwork } from '../../src/transport/memory.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { udp } from '../../src/transport/udp.ts';
import { heard, type Live, party, play, reaches, same, seated, sit, sum } from './party.ts';

describe('players advance together to equal states', () => {
  it('four of them', async () => {
    const sessions = await seated(4);
    same(await play(sessions, 30));
    expect(sessions.map(({ seat }) => seat)).toEqual([0, 1, 2, 3]);
    for (const session of sessions)
      expect(session).toMatchObject({ status: 'running', state: { total: expect.any(Number) } });
  });

  it('under 20 % loss', async () => {
    same(await play(await seated(3, undefined, await party(3, memoryNetwork({ seed: 7, loss: 0.2 }))), 15));
  });

  it.each([webcrypto, sodium, noble])('with the keyring $name', async (keyring) => {
    const sessions = await seated(3, undefined, await party(3, undefined, keyring));
    same(await play(sessions, 12));
    expect(sessions[0]?.stats().keyring).toBe(keyring.name);
  });

  it('each with another keyring', async () => {
    const keyrings = [webcrypto, sodium, noble, undefined];
    same(await play(await seated(4, (index) => (keyrings[index] ? { keyring: keyrings[index] } : {})), 10));
  });

  it('four over UDP on loopback, a hundred rounds', async () => {
    const transports = await Promise.all([0, 1, 2, 3].map(() => udp()));
    const people = await party(4);
    const players = people.players.map(({ publicKey }, index) => ({
      publicKey,
      address: (transports[index] as Transport).address,
    }));
    const sessions = await seated(
      4,
      (index) => ({ transport: transports[index] as Transport, players }),
      people,
    );
    same(await play(sessions, 100));
    for (const session of sessions)
      expect(session.stats()).toMatchObject({
        epoch: 0,
        refused: expect.not.objectContaining({ signature: expect.anything() }),
      });
  });
});

describe('submit', () => {
  it('names the path of what is no plain data, and the session goes on', async () => {
    const [session] = await seated(2);
    expect(() => session?.submit({ moves: [1, undefined] } as never)).toThrow(
      /moves\[1\]: undefined is not plain data/,
    );
    expect(session?.submit(3)).toBe(true);
  });

  it('null is no input; of several the last counts; after leaving it is false', async () => {
    const sessions = await seated(2);
    const [a, b] = sessions as [Live, Live];
    const first = new Promise((resolve) => a.on('advance', resolve));
    for (const input of [1, 2, null, 4]) a.submit(input);
    b.submit(null);
    await Promise.all(sessions.map((session) => session.start()));
    expect(await first).toMatchObject({ round: 1, inputs: [4, null] });
    await a.leave();
    expect(a.submit(1)).toBe(false);
  });
});

describe('leave', () => {
  it('closes transport and log, and leaves no timer behind', async () => {
    const people = await party(3);
    const timers = new Set<unknown>();
    const set = globalThis.setTimeout;
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((
      run: (...args: unknown[]) => void,
      ms?: number,
      ...args: unknown[]
    ) => {
      const timer = set(() => {
        timers.delete(timer);
        run(...args);
      }, ms);
      if (new Error('here').stack?.includes('/src/client/')) timers.add(timer);
      return timer;
    }) as never);
    const clear = globalThis.clearTimeout;
    vi.spyOn(globalThis, 'clearTimeout').mockImplementation(((timer: never) => {
      timers.delete(timer);
      clear(timer);
    }) as never);
    const closed: string[] = [];
    const noting = <T extends { close(): Promise<void> }>(name: string, it: T): T => ({
      ...it,
      close: () => {
        closed.push(name);
        return it.close();
      },
    });
    const logs = [0, 1, 2].map((): LogFactory => async () => noting('log', await memoryLog()()));
    const sessions = await seated(
      3,
      (index) => ({
        log: logs[index] as LogFactory,
        transport: noting('transport', people.network.transport(`p${index}`)),
      }),
      people,
    );
    await play(sessions, 5);
    expect(timers.size).toBeGreaterThan(0);
    await Promise.all(sessions.map((session) => session.leave()));
    expect(closed.sort()).toEqual(['log', 'log', 'log', 'transport', 'transport', 'transport']);
    expect(timers.size).toBe(0);
    for (const session of sessions) expect(session.status).toBe('ended');
  });

  it('twice, also at once, is once', async () => {
    const sessions = await seated(2);
    await play(sessions, 3);
    const [session] = sessions as [Live];
    await Promise.all([session.leave(), session.leave()]);
    await session.leave();
  });

  it('before the start closes everything, and the address is free again', async () => {
    const people = await party(2);
    await (await sit(people.options(0))).leave();
    expect(people.network.transport('p0').address).toBe('p0');
  });

  it('the others are told, and go on', async () => {
    const sessions = await seated(3);
    await play(sessions, 3);
    const [a, b, c] = sessions as [Live, Live, Live];
    const status = new Promise((resolve) =>
      a.on('player', (event) => event.status === 'left' && resolve(event)),
    );
    await c.leave();
    expect(await status).toEqual({ player: 2, status: 'left' });
    await Promise.all([a, b].map((session) => reaches(session, session.round + 5)));
  });
});

describe('a player that keeps all waiting', () => {
  it('is told in a stall, and removed when all others wish it', async () => {
    const sessions = await seated(3);
    await play(sessions, 2);
    const [a, b, c] = sessions as [Live, Live, Live];
    const stalls = [a, b].map((session) => heard(session, 'stall'));
    c.on('advance', () => {});
    const silent = vi.spyOn(c, 'submit').mockReturnValue(true);
    expect(await Promise.all(stalls)).toMatchObject([{ waitingFor: [2] }, { waitingFor: [2] }]);
    expect(a.status).toBe('stalled');
    const ended = heard(c, 'end');
    for (const session of [a, b]) session.remove(2);
    expect(await ended).toEqual({ reason: 'expelled' });
    await Promise.all([a, b].map((session) => reaches(session, session.round + 3)));
    expect(a.status).toBe('running');
    silent.mockRestore();
  });

  it("remove names a seat that is nobody's, and does nothing before the match", async () => {
    const [session] = await seated(2);
    for (const seat of [-1, 2, 0.5, session?.seat, '1'])
      expect(() => session?.remove(seat as number)).toThrow(
        /^remove: player must be the seat of another player/,
      );
    session?.remove(1);
    expect(session?.stats()).toMatchObject({ datagramsOut: 0, signed: 0 });
  });
});

describe('a liar', () => {
  it('is convicted before everybody by the evidence that the others are given', async () => {
    const people = await party(3);
    const inner = people.network.transport('p2');
    const run = cheats.inconsistency({ fromRound: 3, input: sum.encodeInput(77) }).begin({
      seat: 2,
      keys: people.players.map(({ publicKey }) => publicKey),
      random: () => 0,
      sign: (message) => (people.identities[2] as Identity).sign(message) as Uint8Array,
    });
    const transport: Transport = {
      ...inner,
      send: (to, datagram) => {
        for (const [seat, bytes] of run.outgoing(Number(to.slice(1)), datagram))
          inner.send(`p${seat}`, bytes);
      },
      receive: (handler) =>
        inner.receive((from, datagram) => {
          for (const [seat, bytes] of run.incoming(Number(from.slice(1)), datagram))
            handler(`p${seat}`, bytes);
        }),
    };
    const sessions = await seated(3, (index) => (index === 2 ? { transport } : {}), people);
    const found = sessions
      .slice(0, 2)
      .map((session) => heard(session, 'cheat') as Promise<{ evidence: Uint8Array }>);
    await play(
      sessions
        .slice(0, 2)
        .concat(sessions[2] as Live)
        .slice(0, 3),
      1,
    );
    for (const event of await Promise.all(found)) {
      expect(event).toMatchObject({ player: 2, kind: 'inconsistency' });
      expect(verifyEvidence(event.evidence)?.guilty).toEqual(people.identities[2]?.publicKey);
    }
    await Promise.all(sessions.slice(0, 2).map((session) => reaches(session, 8)));
  });
});
