const DIGITS = 8;
const SEGMENT = /^(\d{8,})-(\d{8,})\.log$/;
const DRAFT = /^(?:(\d{8,})-\d{8,}\.log|owner\.(\d{8,})\.[0-9a-f-]{36})\.tmp$/;
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

/** What a crash of owners up to that epoch left of segments and owner files among the files of a directory. */
export function draftsIn(files: readonly string[], upTo = Number.POSITIVE_INFINITY): string[] {
  return files.filter((file) => {
    const [, segment, owner] = DRAFT.exec(file) ?? [];
    return Number(segment ?? owner) <= upTo;
  });
}
