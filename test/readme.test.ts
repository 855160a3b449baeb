import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'fairstep-readme-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Embed {
  play(meet: (me: Player) => Promise<Player[]>, path: string): Promise<{ track: number[] }>;
}

interface Player {
  publicKey: Uint8Array;
  address: string;
}

/** A meeting place for so many players. */
function lobby(size: number): (me: Player) => Promise<Player[]> {
  const here: Player[] = [];
  const waiting: ((players: Player[]) => void)[] = [];
  return (me) =>
    new Promise((resolve) => {
      here.push(me);
      waiting.push(resolve);
      if (here.length === size) for (const go of waiting) go(here);
    });
}

describe('the example of the README', () => {
  const example = readFileSync(join(root, 'examples/embed.ts'), 'utf8');

  it('is the file that is compiled, in 40 lines at most', () => {
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(`\`\`\`ts\n${example}\`\`\`\n`);
    expect(example.split('\n').length).toBeLessThanOrEqual(40);
  });

  it('runs: three players over UDP end with the same track', async () => {
    const { play } = (await import(pathToFileURL(join(root, 'dist/examples/embed.js')).href)) as Embed;
    const meet = lobby(3);
    const ends = await Promise.all([0, 1, 2].map((index) => play(meet, join(folder, `${index}.log`))));
    const [first] = ends;
    for (const end of ends) expect(end).toEqual(first);
    // Every input of a round is at most 3, and on a slow machine some come too late.
    for (const steps of first?.track ?? []) expect(steps).toBeLessThanOrEqual(30);
    expect(Math.max(...(first?.track ?? []))).toBeGreaterThan(0);
  });
});
