/** The time between two snapshots of one subject, all by one writer, while changes kept coming. */
export interface Interval {
  readonly subject: string;
  /** Of the snapshot that ended it; of the last change where none did. */
  readonly sequence: number;
  readonly lengthUs: number;
  /** The longest time without a change in it. */
  readonly silenceUs: number;
}

/** A snapshot that is due comes with the next change; half an interval more is no delay any more, one is missing. */
const LATE = 1.5;
const KEPT_A_SUBJECT = 8;
/** Fewer say nothing about how often snapshots are written. */
const LEAST_INTERVALS = 3;
/** Of one subject, for the rhythm of its feed. */
const LENGTHS_A_SUBJECT = 64;

/**
 * One subject's snapshots in time. A periodic snapshot that is gone leaves no hole in the ids, only in the rhythm, and a
 * rhythm can be told only where one writer alone kept it.
 */
export class Cadence {
  readonly #subject: string;
  #writer: string | undefined;
  #startUs = 0;
  #lastUs = 0;
  #silenceUs = 0;
  #sequence = 0;
  readonly longest: Interval[] = [];
  /** Of the first finished ones. */
  readonly lengthsUs: number[] = [];
  /** Whose rhythm it is: the first part of the writer's name. */
  feed = '';

  constructor(subject: string) {
    this.#subject = subject;
  }

  delta(writer: string, sequence: number, receiveTimeUs: number): void {
    if (this.#writer === undefined) return;
    if (writer !== this.#writer) {
      this.#writer = undefined;
      return;
    }
    this.#silenceUs = Math.max(this.#silenceUs, receiveTimeUs - this.#lastUs);
    this.#lastUs = Math.max(this.#lastUs, receiveTimeUs);
    this.#sequence = sequence;
  }

  /** `continues`: at the very id that the changes had reached. */
  snapshot(writer: string, sequence: number, continues: boolean, receiveTimeUs: number): void {
    if (continues && writer === this.#writer) {
      this.#sequence = sequence;
      const lengthUs = this.#lastUs - this.#startUs;
      this.feed = writer.slice(0, Math.max(0, writer.indexOf('/')));
      if (this.lengthsUs.length < LENGTHS_A_SUBJECT) this.lengthsUs.push(lengthUs);
      this.#keep();
    }
    this.#writer = writer;
    this.#startUs = continues ? Math.max(this.#lastUs, receiveTimeUs) : receiveTimeUs;
    this.#lastUs = this.#startUs;
    this.#silenceUs = 0;
  }

  broken(): void {
    this.#writer = undefined;
  }

  end(): void {
    if (this.#writer !== undefined) this.#keep();
  }

  #keep(): void {
    const lengthUs = this.#lastUs - this.#startUs;
    this.longest.push({
      subject: this.#subject,
      sequence: this.#sequence,
      lengthUs,
      silenceUs: this.#silenceUs,
    });
    if (this.longest.length <= KEPT_A_SUBJECT) return;
    this.longest.sort((a, b) => b.lengthUs - a.lengthUs);
    this.longest.pop();
  }
}

/**
 * Intervals in which a snapshot is missing. `everyUs` undefined: how often one is due is told by the middle interval of the
 * same feed; a book that came to know more levels gets one between two that are due, so the shortest would not do.
 */
export function lateIntervals(all: Iterable<Cadence>, everyUs: number | undefined): readonly Interval[] {
  const byFeed = new Map<string, Cadence[]>();
  for (const cadence of all) {
    const known = byFeed.get(cadence.feed);
    if (known === undefined) byFeed.set(cadence.feed, [cadence]);
    else known.push(cadence);
  }
  return [...byFeed.values()].flatMap((cadences) => {
    const lengthsUs = cadences.flatMap((cadence) => cadence.lengthsUs).sort((a, b) => a - b);
    const middle = lengthsUs[Math.floor(lengthsUs.length / 2)] ?? Infinity;
    const due = everyUs ?? (lengthsUs.length >= LEAST_INTERVALS ? middle : Infinity);
    return cadences
      .flatMap(({ longest }) => longest)
      .filter(({ lengthUs, silenceUs }) => lengthUs - silenceUs > due * LATE);
  });
}
