/**
 * A bounds-checked cursor over untrusted bytes. Reading past the end never throws: it marks the
 * reader as failed and gives zeroes, so a decoder reads its whole layout and asks once, at the end.
 */

const none: Uint8Array = new Uint8Array(0);

export class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;
  #failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  #take(count: number): number {
    const at = this.#offset;
    if (this.#failed || at + count > this.#bytes.length) {
      this.#failed = true;
      return -1;
    }
    this.#offset = at + count;
    return at;
  }

  u8(): number {
    const at = this.#take(1);
    return at < 0 ? 0 : (this.#bytes[at] as number);
  }

  u16(): number {
    const at = this.#take(2);
    return at < 0 ? 0 : ((this.#bytes[at] as number) << 8) | (this.#bytes[at + 1] as number);
  }

  u32(): number {
    const at = this.#take(4);
    if (at < 0) return 0;
    const b = this.#bytes;
    return (
      ((b[at] as number) * 0x1000000 +
        (((b[at + 1] as number) << 16) | ((b[at + 2] as number) << 8) | (b[at + 3] as number))) >>>
      0
    );
  }

  /** A view of the next `count` bytes, not a copy; empty after a failure. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return at < 0 ? none : this.#bytes.subarray(at, at + count);
  }

  /** A view of the bytes from `start` to the cursor. */
  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.#offset);
  }

  /** Gives up: what was read so far breaks a bound. */
  fail(): void {
    this.#failed = true;
  }

  get offset(): number {
    return this.#offset;
  }

  get failed(): boolean {
    return this.#failed;
  }

  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  /** True when every read was within bounds and no byte is left over. */
  get done(): boolean {
    return !this.#failed && this.#offset === this.#bytes.length;
  }
}
