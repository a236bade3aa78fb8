/** A photo as a person gave it. */
export interface Photo {
  readonly name: string;
  readonly image: Blob;
}

/** How a photo is called in the names of its steps: two digits or more, so that steps sort as their photos do. */
export function numberOf(index: number): string {
  return String(index + 1).padStart(2, '0');
}
