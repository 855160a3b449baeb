import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { DgramAsPromised } from 'dgram-as-promised';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type UdpOptions, type UdpTransport, udp } from '../../src/transport/udp.ts';
import { arrivals, counting } from './arrivals.ts';

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);

let opened: UdpTransport[] = [];

async function open(options?: UdpOptions): Promise<UdpTransport> {
  const transport = await udp(options);
  opened.push(transport);
  return transport;
}

function portOf(transport: UdpTransport): number {
  return Number(transport.address.slice(transport.address.lastIndexOf(':') + 1));
}

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(opened.map((transport) => transport.close()));
  opened = [];
});

describe('udp', () => {
  it('takes a free port of this machine alone by default, and the port that is asked for', async () => {
    const a = await open();
    expect(a.address).toMatch(/^127\.0\.0\.1:\d+$/);
    const port = portOf(a);
    await a.close();
    expect((await open({ port })).address).toBe(`127.0.0.1:${port}`);
  });

  it('says which port is in use, and what to do', async () => {
    const port = portOf(await open());
    await expect(udp({ port })).rejects.toThrow(
      `udp: port ${port} on 127.0.0.1 is in use; stop what uses it, or choose another port ` +
        '(0 takes a free one)',
    );
  });

  it('says when the machine has no such address', async () => {
    await expect(udp({ host: '192.0.2.77' })).rejects.toThrow(
      /udp: port 0 on 192\.0\.2\.77 cannot be opened: this/,
    );
  });

  it('refuses bad options by name', async () => {
    for (const port of [-1, 65536, 1.5, Number.NaN, '7001' as unknown as number]) {
      await expect(udp({ port })).rejects.toThrow(/udp: port must be an integer/);
    }
    for (const host of ['localhost', '', '127.0.0.1:7001', '[::1]', 5 as unknown as string]) {
      await expect(udp({ host })).rejects.toThrow(/udp: host must be a numeric/);
    }
    for (const recvBufferBytes of [0, -1, 0.5, 2 ** 31]) {
      await expect(udp({ recvBufferBytes })).rejects.toThrow(/udp: recvBufferBytes must be/);
    }
  });

  it('says what an address looks like, and that names must be resolved first', async () => {
    const a = await open();
    expect(() => a.canonical('example.org:7001')).toThrow(
      '"example.org:7001" is not a UDP address: an address looks like \'203.0.113.7:7001\' or ' +
        "'[2001:db8::7]:7001', with a port of 1 to 65535; resolve a host name to numbers first (dns.lookup)",
    );
  });

  it('has one spelling for each IPv4 address', async () => {
    const a = await open();
    expect(a.canonical('127.0.0.1:07001')).toBe('127.0.0.1:7001');
    expect(a.canonical('[::ffff:127.0.0.1]:7001')).toBe('127.0.0.1:7001');
    expect(a.canonical('[::FFFF:7f00:1]:7001')).toBe('127.0.0.1:7001');
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 1, max: 65535 }), (host, port) => {
        expect(a.canonical(`${host}:${port}`)).toBe(`${host}:${port}`);
      }),
    );
    expect(() => a.canonical('[::1]:7001')).toThrow(/cannot reach IPv6 address \[::1\]:7001, .*host: '::'/);
  });

  it('opens on every address of the machine, and is reached at each', async () => {
    const [a, b] = [await open({ host: '0.0.0.0' }), await open()];
    expect(a.address).toMatch(/^0\.0\.0\.0:\d+$/);
    const [atA, atB] = [arrivals(a), arrivals(b)];
    b.send(`127.0.0.1:${portOf(a)}`, counting(3));
    expect((await atA.reach(1))[0]?.from).toBe(b.address);
    a.send(b.address, counting(4));
    expect((await atB.reach(1))[0]?.from).toBe(`127.0.0.1:${portOf(a)}`);
  });

  it('counts what the system refuses to send, and goes on', async () => {
    const a = await open();
    const atA = arrivals(a);
    expect(a.errors).toBe(0);
    // From the loopback address there is no way out of the machine.
    a.send('192.0.2.1:7001', counting(1));
    a.send(a.address, counting(2));
    await atA.reach(1);
    expect(a.errors).toBe(1);
    for (const address of ['[::1]:7001', 'example.org:7001', '']) a.send(address, counting(1));
    expect(a.errors).toBe(4);
    a.send(a.address, counting(2));
    await atA.reach(2);
    expect(a.errors).toBe(4);
  });

  it('survives an error of the socket', async () => {
    const sockets: Socket[] = [];
    const create = DgramAsPromised.createSocket.bind(DgramAsPromised);
    vi.spyOn(DgramAsPromised, 'createSocket').mockImplementation((options: unknown) => {
      const made = create(options as Parameters<typeof create>[0]);
      sockets.push(made.socket);
      return made;
    });
    const a = await open();
    const atA = arrivals(a);
    sockets[0]?.emit('error', new Error('recvmsg ECONNREFUSED'));
    expect(a.errors).toBe(1);
    a.send(a.address, counting(2));
    expect((await atA.reach(1)).length).toBe(1);
  });

  it('sends right, however many addresses it has met', async () => {
    const a = await open();
    const atA = arrivals(a);
    for (let i = 0; i < 3000; i++) a.send(`nowhere ${i}`, counting(1));
    a.send(a.address, counting(2));
    for (let i = 0; i < 3000; i++) a.send(`nowhere ${i}`, counting(1));
    a.send(a.address, counting(3));
    expect((await atA.reach(2)).map(({ datagram }) => datagram.length)).toEqual([2, 3]);
    expect(a.errors).toBe(6000);
  });

  it('hears a plain socket, with datagrams beyond what it sends itself', async () => {
    const a = await open();
    const atA = arrivals(a);
    const plain = createSocket('udp4').bind(0, '127.0.0.1');
    await once(plain, 'listening');
    plain.send(counting(5000), portOf(a), '127.0.0.1');
    const [arrival] = await atA.reach(1);
    expect(arrival).toEqual({ from: `127.0.0.1:${plain.address().port}`, datagram: counting(5000) });
    plain.close();
    await once(plain, 'close');
  });

  it('leaves no socket behind', async () => {
    const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind === 'UDPWrap').length;
    const gone = async () => {
      while (sockets() > 0) await new Promise((resolve) => setImmediate(resolve));
    };
    await gone();
    const a = await open();
    expect(sockets()).toBe(1);
    await a.close();
    await expect(udp({ host: '192.0.2.77' })).rejects.toThrow();
    await gone();
    expect(await open({ port: portOf(a) })).toMatchObject({ address: a.address });
  });
});

