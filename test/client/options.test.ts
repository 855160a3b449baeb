import { describe, expect, it } from 'vitest';
import { compareBytes, toHex } from '../../src/base/bytes.ts';
import { checkOptions } from '../../src/client/checked.ts';
import { defineGame } from '../../src/client/game.ts';
import { generateIdentity } from '../../src/client/identity.ts';
import { lockstep, type NeoOptions, neo, type SessionOptions } from '../../src/client/options.ts';
import { createSession } from '../../src/client/session.ts';
import { keyring as webcrypto } from '../../src/keyring/webcrypto.ts';
import { memoryLog } from '../../src/log/memory.ts';
import { memoryNetwork } from '../../src/transport/memory.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { udp } from '../../src/transport/udp.ts';
import { decodePlain } from '../../src/wire/plain.ts';

const network = memoryNetwork();
const [me, other, third] = await Promise.all([generateIdentity(), generateIdentity(), generateIdentity()]);
const game = defineGame<{ n: number }, number>({
  id: 'g',
  version: 1,
  init: () => ({ n: 0 }),
  step: (state) => state,
});
const transport = network.transport('me');
const players = [
  { publicKey: me.publicKey, address: 'me' },
  { publicKey: other.publicKey, address: 'other' },
];
const good: SessionOptions<{ n: number }, number> = {
  game,
  identity: me,
  players,
  transport,
  log: memoryLog(),
  protocol: lockstep(),
};

type Bad = Partial<Record<keyof SessionOptions<unknown, unknown>, unknown>>;
const but = (change: Bad) => ({ ...good, ...change }) as typeof good;
const withPlayer = (change: object) => but({ players: [players[0], { ...players[1], ...change }] });
const smallOrder = new Uint8Array(32);
const notCanonical = new Uint8Array(32).fill(255);
const seventeen = Array.from({ length: 17 }, (_, index) => ({
  publicKey: me.publicKey,
  address: `p${index}`,
}));
const long = { name: 'lockstep', parameters: { stallMs: 5000, note: 'x'.repeat(400) } };

