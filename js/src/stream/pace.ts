/** How many parts a second come, of late. */
const WINDOW_MS = 3000;

export class Pace {
  #samples: [at: number, parts: number][] = [];

  /** `parts` have come by `at`, in ms. */
  note(at: number, parts: number): void {
    const last = this.#samples.at(-1);
    // The first count, and one that goes back, say nothing about the pace.
    if (last && parts < last[1]) this.#samples = [];
    if (last && last[0] === at) last[1] = parts;
    else this.#samples.push([at, parts]);
    // One sample from before the window stays, as its beginning.
    while (this.#samples.length > 2 && (this.#samples[1]?.[0] ?? at) < at - WINDOW_MS) this.#samples.shift();
  }

  /** Parts per second at `at`; 0 while nothing comes. */
  rate(at: number): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || last === first || at - last[0] > WINDOW_MS) return 0;
    return ((last[1] - first[1]) / Math.max(at - first[0], 250)) * 1000;
  }
}