describe.skipIf(!hasIPv6)('udp over IPv6', () => {
  it('has one spelling for each address, and carries datagrams', async () => {
    const [a, b] = [await open({ host: '::1' }), await open({ host: '0:0:0:0:0:0:0:1' })];
    expect(b.address).toBe(`[::1]:${portOf(b)}`);
    expect(a.canonical(`[0:0::0:1]:${portOf(b)}`)).toBe(b.address);
    expect(a.canonical('[2001:DB8::0007]:7001')).toBe('[2001:db8::7]:7001');
    expect(a.canonical('[fe80::0001%lo]:7001')).toBe('[fe80::1%lo]:7001');
    expect(() => a.canonical('127.0.0.1:7001')).toThrow(/cannot reach IPv4 address/);
    const atB = arrivals(b);
    a.send(b.address, counting(3));
    expect(await atB.reach(1)).toEqual([{ from: a.address, datagram: counting(3) }]);
  });

  it('spells every address so that spelling it again changes nothing', async () => {
    const a = await open({ host: '::' });
    fc.assert(
      fc.property(fc.ipV6(), fc.integer({ min: 1, max: 65535 }), (host, port) => {
        const once = a.canonical(`[${host}]:${port}`);
        expect(a.canonical(once)).toBe(once);
        expect(a.canonical(`[${host.toUpperCase()}]:${port}`)).toBe(once);
      }),
    );
    expect(a.canonical('[::ffff:0:0:1]:7001')).toBe('[::ffff:0:0:1]:7001');
  });

  it('reaches both kinds from the address of all', async () => {
    const [all, four, six] = [await open({ host: '::' }), await open(), await open({ host: '::1' })];
    const [atAll, atFour, atSix] = [arrivals(all), arrivals(four), arrivals(six)];
    expect(all.canonical(all.address)).toBe(`[::]:${portOf(all)}`);
    four.send(`127.0.0.1:${portOf(all)}`, counting(4));
    six.send(`[::1]:${portOf(all)}`, counting(6));
    const from = (await atAll.reach(2)).map((arrival) => arrival.from);
    expect(from.sort()).toEqual([four.address, six.address].sort());
    for (const address of from) all.send(all.canonical(address), counting(2));
    expect((await atFour.reach(1))[0]?.from).toBe(`127.0.0.1:${portOf(all)}`);
    expect((await atSix.reach(1))[0]?.from).toBe(`[::1]:${portOf(all)}`);
    expect(all.errors).toBe(0);
  });

  it('speaks plain IPv4 when its host is IPv4 inside IPv6', async () => {
    const a = await open({ host: '::ffff:127.0.0.1' });
    expect(a.address).toBe(`127.0.0.1:${portOf(a)}`);
    expect(a.canonical(a.address)).toBe(a.address);
  });
});
