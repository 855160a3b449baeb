/**
 * Breadth-first search through every reachable global state, after the pattern of stateright. A global
 * state is one small integer for each part (here: each honest player); a move changes one part. States
 * are told apart exactly, not by a hash. The network needs no state of its own: whatever has been sent
 * may be delivered at any time, again, or never, so it is a function of what the parts have sent.
 */

/** What is explored. */
export interface Space {
  /** How many parts a state has, 1 .. 4. */
  readonly parts: number;
  readonly initial: readonly number[];
  /** Called once for each state, in breadth-first order, before its moves. */
  visit(state: readonly number[], index: number): void;
  /** Reports each move that is possible: the part, its next value, and a number that names the move. */
  moves(state: readonly number[], report: (part: number, next: number, move: number) => void): void;
}

export interface Exploration {
  /** False if it was stopped before every state had been visited. */
  readonly complete: boolean;
  readonly states: number;
  /** Moves that changed something, over all states. */
  readonly transitions: number;
  /** The moves that lead to a state, shortest way. */
  path(index: number): readonly Taken[];
}

export interface Taken {
  readonly part: number;
  readonly move: number;
  /** The part before and after the move. */
  readonly from: number;
  readonly to: number;
}

/** Numbers by number: a hash table with open addressing, since a Map of this size takes too long. */
class Table {
  #keys = new Float64Array(1 << 12).fill(-1);
  #values = new Int32Array(1 << 12);
  #count = 0;

  /** The value held for the key; if there is none, keeps `value` for it and answers -1. */
  add(key: number, value: number): number {
    if (2 * this.#count >= this.#keys.length) this.#grow();
    const at = this.#place(key);
    if (this.#keys[at] === key) return this.#values[at] as number;
    this.#keys[at] = key;
    this.#values[at] = value;
    this.#count++;
    return -1;
  }

  #place(key: number): number {
    const mask = this.#keys.length - 1;
    const mixed = Math.imul(key | 0, 0x9e3779b1) ^ Math.imul((key / 0x100000000) | 0, 0x85ebca6b);
    let at = (mixed ^ (mixed >>> 15)) & mask;
    while (this.#keys[at] !== -1 && this.#keys[at] !== key) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Float64Array(2 * keys.length).fill(-1);
    this.#values = new Int32Array(2 * keys.length);
    for (let i = 0; i < keys.length; i++) {
      if (keys[i] === -1) continue;
      const at = this.#place(keys[i] as number);
      this.#keys[at] = keys[i] as number;
      this.#values[at] = values[i] as number;
    }
  }
}

/** Every state found so far, and from which one it was first reached. */
class Found {
  count = 0;
  #keys = new Float64Array(1 << 12);
  #parents = new Int32Array(1 << 12);
  #moves = new Int32Array(1 << 12);
  readonly #table = new Table();

  add(key: number, parent: number, move: number): void {
    if (this.#table.add(key, this.count) !== -1) return;
    if (this.count === this.#keys.length) this.#grow();
    this.#keys[this.count] = key;
    this.#parents[this.count] = parent;
    this.#moves[this.count++] = move;
  }

  key(index: number): number {
    return this.#keys[index] as number;
  }

  parent(index: number): number {
    return this.#parents[index] as number;
  }

  move(index: number): number {
    return this.#moves[index] as number;
  }

  #grow(): void {
    const [keys, parents, moves] = [this.#keys, this.#parents, this.#moves];
    this.#keys = new Float64Array(2 * keys.length);
    this.#parents = new Int32Array(2 * keys.length);
    this.#moves = new Int32Array(2 * keys.length);
    this.#keys.set(keys);
    this.#parents.set(parents);
    this.#moves.set(moves);
  }
}

/** Goes through all states, or as far as `goesOn` (asked with the number of states found) lets it. */
export function explore(space: Space, goesOn: (states: number) => boolean): Exploration {
  const base = 2 ** Math.floor(52 / space.parts);
  const weights = Array.from({ length: space.parts }, (_, part) => base ** part);
  const found = new Found();
  let transitions = 0;

  function unpack(index: number): number[] {
    let rest = found.key(index);
    return weights.map(() => {
      const part = rest % base;
      rest = (rest - part) / base;
      return part;
    });
  }

  found.add(
    space.initial.reduce((key, part, i) => key + part * (weights[i] as number), 0),
    -1,
    -1,
  );
  let index = 0;
  for (; index < found.count && goesOn(found.count); index++) {
    const state = unpack(index);
    space.visit(state, index);
    const [key, parent] = [found.key(index), index];
    space.moves(state, (part, next, move) => {
      const now = state[part] as number;
      if (next === now) return;
      if (next >= base) throw new RangeError(`a part has more than ${base} values`);
      transitions++;
      found.add(key + (next - now) * (weights[part] as number), parent, move);
    });
  }

  function path(index: number): readonly Taken[] {
    const taken: Taken[] = [];
    for (let at = index; found.parent(at) >= 0; at = found.parent(at)) {
      const [after, before] = [unpack(at), unpack(found.parent(at))];
      const part = after.findIndex((value, i) => value !== before[i]);
      taken.push({ part, move: found.move(at), from: before[part] as number, to: after[part] as number });
    }
    return taken.reverse();
  }

  return { complete: index === found.count, states: found.count, transitions, path };
}
