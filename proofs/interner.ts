/** One small integer for each distinct piece of plain data, whatever objects it is made of. */

/** Data is taken as immutable: an object that was seen once is not looked into again. */
export class Interner {
  readonly #ids = new Map<string, number>();
  readonly #seen = new WeakMap<object, number>();

  /** The same number for equal data, and different ones for data that differs. Counts from 0. */
  id(value: unknown): number {
    if (typeof value !== 'object' || value === null) return this.#intern(`${typeof value} ${String(value)}`);
    const known = this.#seen.get(value);
    if (known !== undefined) return known;
    const id = this.#intern(this.#text(value));
    this.#seen.set(value, id);
    return id;
  }

  #intern(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.#ids.size;
    this.#ids.set(text, id);
    return id;
  }

  #text(value: object): string {
    if (value instanceof Uint8Array) return `bytes ${String.fromCharCode(...value)}`;
    if (Array.isArray(value)) return `list ${value.map((item) => this.id(item)).join()}`;
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    fields.sort(([a], [b]) => (a < b ? -1 : 1));
    return `fields ${fields.map(([name, field]) => `${name}=${this.id(field)}`).join()}`;
  }
}
