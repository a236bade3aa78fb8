import { type BrowserContext, expect, type Page } from '@playwright/test';

/** A line of the page's list of checkpoints. */
export interface Checkpoint {
  readonly seq: number;
  readonly kind: string;
  readonly name: string;
  readonly outcome: string;
}

/** Rows of the app's own database, in the order in which they were added. */
export interface KeptAlbum {
  readonly albums: readonly { readonly id: string; readonly approvedBy: string }[];
  readonly photos: readonly { readonly album: string; readonly name: string; readonly original: string }[];
}

/** The demo's page in one tab, as a person uses it. */
export class ImportPage {
  readonly page: Page;
  /** What the page or its worker complained of; a request that failed is no complaint. */
  readonly complaints: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      const text = message.text();
      if (message.type() === 'error' && !text.startsWith('Failed to load resource')) this.complaints.push(text);
    });
  }

  /** Opens it in a new tab. */
  static async open(context: BrowserContext, url: string): Promise<ImportPage> {
    const tab = new ImportPage(await context.newPage());
    await tab.page.goto(url);
    return tab;
  }

  async takeBundledPhotos(): Promise<void> {
    await this.page.getByRole('button', { name: 'Take the 12 bundled photos' }).click();
  }

  async expectState(state: string): Promise<void> {
    await expect(this.page.locator(`#states [data-state="${state}"][aria-current="step"]`)).toBeVisible();
  }

  async expectOwnership(ownership: 'owner' | 'standby'): Promise<void> {
    await expect(this.page.locator('#ownership')).toHaveText(`this tab: ${ownership}`);
  }

  async approve(name = 'Ann'): Promise<void> {
    await this.page.getByLabel('Your name').fill(name);
    await this.page.getByRole('button', { name: 'Approve and publish' }).click();
  }

  /** Waits for the album, all of its pictures loaded from the server. */
  async expectPublished(): Promise<void> {
    const pictures = this.page.locator('#album-photos img');
    await expect(pictures).toHaveCount(12, { timeout: 60_000 });
    for (const picture of await pictures.all()) {
      await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(320);
    }
  }

  async albumId(): Promise<string> {
    const id = await this.page.evaluate(() => localStorage.getItem('photo-import.shown-last'));
    if (id === null) throw new Error('The page shows no import.');
    return id;
  }

  /** What the app's own database holds of albums, as it is stored; of their photos without the keys that it gave them. */
  async keptAlbum(): Promise<KeptAlbum> {
    return this.page.evaluate(async () => {
      const done = <T>(request: IDBRequest<T>) =>
        new Promise<T>((resolve, reject) => {
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
      const db = await done(indexedDB.open('photo-import'));
      const tables = db.transaction(['albums', 'photos']);
      const [albums, photos] = await Promise.all([
        done<KeptAlbum['albums'][number][]>(tables.objectStore('albums').getAll()),
        done<(KeptAlbum['photos'][number] & { key: number })[]>(tables.objectStore('photos').getAll()),
      ]);
      db.close();
      return { albums, photos: photos.map(({ key, ...photo }) => photo) };
    });
  }

  /** Oldest first, as the run's history has them. */
  async checkpoints(): Promise<Checkpoint[]> {
    const newestFirst = await this.page.locator('#history li:not(.takeover)').evaluateAll((lines) =>
      lines.map((line) => {
        const [seq, kind = '', name = '', outcome = ''] = Array.from(
          line.children,
          ({ textContent }) => textContent ?? '',
        );
        return { seq: Number(seq), kind, name, outcome };
      }),
    );
    return newestFirst.reverse();
  }
}
