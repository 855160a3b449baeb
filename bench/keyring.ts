/**
 * What signing and verifying costs: median microseconds for a 160-byte message, and the ratio to
 * keyring/node; then the cheap part of the rule alone. `--smoke` runs each once or twice only.
 */

import { Bench } from 'tinybench';
import { admissible } from '../src/crypto/signature.ts';
import type { Keyring } from '../src/keyring/keyring.ts';
import { keyring as noble } from '../src/keyring/noble.ts';
import { keyring as node } from '../src/keyring/node.ts';
import { keyring as sodium } from '../src/keyring/sodium.ts';
import { keyring as webcrypto } from '../src/keyring/webcrypto.ts';

const smoke = process.argv.includes('--smoke');
const bench = new Bench(smoke ? { time: 0, iterations: 2, warmup: false } : { time: 1500, warmupTime: 250 });

const keyrings: readonly Keyring[] = [node, webcrypto, sodium, noble];
const message = new Uint8Array(160).fill(7);
const { secretKey, publicKey } = await node.generate();
const signature = await node.sign(secretKey, message);

for (const keyring of keyrings) {
  bench.add(`${keyring.name} sign`, () => keyring.sign(secretKey, message));
  bench.add(`${keyring.name} verify`, () => keyring.verify(publicKey, message, signature));
}
bench.add('admissible x1000', () => {
  for (let i = 0; i < 1000; i++) if (!admissible(publicKey, signature)) throw new Error('refused');
});
await bench.run();

function medianMicroseconds(name: string): number {
  const result = bench.getTask(name)?.result;
  if (result?.state !== 'completed') throw new Error(`${name} did not complete: ${result?.state}`);
  return result.latency.p50 * 1000;
}

function cells(name: string, operation: string): string {
  const median = medianMicroseconds(`${name} ${operation}`);
  const ratio = median / medianMicroseconds(`node ${operation}`);
  return `${median.toFixed(1).padStart(9)} ${ratio.toFixed(2).padStart(6)}x`;
}

console.log('keyring     sign us   ratio  verify us   ratio');
for (const { name } of keyrings) {
  console.log(`${name.padEnd(10)}${cells(name, 'sign')}  ${cells(name, 'verify')}`);
}
console.log(`admissible alone: ${(medianMicroseconds('admissible x1000') / 1000).toFixed(3)} us`);
