import type { StreamName } from '../../../contract/feed.ts';
import { decodeSegment, encodeRecord, type SegmentContent, type SpilledRecord } from './format.ts';
import type { SegmentFile, SpillFiles } from './files.ts';

/** Records of one subject that never came back from disk. */
export interface LostRecords {
  readonly subject: string;
  readonly isGap: boolean;
  readonly stream: StreamName;
  readonly count: number;
}

/** One file of the log: it grows, is sealed, is read once, and goes when every record of it is resolved. */
export class Segment {
  readonly number: number;
  readonly #files: SpillFiles;
  /** Entries that are not in the file yet; read from here if the disk fails. */
  #unwritten: Uint8Array[] = [];
  #writtenBytes = 0;
  #file: SegmentFile | undefined;
  #writing: Promise<void> = Promise.resolve();
  #bytes = 0;
  /** Records to be read back, by subject. */
  readonly #unread = new Map<string, { isGap: boolean; stream: StreamName; count: number }>();
  #unreadCount = 0;
  /** Records that are in memory too. */
  #unresolved = 0;
  oldestMs = Infinity;
  sealed = false;
  /** Left by an earlier process, which may have stored some of it. */
  recovered = false;

  constructor(number: number, files: SpillFiles, begin: Uint8Array) {
    this.number = number;
    this.#files = files;
    if (begin.byteLength > 0) this.#append(begin);
  }

  /** What an earlier process left behind. */
  static found(number: number, files: SpillFiles, bytes: number, content: SegmentContent): Segment {
    const segment = new Segment(number, files, new Uint8Array(0));
    segment.#bytes = bytes;
    segment.#writtenBytes = bytes;
    segment.sealed = true;
    segment.recovered = true;
    for (const record of content.records) segment.#note(record);
    return segment;
  }

  get bytes(): number {
    return this.#bytes;
  }
  get unwrittenBytes(): number {
    return this.#bytes - this.#writtenBytes;
  }
  get unread(): number {
    return this.#unreadCount;
  }
  /** Nothing of it is needed any more. */
  get done(): boolean {
    return this.sealed && this.#unreadCount === 0 && this.#unresolved === 0;
  }

  /** `inMemory`: the record stays queued there, the file only keeps it safe. */
  add(spilled: SpilledRecord, inMemory: boolean): void {
    this.#append(encodeRecord(spilled));
    this.oldestMs = Math.min(this.oldestMs, spilled.pushedMs);
    if (inMemory) this.#unresolved += 1;
    else this.#note(spilled);
  }

  /** Read back into memory. */
  taken({ record: { subject } }: SpilledRecord): void {
    const unread = this.#unread.get(subject);
    if (unread === undefined) return;
    unread.count -= 1;
    if (unread.count === 0) this.#unread.delete(subject);
    this.#unreadCount -= 1;
    this.#unresolved += 1;
  }

  resolved(): void {
    this.#unresolved -= 1;
  }

  /** Gives up what was not read back. */
  drop(): readonly LostRecords[] {
    const lost = [...this.#unread].map(([subject, unread]) => ({ subject, ...unread }));
    this.#unread.clear();
    this.#unreadCount = 0;
    return lost;
  }

  /** Everything up to now is in the file afterwards; a rejection leaves it to be written again. */
  flush(): Promise<void> {
    this.#writing = this.#write();
    return this.#writing;
  }

  async #write(): Promise<void> {
    if (this.#unwritten.length > 0) {
      this.#file ??= await this.#files.create(this.number);
      const batch = Buffer.concat(this.#unwritten);
      const taken = this.#unwritten.length;
      await this.#file.write(batch, this.#writtenBytes);
      this.#writtenBytes += batch.byteLength;
      this.#unwritten = this.#unwritten.slice(taken);
    }
    if (this.sealed && this.#unwritten.length === 0) await this.close();
  }

  async read(): Promise<SegmentContent> {
    // Both as of now: a write may end while the file is read.
    const [writtenBytes, unwritten] = [this.#writtenBytes, this.#unwritten];
    const file = writtenBytes === 0 ? new Uint8Array(0) : await this.#files.read(this.number);
    return decodeSegment(Buffer.concat([file.subarray(0, writtenBytes), ...unwritten]));
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async remove(): Promise<void> {
    this.#unwritten = [];
    // A file that is being made would stay behind.
    await this.#writing.catch(() => undefined);
    await this.close();
    await this.#files.remove(this.number);
  }

  #append(entry: Uint8Array): void {
    this.#unwritten.push(entry);
    this.#bytes += entry.byteLength;
  }

  #note({ record: { subject, stream }, isGap, pushedMs }: SpilledRecord): void {
    this.oldestMs = Math.min(this.oldestMs, pushedMs);
    const unread = this.#unread.get(subject);
    if (unread === undefined) this.#unread.set(subject, { isGap, stream, count: 1 });
    else unread.count += 1;
    this.#unreadCount += 1;
  }
}
