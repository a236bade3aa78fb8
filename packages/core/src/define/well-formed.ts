/** Stores write ids and labels as UTF-8, which has no lone surrogates. */
export function isWellFormed(text: string): boolean {
  try {
    encodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
