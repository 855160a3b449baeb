import { describe, expect, it } from 'vitest';
import { keyring } from '../../src/keyring/node.ts';
import { latencyProfile } from '../../src/sim/simulator.ts';
import { sum } from './games.ts';

describe.each([4, 6])('%i players, in one-way delays', (players) => {
  it('advance after 2 and final at 3 when all is well', () => {
    const { advance, final } = latencyProfile(sum, keyring, 'good', players);
    expect(advance).toEqual({ least: 2, median: 2, most: 2 });
    expect(final).toEqual({ least: 3, median: 3, most: 3 });
  });

  it('one more of each while one player is gone', () => {
    const { advance, final } = latencyProfile(sum, keyring, 'crashed', players);
    expect(advance.most).toBeLessThan(3.1);
    expect(final.most).toBeLessThan(4.1);
  });

  it('a lost vote delays only the player that lacks it', () => {
    const { advance, final } = latencyProfile(sum, keyring, 'lost vote', players);
    expect(advance.median).toBe(2);
    expect(final.median).toBe(3);
    expect(advance.most).toBeGreaterThan(2);
  });

  it('an even split takes a change of views', () => {
    const split = latencyProfile(sum, keyring, 'split', players);
    const lost = latencyProfile(sum, keyring, 'lost commitment', players);
    expect(lost.advance.median).toBeGreaterThan(2);
    expect(split.advance.median).toBeGreaterThan(lost.advance.median);
  });
});
