/** Longest side of a thumbnail, in pixels. */
const THUMBNAIL_SIZE = 320;

/** What the server takes. Another kind is left out, even where this browser could read it. */
const KINDS = ['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif'];

/** SHA-256 of a picture's bytes, in hex. */
export async function hashOf(image: Blob): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await image.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A small JPEG of the picture, or null when it is none that can be imported. */
export async function thumbnailOf(image: Blob): Promise<Blob | null> {
  const bitmap = KINDS.includes(image.type) ? await decode(image) : null;
  if (!bitmap) return null;
  const scale = Math.min(1, THUMBNAIL_SIZE / Math.max(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(Math.max(1, bitmap.width * scale), Math.max(1, bitmap.height * scale));
  const pen = canvas.getContext('2d');
  if (!pen) throw new Error('This browser gives workers no 2d canvas.');
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 });
}

async function decode(image: Blob): Promise<ImageBitmap | null> {
  try {
    return await createImageBitmap(image);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'InvalidStateError') return null;
    throw error;
  }
}
