import { impaired } from '../../src/transport/impaired.ts';
import { memoryNetwork } from '../../src/transport/memory.ts';
import { udp } from '../../src/transport/udp.ts';
import { transportContract } from './contract.ts';

const notUdp = [
  '',
  'localhost',
  'localhost:7001',
  'example.org:7001',
  '127.0.0.1',
  '127.0.0.1:',
  ':7001',
  '127.0.0.1:0',
  '127.0.0.1:65536',
  '127.0.0.1:-1',
  '127.0.0.1:7001 ',
  ' 127.0.0.1:7001',
  '127.0.0.1:7e3',
  '127.0.0.1:123456',
  '127.0.1:7001',
  '127.0.0.01:7001',
  '256.0.0.1:7001',
  '[127.0.0.1]:7001',
  '::1:7001',
  '[::1]',
  '[::1]7001',
  '[::1:7001',
  '[:::1]:7001',
  '[]:7001',
  'udp://127.0.0.1:7001',
  undefined,
  null,
  7001,
  {},
];

let names = 0;
const network = memoryNetwork();

transportContract({
  name: 'memory',
  open: async () => network.transport(`player ${++names}`),
  nobody: 'nobody',
  malformed: ['', undefined, null, 7001, {}],
});

transportContract({
  name: 'udp',
  open: () => udp(),
  nobody: '127.0.0.1:9',
  malformed: notUdp,
});

transportContract({
  name: 'udp, impaired but by nothing',
  open: async () => impaired(await udp()),
  nobody: '127.0.0.1:9',
  malformed: notUdp,
});

transportContract({
  name: 'udp, impaired by delay',
  open: async () => impaired(await udp(), { delayMs: 3 }),
  nobody: '127.0.0.1:9',
  malformed: notUdp,
});