describe('a session on bad options rejects at once, with an error that names the option', () => {
  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /options must be an object/],
    ['null', null, /options must be an object/],
    ['no game', but({ game: undefined }), /game must come from defineGame/],
    [
      'a definition instead of a game',
      but({ game: { id: 'g', version: 1 } }),
      /game must come from defineGame/,
    ],
    [
      'no identity',
      but({ identity: undefined }),
      /identity must come from generateIdentity\(\) or importIdentity/,
    ],
    [
      'an identity with a short key',
      but({ identity: { ...me, publicKey: new Uint8Array(31), sign: me.sign } }),
      /identity must come from/,
    ],
    [
      'an identity with a hexadecimal key',
      but({ identity: { publicKey: toHex(me.publicKey), sign: me.sign } }),
      /identity must come from/,
    ],
    [
      'an identity that does not sign',
      but({ identity: { publicKey: me.publicKey } }),
      /identity must come from/,
    ],
    [
      'an identity with a key of small order',
      but({ identity: { publicKey: smallOrder, sign: me.sign } }),
      /identity has a malformed public key/,
    ],
    ['no transport', but({ transport: undefined }), /transport must be a transport, such as await udp/],
    [
      'a promise of a transport',
      but({ transport: Promise.resolve(transport) }),
      /transport must be a transport, such as await udp/,
    ],
    [
      'a transport that carries too little',
      but({ transport: { ...transport, datagramBytesMax: 1199 } as Transport }),
      /transport must carry datagrams of 1200 bytes; this one carries 1199/,
    ],
    ['no log', but({ log: undefined }), /log must be a log, such as fileLog\(path\)/],
    ['a path instead of a log', but({ log: 'player.log' }), /log must be a log, such as fileLog\(path\)/],
    [
      'no protocol',
      but({ protocol: undefined }),
      /protocol must be lockstep\(\{ stallMs \}\) or neo\(\{ roundMs, \.\.\. \}\); got undefined/,
    ],
    [
      'another protocol',
      but({ protocol: { name: 'rollback', parameters: {} } }),
      /protocol must be lockstep.*got a protocol named rollback/,
    ],
    ['the function instead of the protocol', but({ protocol: lockstep }), /protocol must be lockstep/],
    ['a protocol without its parameter', but({ protocol: { name: 'lockstep', parameters: {} } }), /protocol/],
    [
      'a protocol that stalls at once',
      but({ protocol: { name: 'lockstep', parameters: { stallMs: 0 } } }),
      /stallMs/,
    ],
    [
      'a protocol that stalls in the past',
      but({ protocol: { name: 'lockstep', parameters: { stallMs: -5 } } }),
      /stallMs/,
    ],
    [
      'neo without its parameters',
      but({ protocol: { name: 'neo', parameters: {} } }),
      /protocol: roundMs must be an integer 5 \.\. 8000 \(milliseconds\); got undefined/,
    ],
    [
      'neo with parameters that do not fit one another',
      but({ protocol: { name: 'neo', parameters: { ...neo().parameters, window: 99 } } }),
      /protocol: window must be an integer 1 \.\. 32 \(rounds\); got 99/,
    ],
    ['no players', but({ players: undefined }), /players must be an array/],
    ['one player', but({ players: [players[0]] }), /players must be 2 to 16; got 1/],
    ['seventeen players', but({ players: seventeen }), /players must be 2 to 16; got 17/],
    [
      'a player that is nothing',
      but({ players: [players[0], null] }),
      /players\[1\]\.publicKey must be 32 bytes/,
    ],
    [
      'a hexadecimal key',
      withPlayer({ publicKey: toHex(other.publicKey) }),
      /players\[1\]\.publicKey must be 32 bytes/,
    ],
    [
      'a short key',
      withPlayer({ publicKey: other.publicKey.subarray(1) }),
      /players\[1\]\.publicKey must be 32 bytes/,
    ],
    [
      'a key of small order',
      withPlayer({ publicKey: smallOrder }),
      /players\[1\]\.publicKey is not a key that anybody can have made/,
    ],
    [
      'a key that is written wrongly',
      withPlayer({ publicKey: notCanonical }),
      /players\[1\]\.publicKey is not a key that anybody can have made/,
    ],
    ['no address', withPlayer({ address: undefined }), /players\[1\]\.address must be a string/],
    ['an address that the transport does not know', withPlayer({ address: '' }), /players\[1\]\.address/],
    [
      'two players of one key',
      withPlayer({ publicKey: me.publicKey }),
      new RegExp(`players holds the key ${toHex(me.publicKey).slice(0, 8)}… twice`),
    ],
    [
      'two players at one address',
      withPlayer({ address: 'me' }),
      /players has two at the address me; each needs its own/,
    ],
    [
      "somebody else's identity",
      but({ players: [players[1], { publicKey: third.publicKey, address: 'x' }] }),
      /players does not include this identity/,
    ],
    ['a time of no length', but({ handshakeMs: 0 }), /handshakeMs must be above 0/],
    ['a negative time', but({ handshakeMs: -1 }), /handshakeMs must be above 0/],
    ['a time that is no number', but({ handshakeMs: Number.NaN }), /handshakeMs must be above 0/],
    ['a time in words', but({ handshakeMs: '5000' }), /handshakeMs/],
    ['a keyring that is none', but({ keyring: {} }), /keyring/],
    [
      'more than the handshake carries',
      but({ protocol: long }),
      /game and protocol take \d+ bytes in the handshake, more than 315/,
    ],
  ])('%s', async (_what, options, text) => {
    const error = await createSession(options as typeof good).then(
      async (session) => {
        await session.leave();
        return null;
      },
      (thrown: Error) => thrown,
    );
    expect(error?.message ?? 'accepted').toMatch(text);
    expect(error?.message).toMatch(/^createSession: /);
  });

  it('an address of UDP that is a name says which one, and what to do', async () => {
    const socket = await udp();
    const named = {
      ...good,
      transport: socket,
      players: [
        { ...players[0], address: socket.address },
        { ...players[1], address: 'localhost:7001' },
      ],
    };
    const error = await createSession(named as typeof good).catch((thrown: Error) => thrown);
    await socket.close();
    expect(String(error)).toMatch(/players\[1\]\.address/);
    expect(String(error)).toMatch(/localhost:7001/);
  });

  it('nothing is opened or closed on the way', async () => {
    let opened = 0;
    const log = memoryLog();
    const counting = but({
      players: [],
      log: () => {
        opened++;
        return log();
      },
    });
    await expect(createSession(counting)).rejects.toThrow('players');
    expect(opened).toBe(0);
  });
});

