const DIGITS = 8;
const SEGMENT = /^(\d{8,})-(\d{8,})\.log$/;
const INDEX = /^(\d{8,}-\d{8,})\.index$/;
const DRAFT = /^(?:(\d{8,})-\d{8,}\.log|owner\.(\d{8,})\.[0-9a-f-]{36}|\d{8,}-\d{8,}\.index\.(\d{8,}))\.tmp$/;
const OWNER = /^owner\.(\d{8,})$/;

const digits = (value: number) => String(value).padStart(DIGITS, '0');

/** A segment's place in the order of all segments: the epoch that wrote it, and its number in that epoch. */
export interface SegmentName {
  readonly epoch: number;
  readonly part: number;
}

/** Name of a segment file, `<epoch>-<part>.log`. */
export function segmentFile({ epoch, part }: SegmentName): string {
  return `${digits(epoch)}-${digits(part)}.log`;
}

/** Name of an owner file, `owner.<epoch>`. */
export function ownerFile(epoch: number): string {
  return `owner.${digits(epoch)}`;
}

/** The segments among the files of a directory, oldest first. Other files are nobody's business here. */
export function segmentsIn(files: readonly string[]): SegmentName[] {
  const names = files.flatMap((file) => {
    const found = SEGMENT.exec(file);
    return found ? [{ epoch: Number(found[1]), part: Number(found[2]) }] : [];
  });
  return names.sort((a, b) => a.epoch - b.epoch || a.part - b.part);
}

/** Whether the segment of one name comes before that of another. */
export function isOlder(file: string, other: string): boolean {
  const [a, b] = [segmentsIn([file])[0], segmentsIn([other])[0]];
  return a !== undefined && b !== undefined && (a.epoch < b.epoch || (a.epoch === b.epoch && a.part < b.part));
}

/** The epochs of the owner files of a directory, oldest first. */
export function ownersIn(files: readonly string[]): number[] {
  const epochs = files.flatMap((file) => {
    const found = OWNER.exec(file);
    return found ? [Number(found[1])] : [];
  });
  return epochs.sort((a, b) => a - b);
}

/** Name under which a segment is written before it counts. */
export function draftFile(name: SegmentName): string {
  return `${segmentFile(name)}.tmp`;
}

/** Name of the index of a segment, `<epoch>-<part>.index`. */
export function indexFile(segment: string): string {
  return segment.replace(/\.log$/, '.index');
}

/** Name under which an owner of that epoch writes an index. */
export function indexDraft(segment: string, epoch: number): string {
  return `${indexFile(segment)}.${digits(epoch)}.tmp`;
}

/** The indexes among the files of a directory: of each the segment that it is named after. */
export function indexedIn(files: readonly string[]): string[] {
  return files.flatMap((file) => {
    const [, segment] = INDEX.exec(file) ?? [];
    return segment === undefined ? [] : `${segment}.log`;
  });
}

/** What a crash of owners up to that epoch left of segments, indexes and owner files among the files of a directory. */
export function draftsIn(files: readonly string[], upTo = Number.POSITIVE_INFINITY): string[] {
  return files.filter((file) => {
    const [, ...epochs] = DRAFT.exec(file) ?? [];
    return Number(epochs.find((epoch) => epoch !== undefined)) <= upTo;
  });
}