describe('good options', () => {
  it('are put in the order of the seats, with addresses in their one spelling', () => {
    const spelled = { ...transport, canonical: (address: string) => address.toUpperCase() };
    const checked = checkOptions(but({ transport: spelled }));
    const seats = [...players].sort((a, b) => compareBytes(a.publicKey, b.publicKey));
    expect(checked.keys).toEqual(seats.map(({ publicKey }) => publicKey));
    expect(checked.addresses).toEqual(seats.map(({ address }) => address.toUpperCase()));
    expect(checked.me).toBe(seats.findIndex(({ address }) => address === 'me'));
    expect(checked.handshakeMs).toBe(30_000);
  });

  it('are the same in any order of players', () => {
    expect(checkOptions(but({ players: [...players].reverse() }))).toEqual(checkOptions(good));
  });

  it('what all must agree on is game and protocol, and nothing of one player alone', () => {
    const { agreement } = checkOptions(good);
    expect(decodePlain(agreement)).toEqual({
      ok: true,
      value: ['g', 1, null, 'lockstep', { stallMs: 5000 }],
    });
    expect(checkOptions(but({ handshakeMs: 7, log: memoryLog(), keyring: webcrypto })).agreement).toEqual(
      agreement,
    );
    expect(checkOptions(but({ protocol: lockstep({ stallMs: 7 }) })).agreement).not.toEqual(agreement);
  });

  it('are copied: what the caller does to the roster later changes nothing', () => {
    const key = other.publicKey;
    const given = [players[0] as never, { publicKey: key, address: 'other' }];
    const checked = checkOptions(but({ players: given }));
    key.fill(0);
    given.length = 0;
    expect(checked.keys.length).toBe(2);
    expect(checked.keys.every((each) => each.some((byte) => byte !== 0))).toBe(true);
  });

  it('Infinity is a time: for never', () => {
    expect(checkOptions(but({ handshakeMs: Number.POSITIVE_INFINITY })).handshakeMs).toBe(
      Number.POSITIVE_INFINITY,
    );
  });
});

describe('lockstep', () => {
  it('stalls after five seconds unless told', () => {
    expect(lockstep()).toEqual({ name: 'lockstep', parameters: { stallMs: 5000 } });
    expect(lockstep({ stallMs: 1 }).parameters.stallMs).toBe(1);
    expect(lockstep({ stallMs: 3_600_000 }).parameters.stallMs).toBe(3_600_000);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 3_600_001, '5000', null])(
    'refuses stallMs %s by name',
    (stallMs) => {
      expect(() => lockstep({ stallMs: stallMs as number })).toThrow(
        /^lockstep: stallMs must be an integer 1 \.\. 3600000/,
      );
    },
  );
});

describe('neo', () => {
  const { parameters } = neo();

  it('derives what is not told from the length of a round', () => {
    expect(neo()).toEqual({
      name: 'neo',
      parameters: {
        roundMs: 50,
        roundMaxMs: 200,
        arrivalMs: 100,
        arrivalMinMs: 50,
        arrivalMaxMs: 300,
        silentRounds: 40,
        window: 6,
        openMs: 3000,
        lateMs: 1500,
        stallMs: 5000,
        keepF: false,
      },
    });
    expect(neo({ roundMs: 200 }).parameters).toMatchObject({
      roundMaxMs: 800,
      arrivalMs: 400,
      arrivalMaxMs: 1200,
      lateMs: 6000,
      openMs: 12_000,
    });
    expect(neo({ roundMs: 5 }).parameters).toMatchObject({ arrivalMs: 10, arrivalMinMs: 10 });
    expect(neo({ arrivalMs: 400 }).parameters).toMatchObject({
      arrivalMaxMs: 400,
      lateMs: 2000,
      openMs: 4000,
    });
  });

  it('its parameters fit the engine, whatever the length of a round', () => {
    for (const roundMs of [5, 16, 33, 50, 100, 500, 1600, 8000]) {
      const options = checkOptions(but({ protocol: neo({ roundMs }) }));
      expect(options.agreement.length).toBeLessThanOrEqual(315);
    }
  });

  it.each<[NeoOptions, RegExp]>([
    [{ roundMs: 4 }, /^neo: roundMs must be an integer 5 \.\. 8000 \(milliseconds\); got 4$/],
    [{ roundMs: 16.7 }, /roundMs must be an integer .* got 16\.7/],
    [{ roundMs: Number.NaN }, /roundMs must be an integer/],
    [{ roundMs: '50' as never }, /roundMs must be an integer/],
    [{ roundMaxMs: 49 }, /roundMaxMs must be an integer 50 \.\. 8000/],
    [{ arrivalMs: 301, arrivalMaxMs: 300 }, /arrivalMs must be an integer 1 \.\. 300/],
    [{ arrivalMinMs: 101 }, /arrivalMinMs must be an integer 1 \.\. 100/],
    [{ arrivalMaxMs: 20_000 }, /arrivalMaxMs must be an integer 1 \.\. 8000/],
    [
      { arrivalMaxMs: 1300 },
      /arrivalMaxMs 1300 is too long for roundMs 50: .* 132 rounds to act, .*; lengthen the rounds/,
    ],
    [{ silentRounds: 32 }, /silentRounds must be an integer 33 \.\. 8000 \(rounds\); got 32/],
    [{ window: 0 }, /window must be an integer 1 \.\. 32 \(rounds\); got 0/],
    [{ window: 33 }, /window must be an integer 1 \.\. 32/],
    [{ lateMs: 1499 }, /lateMs must be an integer 1500 \.\. 999999/],
    [{ openMs: 1500 }, /openMs must be an integer 1501 \.\. 1000000/],
    [{ stallMs: 0 }, /stallMs must be an integer 1 \.\. 1000000/],
    [{ keepF: 1 as never }, /keepF must be true or false; got 1/],
    [{ roundMS: 50 } as NeoOptions, /^neo: there is no option roundMS; there are roundMs, roundMaxMs, /],
  ])('%j is refused by name', (options, text) => {
    expect(() => neo(options)).toThrow(text);
  });

  it('is agreed on in every parameter, in a handshake that has room for the longest id and rules', () => {
    const large = defineGame<{ n: number }, number>({
      id: 'x'.repeat(64),
      version: 2 ** 32 - 1,
      rules: 'r'.repeat(197),
      init: () => ({ n: 0 }),
      step: (state) => state,
    });
    const most: NeoOptions = {
      roundMs: 1000,
      roundMaxMs: 8000,
      arrivalMs: 8000,
      arrivalMinMs: 8000,
      arrivalMaxMs: 8000,
      silentRounds: 8000,
      lateMs: 999_999,
      openMs: 1_000_000,
      stallMs: 1_000_000,
      keepF: true,
    };
    const { agreement } = checkOptions(but({ game: large, protocol: neo(most) }));
    expect(agreement.length).toBeLessThanOrEqual(315);
    const plain = decodePlain(checkOptions(but({ protocol: neo() })).agreement);
    const values = [50, 200, 100, 50, 300, 40, 6, 3000, 1500, 5000, false];
    expect(plain).toEqual({ ok: true, value: ['g', 1, null, 'neo', values] });
    expect(Object.values(parameters)).toHaveLength(values.length);
  });
});
